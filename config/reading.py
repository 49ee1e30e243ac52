"""Whether what a client sent can be read at all, asked before anything else looks at it."""

import codecs
from io import BytesIO

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser

from accounts.requests import is_larger

FORM, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"


def check_readable(request: HttpRequest) -> None:
    """Read the query, and a form that is small enough, of whatever method and for whatever address.

    Raises BadRequest, MultiPartParserError or a SuspiciousOperation, each of which is answered with 400, for
    parameters that cannot be read. A large body is left to the endpoint that takes such: it is not read before we
    know who sends it.
    """
    charset = (request.content_params or {}).get("charset", "")
    # What a body is written in says nothing about the query, which is UTF-8 always.
    request.encoding = "utf-8"
    _ = request.GET
    if request.content_type in (FORM, MULTIPART, JSON):
        _check_charset(charset)
    if is_larger(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
        return
    if request.content_type in (FORM, MULTIPART) and request.method == "POST":
        # Kept as it came too, for the API reads it in its own way.
        _ = request.body
        _ = request.POST
    elif request.content_type == FORM:
        QueryDict(request.body, encoding="utf-8")
    elif request.content_type == MULTIPART:
        MultiPartParser(request.META, BytesIO(request.body), [], "utf-8").parse()


def _check_charset(charset: str) -> None:
    """Raise BadRequest for a form in anything but UTF-8: a "<" could hide in it from whoever looks for one."""
    try:
        known = codecs.lookup(charset.strip("'\" ") or "utf-8").name
    except (LookupError, ValueError):
        known = ""
    if known != "utf-8":
        raise BadRequest("Only UTF-8 is read.")
