"""How a path becomes an endpoint: a plain function for each method takes a Call and gives what to render."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.parameters import Parameters, parameters, reads_files
from accounts.errors import NotAllowed
from accounts.models import Account, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.web.client_network import network_of
from accounts.web.requests import is_larger

Body = Mapping[str, Any] | list[dict[str, Any]]
Handler = TypeVar("Handler", bound=Callable[..., Any])


class ApiRequest:
    """One request to the API: who asks, and with what."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.headers: dict[str, str] = {}

    @property
    def user(self) -> User:
        """The token's owner. Raises NotAuthenticated when there is none."""
        if isinstance(self.request.user, User):
            return self.request.user
        raise NotAuthenticated

    @property
    def user_or_nobody(self) -> User | None:
        return self.request.user if isinstance(self.request.user, User) else None

    @property
    def params(self) -> Parameters:
        """The parameters, wherever in the request they stood."""
        return parameters(self.request)

    @cached_property
    def include(self) -> frozenset[str]:
        """The `include[]` parameter."""
        return frozenset(self.params.texts("include"))

    @cached_property
    def root(self) -> Account:
        """The institution."""
        return Account.objects.root()

    @property
    def root_id(self) -> int:
        """The id of the institution's root account: it comes with the caller."""
        return self.user.root_account_id  # type: ignore[attr-defined]

    @cached_property
    def keys(self) -> frozenset[Permission]:
        """The caller's permissions on the institution."""
        return account_permissions(self.user, self.root)

    @property
    def network(self) -> str:
        """Where the request comes from, for the limits."""
        return network_of(self.request._request)

    def address(self, path: str) -> str:
        """`path` as an absolute address, on the host and by the scheme that the client used."""
        return f"{self.request.scheme}://{self.request.get_host()}{quote(path, safe='/:@~!')}"


def allow(allowed: bool) -> None:
    """Go on, or raise NotAllowed."""
    if not allowed:
        raise NotAllowed


def public(handler: Handler) -> Handler:
    """Mark a handler as answering also those who have not signed in; every other one wants a token."""
    handler.public = True  # type: ignore[attr-defined]
    return handler


def takes_files(handler: Handler) -> Handler:
    """Mark a handler or a page as reading uploads piece by piece, once it knows who sends; it sees to the limit."""
    handler.takes_files = True  # type: ignore[attr-defined]
    return handler


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "This request is too large."


def check_size(request: Request, most: int) -> None:
    """Raise TooLarge for a request whose body has more than `most` bytes."""
    if is_larger(request._request, most):
        raise TooLarge


class Endpoint(APIView):
    """What all endpoints share. Whether one must have signed in is asked in `_answering`."""

    permission_classes = ()
    metadata_class = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # The framework's parsers read the body past Django's own limit.
        if not reads_files(request):
            check_size(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)
        super().initial(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        # Names of children, and now and then a code, stand in these answers.
        response.headers["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)


def methods(**handlers: Callable[..., Body | HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view that answers with the handler of the request's method: `methods(GET=show, PUT=change)`.

    A handler is called with the Call and the ids in the path, and returns what to render or a whole response.
    """
    answers = {name.lower(): _answering(handler) for name, handler in handlers.items()}
    made: type[Endpoint] = type("Endpoint", (Endpoint,), answers)
    view = made.as_view()
    return takes_files(view) if any(getattr(each, "takes_files", False) for each in handlers.values()) else view


def _answering(handler: Callable[..., Body | HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    def answer(_view: Endpoint, request: Request, **ids: str) -> HttpResponseBase:
        call = ApiRequest(request)
        if not getattr(handler, "public", False) and call.user_or_nobody is None:
            raise NotAuthenticated
        found = handler(call, **ids)
        response = found if isinstance(found, HttpResponseBase) else Response(found)
        for name, value in call.headers.items():
            response.headers[name] = value
        return response

    answer.takes_files = getattr(handler, "takes_files", False)  # type: ignore[attr-defined]
    return answer
