"""Refusals in Canvas's words: the exception handler of the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated, NotFound
from rest_framework.exceptions import PermissionDenied as DeniedByFramework
from rest_framework.response import Response

from accounts.api.authentication import REALM
from accounts.api.field_names import name_of
from accounts.errors import Invalid, NotAllowed, Refused, TooManyTries
from accounts.web.refusals import headers_of, statuses_of


class InvalidActing(APIException):
    """`as_user_id` names nobody, or a person the caller may not act as: Canvas does not say which."""

    status_code = 401


NOT_AUTHORIZED = "user not authorized to perform that action"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an error raised in an endpoint; None for a fault of our own (500)."""
    match error:
        case Refused():
            return _refusal(error)
        case NotAuthenticated():
            body = {"status": "unauthenticated", **error_body("user authorization required")}
            return Response(body, 401, headers={"WWW-Authenticate": REALM})
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


def _refusal(refusal: Refused) -> Response:
    headers = headers_of(refusal)
    body: dict[str, Any] = error_body(refusal.message)
    if isinstance(refusal, Invalid):
        body = {"errors": by_field(refusal)}
    elif isinstance(refusal, NotAllowed):
        body = {"status": "unauthorized", **error_body(refusal.message or NOT_AUTHORIZED)}
    elif isinstance(refusal, TooManyTries):
        headers["X-Rate-Limit-Remaining"] = "0.0"
    return Response(body, statuses_of(refusal).api, headers=headers)


def error_body(text: str) -> dict[str, list[dict[str, str]]]:
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
