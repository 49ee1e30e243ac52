"""POST accounts/:id/sis_imports: the ways in which an upload and its options come."""

from __future__ import annotations

from typing import IO, NamedTuple

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from rest_framework.response import Response

from accounts.api.endpoints import ApiRequest, check_size
from accounts.api.parameters import Parameters, query_parameters
from courses.api import lookups
from sis.options import Options

ENDINGS = {"application/zip": "zip", "text/csv": "csv", "text/plain": "csv", "text/xml": "xml"}
FLAGS = (
    *("batch_mode", "multi_term_batch_mode", "skip_deletes", "override_sis_stickiness", "add_sis_stickiness"),
    *("clear_sis_stickiness", "update_sis_id_if_login_claimed", "diffing_remaster_data_set"),
    # Ours.
    *("dry_run", "ignore_deletion_brake"),
)
TEXTS = ("diffing_data_set_identifier",)
WORDS = ("diffing_drop_status", "diffing_user_remove_status", "batch_mode_enrollment_drop_status")
NUMBERS = ("change_threshold", "diff_row_count_threshold")


class Received(NamedTuple):
    """An upload, its name and its parameters."""

    upload: IO[bytes]
    name: str
    given: Parameters


class Unreadable(Exception):
    """The request holds no upload that can be taken; `answer` says why."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


def received(call: ApiRequest) -> Received:
    """The upload of a request: a multipart file `attachment`, or the body itself.

    Raises Unreadable, TooLarge, and Invalid for a person to act as who is named in the body.
    """
    request = call.request
    check_size(request, settings.SIS_LARGEST_UPLOAD)
    kind, charset = _content_type(call)
    if kind == "multipart/form-data":
        given = call.params
        attachment = request.FILES.get("attachment")
        if not isinstance(attachment, UploadedFile) or attachment.file is None:
            raise Unreadable(_message(_("Please send the file as “attachment”.")))
        return Received(attachment.file, attachment.name or "sis_import.zip", given)
    if charset not in ("", "utf-8", "utf8"):
        error = _("Please send the file as UTF-8, not as %(charset)s.") % {"charset": charset[:40]}
        raise Unreadable(Response({"error": error}, 400))
    if kind == "application/json":
        raise Unreadable(_message(_("Please send the file itself: as “attachment”, or as the body.")))
    given = query_parameters(request)
    ending = given.text("extension").strip().lower().lstrip(".") or ENDINGS.get(kind, "zip")
    if not (ending.isascii() and ending.isalnum() and len(ending) <= 10):
        raise Unreadable(_message(_("This is no extension of a file.")))
    return Received(request._request, f"sis_import.{ending}", given)  # type: ignore[arg-type]


def _content_type(call: ApiRequest) -> tuple[str, str]:
    kind, *more = call.request.META.get("CONTENT_TYPE", "").lower().split(";")
    charsets = [part.partition("=")[2].strip(" \"'") for part in more if part.strip().startswith("charset=")]
    return kind.strip(), charsets[0] if charsets else ""


def _message(text: str) -> Response:
    return Response({"message": text}, 400)


def options_of(given: Parameters) -> Options:
    """The options in the parameters. Raises Invalid, and Unreadable for another import_type or an unknown term."""
    if given.text("import_type", "instructure_csv") not in ("", "instructure_csv"):
        raise Unreadable(_message(_("The import_type must be instructure_csv.")))
    values: dict[str, object] = {key: given.flag(key) for key in FLAGS}
    values |= {key: given.text(key).strip() for key in TEXTS}
    values |= {key: given.whole(key) for key in NUMBERS}
    values |= {key: given.text(key).strip().lower() for key in WORDS if given.text(key).strip()}
    if values["batch_mode"] and (term := given.text("batch_mode_term_id").strip()):
        values["batch_mode_term_id"] = lookups.term(term).pk
    return Options(**values)  # type: ignore[arg-type]
