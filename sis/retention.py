"""How long what is kept of rosters (see accounts/domain/retention.py)."""

from __future__ import annotations

from accounts.domain.retention import Kept
from sis.account_reports import forget_reports
from sis.upload.storage import forget_changed_ids, forget_left_behind, forget_messages, forget_states, forget_uploads

KEPT = (
    Kept(
        "Uploaded roster files, without their passwords",
        ("sis.SisImport", "sis.RefusedRow", "sis.UploadPart"),
        "To view them and to compare the next file with them. The latest file of each data set "
        "stays until the next one. For every import, its date, its sender and its counts are "
        "kept for good.",
        days="SIS_KEEP_DAYS",
        after="the upload",
        forget=forget_uploads,
    ),
    Kept(
        "IDs that imports have changed",
        ("sis.ChangedId",),
        "Uploads of before mean records by the IDs of then. The IDs stay as long as such an upload is kept to be "
        "compared with the next.",
        days="SIS_KEEP_DAYS",
        after="the end of the import",
        forget=forget_changed_ids,
    ),
    Kept(
        "Sources of rosters: when they are expected, and why a file could not be taken",
        ("sis.RosterSource",),
        "To tell the admins that a roster has not come. The reason goes once the file could be taken.",
    ),
    Kept(
        "Whose turn it is to import, and to look into the inbox",
        ("sis.Turn",),
        "The machine and the process that had it last; no personal data.",
    ),
    Kept(
        "Incomplete uploads, and uploads left behind by an interruption",
        ("sis.SisImport",),
        "They may contain passwords.",
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
        "Reports that were asked for",
        ("sis.ProvisioningReport",),
        "Only what they are to have, so that scripts can come back for them. The files are not kept.",
        days="SIS_KEEP_DAYS",
        after="they were asked for",
        forget=forget_reports,
    ),
    Kept(
        "Previous states that imports changed",
        ("sis.StateChange",),
        "To undo an import.",
        days="SIS_KEEP_DAYS",
        after="the end of the import",
        forget=forget_states,
    ),
)
