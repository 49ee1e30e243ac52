"""How long what is kept of rosters (see accounts/domain/retention.py)."""

from __future__ import annotations

from accounts.domain.retention import Kept
from sis.upload.storage import forget_left_behind, forget_messages, forget_states, forget_uploads

KEPT = (
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
