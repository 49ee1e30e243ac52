"""Write what is kept for how long into docs/admin.md."""

from pathlib import Path

from django.conf import settings

from accounts.management.documents import WritesDocument
from sis.retention import written_into

FILE = settings.BASE_DIR / "docs" / "admin.md"


class Command(WritesDocument):
    help = "Write the table of what is kept for how long into docs/admin.md."
    name = "retention_table"

    def document(self) -> Path:
        return Path(FILE)

    def written(self, text: str) -> str:
        return written_into(text)
