"""Write what the code says of the API into docs/api.md."""

from pathlib import Path

from django.conf import settings

from accounts.api.reference import written_into
from accounts.management.documents import WritesDocument

FILE = settings.BASE_DIR / "docs" / "api.md"


class Command(WritesDocument):
    help = "Write the tables of calls and parameters into docs/api.md."
    name = "api_tables"

    def document(self) -> Path:
        return Path(FILE)

    def written(self, text: str) -> str:
        return written_into(text)
