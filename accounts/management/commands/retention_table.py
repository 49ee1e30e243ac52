"""Write what is kept for how long into docs/admin.md."""

import re
from pathlib import Path

from django.conf import settings

from accounts.domain.retention import Kept, all_kept
from accounts.management.documents import WritesDocument

FILE = settings.BASE_DIR / "docs" / "admin.md"
MARKED = re.compile(r"(<!-- what is kept -->\n).*?(<!-- end -->)", re.DOTALL)


class Command(WritesDocument):
    help = "Write the table of what is kept for how long into docs/admin.md."
    name = "retention_table"

    def document(self) -> Path:
        return Path(FILE)

    def written(self, text: str) -> str:
        return written_into(text)


def written_into(text: str) -> str:
    """Return the document with the table between its marks written anew."""
    return MARKED.sub(lambda found: f"{found[1]}\n{_table()}\n{found[2]}", text)


def _table() -> str:
    rows = [f"| {kind.what} | {_how_long(kind)} | {kind.why} |" for kind in all_kept()]
    return "\n".join(["| what | how long | why |", "|---|---|---|", *rows, ""])


def _how_long(kind: Kept) -> str:
    if kind.days is None:
        return "for good"
    if kind.days == 0:
        return f"until {kind.after}"
    days = f"`{kind.days}` days" if isinstance(kind.days, str) else "1 day" if kind.days == 1 else f"{kind.days} days"
    return f"{days} after {kind.after}"
