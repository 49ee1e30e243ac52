"""How long what is kept, of all apps; the table of it in docs/admin.md."""

from __future__ import annotations

import re

from accounts.domain import retention as of_accounts
from accounts.domain.retention import Kept
from courses.domain import retention as of_courses
from pairing.domain import retention as of_pairing
from sis.upload.storage import forget_left_behind, forget_messages, forget_states, forget_uploads

KEPT_OF_ROSTERS = (
    Kept(
        "Roster files that were uploaded, without the passwords in them",
        ("sis.SisImport",),
        "To be looked at, and compared with the next. The last of each data set stays until there is another; of every"
        " import it stays on record that it was, by whom, and its counts.",
        days="SIS_KEEP_DAYS",
        after="the upload",
        forget=forget_uploads,
    ),
    Kept(
        "Uploads that came only in part, or were left behind by an interruption",
        ("sis.SisImport",),
        "There may be passwords in them.",
        days=1,
        after="the upload",
        forget=forget_left_behind,
    ),
    Kept(
        "Messages of imports",
        ("sis.SisImportError",),
        "They name people.",
        days="SIS_KEEP_DAYS",
        after="the upload",
        forget=forget_messages,
    ),
    Kept(
        "States that imports changed",
        ("sis.StateChange",),
        "By them an import is taken back.",
        days="SIS_KEEP_DAYS",
        after="the end of the import",
        forget=forget_states,
    ),
)
EVERYTHING = (*of_accounts.KEPT, *of_pairing.KEPT, *KEPT_OF_ROSTERS, *of_courses.KEPT)

MARKED = re.compile(r"(<!-- what is kept -->\n).*?(<!-- end -->)", re.DOTALL)


def written_into(text: str) -> str:
    """The document with the table between its marks written anew."""
    return MARKED.sub(lambda found: f"{found[1]}\n{_table()}\n{found[2]}", text)


def _table() -> str:
    rows = [f"| {kind.what} | {_how_long(kind)} | {kind.why} |" for kind in EVERYTHING]
    return "\n".join(["| what | how long | why |", "|---|---|---|", *rows, ""])


def _how_long(kind: Kept) -> str:
    if kind.days is None:
        return "for good"
    if kind.days == 0:
        return f"until {kind.after}"
    days = f"`{kind.days}` days" if isinstance(kind.days, str) else "1 day" if kind.days == 1 else f"{kind.days} days"
    return f"{days} after {kind.after}"
