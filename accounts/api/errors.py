"""Refusals in Canvas's words: the exception handler of the API, and what Canvas calls the fields complained of."""

from __future__ import annotations

from math import ceil
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse, UnreadablePostError
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated, NotFound
from rest_framework.exceptions import PermissionDenied as DeniedByFramework
from rest_framework.response import Response

from accounts.api.authentication import REALM, TokenInAddress
from accounts.api.call_rate import RateLimitExceeded
from accounts.errors import Invalid, NotAllowed, NotThere, Record, Refused, TooManyTries
from accounts.web.refusals import headers_of, statuses_of


class Names(NamedTuple):
    """What stands before the name of a field of a record, and which fields have another name."""

    prefix: str = ""
    others: dict[str, str] = {}


# By the record that a refusal is about.
NAMES: dict[Record, Names] = {
    "": Names(),
    "account": Names("account.", {"account": "account_id"}),
    "admin": Names("", {"user": "user_id", "role": "role_id"}),
    "course": Names("course.", {"account": "account_id", "term": "term_id"}),
    "enrollment": Names("", {"user": "user_id", "section": "course_section_id", "student": "associated_user_id"}),
    "role": Names("", {"base_type": "base_role_type"}),
    "section": Names("course_section.", {"section": "course_section"}),
    "term": Names("enrollment_term."),
    "user": Names(
        "user.",
        {
            "login_id": "pseudonym.unique_id",
            "password": "pseudonym.password",
            "sis_user_id": "pseudonym.sis_user_id",
            "integration_id": "pseudonym.integration_id",
            "code": "pairing_code.code",
        },
    ),
}


def name_of(field: str, of: Record) -> str:
    """Return what Canvas calls a field, such as `pseudonym.unique_id` for the `login_id` of a user."""
    names = NAMES[of]
    return names.others.get(field, f"{names.prefix}{field}")


class InvalidActing(APIException):
    """`as_user_id` names nobody, or a person the caller may not act as: Canvas does not say which."""

    status_code = 401


NOT_AUTHORIZED = "user not authorized to perform that action"


def handle(error: Exception, context: dict[str, Any]) -> Response | HttpResponse | None:
    """Return the answer to an error raised in an endpoint; None for a fault of our own (500)."""
    match error:
        case RateLimitExceeded():
            return _told_to_wait(error)
        case Refused():
            return _refusal(error)
        case NotAuthenticated():
            body = {"status": "unauthenticated", **error_body("user authorization required")}
            return Response(body, 401, headers={"WWW-Authenticate": REALM})
        case TokenInAddress():
            return Response(error_body(str(error.detail)), 401, headers={"WWW-Authenticate": REALM})
        case AuthenticationFailed():
            return Response(error_body("Invalid access token."), 401, headers={"WWW-Authenticate": REALM})
        case InvalidActing():
            return Response({"errors": "Invalid as_user_id"}, 401)
        case PermissionDenied() | DeniedByFramework():
            return _refusal(NotAllowed())
        case Http404() | NotFound():
            return Response(error_body("The specified resource does not exist."), 404)
        case SuspiciousOperation() | UnreadablePostError():
            return Response(error_body("This request cannot be read."), 400)
        case APIException():
            return Response(error_body(str(error.detail)), error.status_code)
    return None


def _told_to_wait(error: RateLimitExceeded) -> HttpResponse:
    """Return Canvas's plain sentence, by whose beginning its clients know that they have to wait."""
    headers = {"X-Rate-Limit-Remaining": "0.0", "Retry-After": str(ceil(error.wait))}
    return HttpResponse("403 Forbidden (Rate Limit Exceeded)\n", "text/plain", 403, headers=headers)


def _refusal(refusal: Refused) -> Response:
    headers = headers_of(refusal)
    body: dict[str, Any] = error_body(refusal.message)
    match refusal:
        case NotAllowed():
            body = {"status": "unauthorized", **error_body(refusal.message or NOT_AUTHORIZED)}
        case NotThere():
            pass
        case Invalid():
            # Canvas's enrollments say why in `message`, others in `errors`: clients read one or the other.
            body = {"message": refusal.message, "errors": by_field(refusal)}
        case _:
            body["message"] = refusal.message
    if isinstance(refusal, TooManyTries):
        headers["X-Rate-Limit-Remaining"] = "0.0"
    return Response(body, statuses_of(refusal).api, headers=headers)


def error_body(text: str) -> dict[str, Any]:
    """Return a refusal in the shape that Canvas's clients read."""
    return {"errors": [{"message": text}]}


def by_field(refusal: Invalid) -> dict[str, list[dict[str, str]]]:
    """Return `{"user.name": [(kind, message)]}` as `{"user.name": [{"attribute": "name", "type": …, …}]}`."""
    named = ((name_of(field, refusal.of), complaints) for field, complaints in refusal.errors.items())
    return {
        name: [
            {"attribute": name.rpartition(".")[2], "type": kind, "message": str(message)}
            for kind, message in complaints
        ]
        for name, complaints in named
    }
