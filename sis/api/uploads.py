"""POST accounts/:id/sis_imports: the ways in which an upload and its options come."""

from __future__ import annotations

from typing import IO, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework.response import Response

from accounts.api.endpoints import ApiRequest, check_size
from accounts.api.parameter_types import File, Flag, Given, Id, Text, Whole, Word, not_served
from courses.api import lookups
from sis.options import DIFFING_DROP_STATUSES, DROP_STATUSES, USER_REMOVE_STATUSES, Options

ENDINGS = {"application/zip": "zip", "text/csv": "csv", "text/plain": "csv", "text/xml": "xml"}
ATTACHMENT = File("attachment", "The file, where the request is a form of several parts; else it is the body itself.")
EXTENSION = Text("extension", "Where the file is the body: its ending, such as `csv`; else its Content-Type says it.")
IMPORT_TYPE = Word("import_type", "The only type there is.", words=("instructure_csv",))
TERM = Id("batch_mode_term_id", "For batch mode: the term whose courses and enrollments the upload names completely.")
# Each is kept under its own name in sis/options.py.
OPTIONS = (
    Flag("batch_mode", "Remove what is in the term and not in the upload."),
    Flag("multi_term_batch_mode", "Batch mode for all terms of the upload's terms.csv."),
    Word("batch_mode_enrollment_drop_status", "What becomes of such enrollments.", words=DROP_STATUSES),
    Flag("skip_deletes", "Pass over rows that delete."),
    Flag("override_sis_stickiness", "Overwrite what people have changed by hand."),
    Flag("add_sis_stickiness", "Keep what this import writes from later imports."),
    Flag("clear_sis_stickiness", "Let later imports overwrite what this one writes."),
    Flag("update_sis_id_if_login_claimed", "Give the person who has a row's login the row's SIS id."),
    Whole("change_threshold", "For batch mode: stop when more than this percentage would be removed."),
    Text("diffing_data_set_identifier", "Compare with the upload before it under this name, and apply what differs."),
    Flag("diffing_remaster_data_set", "Apply all of it, and compare later uploads with it."),
    Word("diffing_drop_status", "What becomes of enrollments that are missing.", words=DIFFING_DROP_STATUSES),
    Word("diffing_user_remove_status", "What becomes of people who are missing.", words=USER_REMOVE_STATUSES),
    Whole("diff_row_count_threshold", "Apply nothing when more rows than this differ."),
    Flag("dry_run", "Keep nothing, and report what would happen. Not in Canvas."),
    Flag("ignore_deletion_brake", "Go on although much would be removed. Not in Canvas."),
)
NOT_OF_UPLOADS = not_served(gettext_noop("Send the file itself: as `attachment`, or as the body."), "pre_attachment")
PARAMETERS = (ATTACHMENT, EXTENSION, IMPORT_TYPE, TERM, *OPTIONS, *NOT_OF_UPLOADS)


class Received(NamedTuple):
    """An upload, its name and its parameters."""

    upload: IO[bytes]
    name: str
    given: Given


class Unreadable(Exception):
    """The request holds no upload that can be taken; `answer` says why."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


def received(call: ApiRequest) -> Received:
    """Return the upload of a request: a multipart file `attachment`, or the body itself.

    Raises Unreadable, TooLarge, and Invalid for a person to act as who is named in the body.
    """
    request = call.request
    check_size(request, settings.SIS_LARGEST_UPLOAD)
    kind, charset = _content_type(call)
    if kind == "multipart/form-data":
        given = call.params
        attachment = given[ATTACHMENT]
        if attachment is None or attachment.file is None:
            raise Unreadable(_message(_("Send the file as “attachment”.")))
        return Received(attachment.file, attachment.name or "sis_import.zip", given)
    if charset not in ("", "utf-8", "utf8"):
        error = _("Send the file as UTF-8, not as %(charset)s.") % {"charset": charset[:40]}
        raise Unreadable(Response({"error": error}, 400))
    if kind == "application/json":
        raise Unreadable(_message(_("Send the file itself, as “attachment” or as the request body.")))
    given = call.query_params
    ending = given[EXTENSION].strip().lower().lstrip(".") or ENDINGS.get(kind, "zip")
    if not (ending.isascii() and ending.isalnum() and len(ending) <= 10):
        raise Unreadable(_message(_("This is not a file extension.")))
    return Received(request._request, f"sis_import.{ending}", given)  # type: ignore[arg-type]


def _content_type(call: ApiRequest) -> tuple[str, str]:
    kind, *more = call.request.META.get("CONTENT_TYPE", "").lower().split(";")
    charsets = [part.partition("=")[2].strip(" \"'") for part in more if part.strip().startswith("charset=")]
    return kind.strip(), charsets[0] if charsets else ""


def _message(text: str) -> Response:
    return Response({"message": text}, 400)


def options_of(given: Given) -> Options:
    """Return the options in the parameters. Raises Invalid, and Http404 for a term that is not there."""
    # A word that is not given is left to what holds by default.
    words = {each.kept_as for each in OPTIONS if isinstance(each, Word)}
    values = {key: value for key, value in given.values(*OPTIONS).items() if value or key not in words}
    values["diffing_data_set_identifier"] = values["diffing_data_set_identifier"].strip()
    if values["batch_mode"] and (term := given[TERM].strip()):
        values["batch_mode_term_id"] = lookups.term(term).pk
    return Options(**values)
