"""What the API says of imports, with the keys that Canvas's clients read."""

from __future__ import annotations

from typing import Any, cast

from accounts.api.bodies import user_body
from accounts.api.endpoints import ApiRequest
from sis.api.body_types import ErrorBody, FileBody, ImportBody, ProgressBody
from sis.models import SisImport, SisImportError

MOST_MESSAGES = 24
PATH = "/api/v1/accounts/{account}/sis_imports/{pk}"
# A flag is null where it was not given; these are never null.
FLAGS = ("batch_mode", "override_sis_stickiness", "add_sis_stickiness", "clear_sis_stickiness")
ALWAYS = ("skip_deletes", "update_sis_id_if_login_claimed")
DATA = (
    *("import_type", "supplied_batches", "completed_importers", "running_immediately", "counts", "statistics"),
    *("downloadable_attachment_ids", "diffed_against_sis_batch_id", "error_message"),
)
VALUES = ("batch_mode_term_id", "change_threshold", "diff_row_count_threshold")


def import_body(sis_import: SisImport, request: ApiRequest, messages: list[SisImportError]) -> ImportBody:
    """Return an import; `messages` are the first of what it has to say."""
    options = sis_import.options
    body: dict[str, Any] = {
        "id": sis_import.pk,
        "created_at": sis_import.created_at,
        "started_at": sis_import.started_at,
        "ended_at": sis_import.ended_at,
        "updated_at": sis_import.updated_at,
        "account_id": sis_import.account_id,
        "progress": sis_import.progress,
        "workflow_state": sis_import.workflow_state,
        "data": {key: sis_import.data[key] for key in DATA if key in sis_import.data},
        "multi_term_batch_mode": options.get("multi_term_batch_mode") or None,
        "diffing_data_set_identifier": sis_import.diffing_data_set_identifier or None,
        "diffing_remaster": options.get("diffing_remaster_data_set") or None,
        "diffed_against_import_id": sis_import.diffed_against_id,
        "diffing_drop_status": options.get("diffing_drop_status"),
        "diffing_user_remove_status": options.get("diffing_user_remove_status"),
        "batch_mode_enrollment_drop_status": options.get("batch_mode_enrollment_drop_status"),
        **{key: options.get(key) or None for key in FLAGS},
        **{key: bool(options.get(key)) for key in ALWAYS},
        **{key: options.get(key) for key in VALUES},
    }
    if sis_import.user:
        body["user"] = user_body(sis_import.user, request.keys)
    if sis_import.diffing_data_set_identifier:
        body["diffing_threshold_exceeded"] = sis_import.diffing_threshold_exceeded
    if sis_import.options.get("dry_run"):
        body |= {"dry_run": True, "report": sis_import.report}
    if sis_import.has_ended:
        body |= _messages(sis_import, request, messages)
    if sis_import.stored_file:
        path = f"{PATH.format(account=sis_import.account_id, pk=sis_import.pk)}/upload"
        body["csv_attachments"] = [file_body(request, sis_import.pk, sis_import.file_name, path)]
    # Many keys are the names of options, which a literal could only repeat.
    return cast(ImportBody, body)


def _messages(sis_import: SisImport, request: ApiRequest, messages: list[SisImportError]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    totals = {True: sis_import.error_count, False: sis_import.warning_count}
    for failure, key in ((True, "processing_errors"), (False, "processing_warnings")):
        pairs = [[one.file, one.message] for one in messages if one.failure == failure][:MOST_MESSAGES]
        if totals[failure] > len(pairs) and pairs:
            more = totals[failure] - len(pairs)
            what = "errors" if failure else "warnings"
            pairs.append(["", f"There were {more} more {what}."])
        if pairs:
            body[key] = pairs
    if messages:
        path = f"{PATH.format(account=sis_import.account_id, pk=sis_import.pk)}/errors_attachment"
        name = f"sis_errors_attachment_{sis_import.pk}.csv"
        body["errors_attachment"] = file_body(request, sis_import.pk, name, path)
    return body


def file_body(request: ApiRequest, pk: int, name: str, path: str) -> FileBody:
    """Return a file to download, with the caller's token."""
    content = "application/zip" if name.lower().endswith(".zip") else "text/csv"
    return {
        "id": pk,
        "display_name": name,
        "filename": name,
        "content-type": content,
        "url": request.address(path),
        "upload_status": "success",
    }


def error_body(error: SisImportError) -> ErrorBody:
    """Return one message."""
    return {
        "sis_import_id": error.sis_import_id,
        "file": error.file,
        "message": error.message,
        "row_info": error.row_info or None,
        "row": error.row,
    }


def progress_body(sis_import: SisImport, request: ApiRequest) -> ProgressBody:
    """Return how far taking an import back has come."""
    percent = sis_import.restoring.get("progress", 0)
    running = sis_import.workflow_state == SisImport.State.RESTORING
    state = ("running" if percent else "queued") if running else "completed"
    return {
        "id": sis_import.pk,
        "context_id": sis_import.account_id,
        "context_type": "Account",
        "user_id": sis_import.restoring.get("by"),
        "tag": "sis_batch_state_restore",
        "completion": percent,
        "workflow_state": state,
        "created_at": sis_import.created_at,
        "updated_at": sis_import.updated_at,
        "message": None,
        "results": None,
        "url": request.address(f"/api/v1/progress/{sis_import.pk}"),
    }
