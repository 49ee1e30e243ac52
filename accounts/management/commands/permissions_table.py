"""Write the permissions as the code declares them into docs/permissions.md."""

from pathlib import Path

from django.conf import settings

from accounts.management.documents import WritesDocument
from accounts.permissions.docs import written_into

FILE = settings.BASE_DIR / "docs" / "permissions.md"


class Command(WritesDocument):
    help = "Write the table of defaults and the explanations of permissions into docs/permissions.md."
    name = "permissions_table"

    def document(self) -> Path:
        return Path(FILE)

    def written(self, text: str) -> str:
        return written_into(text)
