"""Write what observers see, as the code declares it, into docs/observers.md."""

from pathlib import Path

from django.conf import settings

from accounts.management.documents import WritesDocument
from courses.domain.observer_guide import written_into

FILE = settings.BASE_DIR / "docs" / "observers.md"


class Command(WritesDocument):
    help = "Write the table of what observers see, and its settings, into docs/observers.md."
    name = "observers_table"

    def document(self) -> Path:
        return Path(FILE)

    def written(self, text: str) -> str:
        return written_into(text)
