"""What is answered when a request fails before or outside of any view: a page, or JSON under /api.

Django's own handlers check the form's token first, and so fail once more over a form that cannot be read.
"""

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts.api.errors import NOT_AUTHORIZED, error_body
from accounts.errors import NotAllowed, Refused
from accounts.web.refusals import tell
from config.input_checks import UNREADABLE, check_form
from config.logs import request_id
from config.retries import is_out_of_order

RETRY_AFTER = 60


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, without the particulars: they may repeat what was sent."""
    return _answer(request, 400, _("This request cannot be read."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403, with what the refusal says."""
    return _answer(request, 403, NOT_AUTHORIZED, exception=str(exception))


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """Answer on a page what a rule refuses: the reason, with the status of its kind."""
    if isinstance(refusal, NotAllowed):
        return permission_denied(request, refusal)
    context = {"refusal": refusal, "back": _page_before(request)}
    return tell(HttpResponse(render_to_string("refused.html", context, request=request)), refusal)


def _page_before(request: HttpRequest) -> str:
    """Return the address of the page of ours from which a request came, or nothing."""
    address = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_ours else ""


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404; or 400 to a form that cannot be read, which no view was there to look at."""
    if request.resolver_match is None:
        try:
            check_form(request)
        except UNREADABLE as error:
            return bad_request(request, error)
    return _answer(request, 404, _("The specified resource does not exist."))


def too_large(request: HttpRequest) -> HttpResponse:
    """Answer 413 to a body that is larger than any form."""
    return _answer(request, 413, _("The request is too large."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; or 503 where the database is away, full, or open to readers only, for then it may go later.

    The pages need neither the request nor the database.
    """
    error = sys.exc_info()[1]
    if error is not None and is_out_of_order(error):
        status, message = 503, _("This is not available right now. Please try again in a minute.")
    else:
        status, message = 500, _("Something went wrong on our side.")
    if _is_api(request):
        body = {**error_body(message), "error_report_id": request_id.get()}
        response: HttpResponse = JsonResponse(body, status=status)
    else:
        response = HttpResponse(render_to_string(f"{status}.html", {"request_id": request_id.get()}), status=status)
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _answer(request: HttpRequest, status: int, message: str, **context: str) -> HttpResponse:
    if _is_api(request):
        return JsonResponse(error_body(message), status=status)
    return HttpResponse(render_to_string(f"{status}.html", context, request=request), status=status)


def _is_api(request: HttpRequest) -> bool:
    return f"{request.path_info}/".startswith("/api/")
