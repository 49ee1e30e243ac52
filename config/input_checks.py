"""Whether what a client sent can be read at all, asked before anything else looks at it."""

import codecs
from io import BytesIO

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from accounts.web.requests import is_larger

FORM, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"
# What Django answers with 400.
UNREADABLE = (BadRequest, MultiPartParserError, SuspiciousOperation)


def check_query(request: HttpRequest) -> None:
    """Read the query. Raises SuspiciousOperation for one that has too many parameters."""
    # What a body is written in says nothing about the query, which is UTF-8 always.
    request.encoding = "utf-8"
    _ = request.GET


def check_form(request: HttpRequest) -> None:
    """Read a form, sent by whatever method, unless it is too large.

    Raises BadRequest, MultiPartParserError or a SuspiciousOperation (UNREADABLE) for one that cannot be read.
    """
    if request.content_type not in (FORM, MULTIPART, JSON):
        return
    _check_charset((request.content_params or {}).get("charset", ""))
    if is_too_large(request):
        return
    # Kept as it came too, for the API reads it in its own way, and a request that is tried again once more.
    body = request.body
    if request.content_type == JSON:
        return
    if request.method == "POST":
        _ = request.POST
    elif request.content_type == FORM:
        QueryDict(body, encoding="utf-8")
    else:
        MultiPartParser(request.META, BytesIO(body), [], "utf-8").parse()


def is_too_large(request: HttpRequest) -> bool:
    """Return whether a body is larger than anything but an upload of a roster may be."""
    return is_larger(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)


def _check_charset(charset: str) -> None:
    """Raise BadRequest for a form in anything but UTF-8: a "<" could hide in it from whoever looks for one."""
    try:
        known = codecs.lookup(charset.strip("'\" ") or "utf-8").name
    except (LookupError, ValueError):
        known = ""
    if known != "utf-8":
        raise BadRequest("Only UTF-8 is read.")
