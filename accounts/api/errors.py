"""Refusals as Canvas words them: the exception handler of the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated, NotFound
from rest_framework.exceptions import PermissionDenied as DeniedByFramework
from rest_framework.response import Response

from accounts.api.authentication import REALM
from accounts.errors import Invalid, NotAllowed, Refused


class InvalidActing(APIException):
    """`as_user_id` names nobody, or somebody the caller may not act as: Canvas does not say which."""

    status_code = 401


NOT_AUTHORIZED = "user not authorized to perform that action"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an error raised in an endpoint; None for one that is a fault of ours (500)."""
    match error:
        case Invalid():
            return Response({"errors": by_field(error.errors)}, error.status)
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


def _refusal(error: Refused) -> Response:
    body: dict[str, Any] = error_body(error.message or NOT_AUTHORIZED)
    if error.status == NotAllowed.status:
        body = {"status": "unauthorized", **body}
    response = Response(body, error.status)
    if error.wait is not None:
        response.headers["Retry-After"] = str(error.wait)
        response.headers["X-Rate-Limit-Remaining"] = "0.0"
    return response


def error_body(text: str) -> dict[str, list[dict[str, str]]]:
    """A refusal in the shape that Canvas's clients read."""
    return {"errors": [{"message": text}]}


def by_field(errors: dict[str, list[tuple[str, Any]]]) -> dict[str, list[dict[str, str]]]:
    """`{"user.name": [(kind, message)]}` → `{"user.name": [{"attribute": "name", "type": …, …}]}`."""
    return {
        field: [
            {"attribute": field.rpartition(".")[2], "type": kind, "message": str(message)}
            for kind, message in complaints
        ]
        for field, complaints in errors.items()
    }
