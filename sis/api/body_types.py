"""The shapes of what the API says of imports: see accounts/api/body_types.py."""

# No postponed annotations here: Python 3.11 would not see which keys are NotRequired.
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from accounts.api.body_types import UserBody

# A name that Python cannot write.
FileBody = TypedDict(
    "FileBody",
    {
        "id": int,
        "display_name": str,
        "filename": str,
        "content-type": str,
        "url": str,
        "upload_status": str,
    },
)
FileBody.__doc__ = "A file to download, with the caller's token."


class ImportBody(TypedDict):
    """An import: what was asked for, how far it is, and what came of it."""

    id: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    updated_at: datetime
    account_id: int
    progress: int
    workflow_state: str
    data: dict[str, Any]
    batch_mode: bool | None
    batch_mode_term_id: int | None
    batch_mode_enrollment_drop_status: str | None
    multi_term_batch_mode: bool | None
    skip_deletes: bool
    override_sis_stickiness: bool | None
    add_sis_stickiness: bool | None
    clear_sis_stickiness: bool | None
    update_sis_id_if_login_claimed: bool
    change_threshold: int | None
    diffing_data_set_identifier: str | None
    diffing_remaster: bool | None
    diffed_against_import_id: int | None
    diffing_drop_status: str | None
    diffing_user_remove_status: str | None
    diff_row_count_threshold: int | None
    # Who sent it, where somebody did.
    user: NotRequired[UserBody]
    # With a data set's name.
    diffing_threshold_exceeded: NotRequired[bool]
    # Of a dry run.
    dry_run: NotRequired[bool]
    report: NotRequired[Any]
    # When it has ended: pairs of file and message, where there are any.
    processing_errors: NotRequired[list[list[str]]]
    processing_warnings: NotRequired[list[list[str]]]
    errors_attachment: NotRequired[FileBody]
    # While the upload is kept.
    csv_attachments: NotRequired[list[FileBody]]


class ImportsBody(TypedDict):
    """Imports, wrapped as Canvas wraps them."""

    sis_imports: list[ImportBody]


class SourceBody(TypedDict):
    """A source of rosters, when it last sent one and when the next is expected; null where none is."""

    key: str
    name: str
    last_import_id: int | None
    last_workflow_state: str | None
    last_arrived_at: datetime | None
    expected_hours: int | None
    expected_at: datetime | None
    late: bool
    problem: str | None


class SourcesBody(TypedDict):
    """The sources of rosters."""

    sis_sources: list[SourceBody]


class ErrorBody(TypedDict):
    """What an import had to say of one row."""

    sis_import_id: int
    file: str
    message: str
    row_info: str | None
    row: int | None


class ErrorsBody(TypedDict):
    """What imports had to say, wrapped as Canvas wraps it."""

    sis_import_errors: list[ErrorBody]


class AbortedBody(TypedDict):
    """That waiting imports were aborted."""

    aborted: bool


class ProgressBody(TypedDict):
    """How far something that takes a while has come."""

    id: int
    context_id: int
    context_type: str
    user_id: int | None
    tag: str
    completion: float
    workflow_state: str
    created_at: datetime
    updated_at: datetime
    message: None
    results: None
    url: str


class ReportBody(TypedDict):
    """A report that was asked for, and where its file is."""

    id: int
    report: str
    status: str
    progress: int
    current_line: None
    created_at: datetime
    started_at: datetime
    ended_at: datetime
    parameters: dict[str, bool]
    file_url: str
    attachment: FileBody


class KindOfReportBody(TypedDict):
    """A kind of report, with its parameters."""

    report: str
    title: str
    parameters: dict[str, Any]
    last_run: ReportBody | None
