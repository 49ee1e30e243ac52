"""Every endpoint of the API: which method on which path does what, each a plain function declared with all that it
reads.

The documentation and the OpenAPI schema read the same declarations.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, TypeVar, get_type_hints
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework import status
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import IN_QUERY
from accounts.api.call_rate import Charge
from accounts.api.parameter_types import Given, Includes, NotServed, Parameter, UndeclaredParameter
from accounts.api.parameters import Parameters, parameters, query_parameters, reads_files
from accounts.errors import NotAllowed
from accounts.models import Account, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.web.cache_headers import ASK_AGAIN
from accounts.web.requests import is_larger, network_of

PREFIX = "api/v1/"
PEOPLE = "A number, `self`, `sis_user_id:…`, `sis_login_id:…` or `sis_integration_id:…`."
# What may stand in a path. Every other id is a number.
IDS = {
    "account_id": "A number, `self` for the root account, `sis_account_id:…` or `sis_integration_id:…`.",
    "sub_account_id": "A number, `sis_account_id:…` or `sis_integration_id:…`.",
    "user_id": PEOPLE,
    "observee_id": PEOPLE,
    "observer_id": PEOPLE,
    "login_id": f"The person's id: {PEOPLE[0].lower()}{PEOPLE[1:]}",
    "course_id": "A number, `sis_course_id:…` or `sis_integration_id:…`.",
    "section_id": "A number, `sis_section_id:…` or `sis_integration_id:…`.",
    "term_id": "A number or `sis_term_id:…`.",
    "provider_id": "`canvas`.",
    "asset": "`course_…`, `user_…`, `account_…` or `group_…`, and a number.",
    "state": "`read` or `dismissed`.",
}
# What every call may answer besides 200, and what it means.
ALWAYS = {
    400: "The request cannot be read, or a value cannot be taken: `errors` lists what is wrong by field.",
    401: "There is no token, or it does not work; without WWW-Authenticate: `as_user_id` cannot be taken.",
    403: "The token's person may not do this.",
}
WITH_ID = {404: "There is nothing there, for this person."}
CHANGING = {
    413: "The request is too large.",
    422: "This cannot be done as things stand: the message says why.",
}


@dataclass(frozen=True)
class Call:
    """A method on a path, such as `GET` on `accounts/{account_id}/roles`, and what it does."""

    method: str
    path: str
    operation: Operation

    @property
    def ids(self) -> list[str]:
        """The names of the ids in the path."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def shown(self) -> str:
        """The call as Canvas's documentation writes it: `GET accounts/:account_id/roles`."""
        path = re.sub(r"\{(\w+)\}", r":\1", self.path)
        return f"{self.method} {path or '/'}"

    @property
    def name(self) -> str:
        """A name that no other call has, for links and generated clients: `get_accounts_account_id_roles`."""
        return "_".join([self.method.lower(), *re.findall(r"\w+", self.path)])

    @property
    def changes(self) -> bool:
        """Whether it is sent to change something."""
        return self.method != "GET"

    @property
    def takes(self) -> tuple[Parameter[object], ...]:
        """The parameters."""
        return self.operation.takes

    @property
    def refusals(self) -> dict[int, str]:
        """What it may answer besides 200, by status."""
        found = ALWAYS | (WITH_ID if self.ids else {}) | (CHANGING if self.changes else {})
        return dict(sorted({**found, **self.operation.refusals}.items()))


def every_call() -> list[Call]:
    """Return all calls, chapter by chapter, in the order of their addresses."""
    found = list(_calls(get_resolver()))
    groups = list(dict.fromkeys(call.operation.group for call in found))
    return sorted(found, key=lambda call: groups.index(call.operation.group))


def _calls(resolver: URLResolver, prefix: str = "") -> Iterator[Call]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _calls(entry, path)
        elif isinstance(entry, URLPattern) and f"{path}/".startswith(PREFIX) and path != PREFIX:
            shape = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"{path}/".removeprefix(PREFIX).rstrip("/"))
            operations: Mapping[str, Operation] = entry.callback.cls.operations  # type: ignore[attr-defined]
            yield from (Call(method, shape, operation) for method, operation in operations.items())


@dataclass(frozen=True, eq=False)
class Operation:
    """What an endpoint does for one method, with all that there is to know of it.

    `takes` are the parameters it reads; `refusals` what a status means, beyond what every call may answer; `produces`
    the kind of its answer. Its docstring says what it does, the annotation of what it returns how that looks.
    """

    handler: Callable[..., Any]
    group: str
    takes: tuple[Parameter[Any], ...] = ()
    refusals: Mapping[int, str] = field(default_factory=dict)
    public: bool = False
    takes_files: bool = False
    produces: str = "application/json"

    def __call__(self, request: ApiRequest, *ids: str, **named_ids: str) -> Any:
        return self.handler(request, *ids, **named_ids)

    @property
    def about(self) -> tuple[str, str]:
        """What it does in one sentence, and what else there is to know."""
        summary, _space, more = inspect.cleandoc(self.handler.__doc__ or "").partition("\n\n")
        return " ".join(summary.split()), " ".join(more.split())

    @property
    def body(self) -> Any:
        """The type of what it answers with."""
        return get_type_hints(self.handler)["return"]

    @property
    def includes(self) -> Includes:
        """Its `include[]` parameter. Raises UndeclaredParameter when it has none."""
        for parameter in self.takes:
            if isinstance(parameter, Includes):
                return parameter
        raise UndeclaredParameter("include[]")


def in_group(group: str) -> Callable[..., Callable[[Callable[..., Any]], Operation]]:
    """Return the decorator for the endpoints of one chapter of the documentation.

    `endpoint = in_group("Roles")`, and over a handler `@endpoint(LABEL, *PAGING, refusals={409: "…"})`. An endpoint is
    for people who have signed in, unless it is `public`.
    """

    def endpoint(*takes: Parameter[Any], **more: Any) -> Callable[[Callable[..., Any]], Operation]:
        return lambda handler: Operation(handler, group, takes, **more)

    return endpoint


class ApiRequest:
    """One request to the API: who asks, for what, and with what."""

    def __init__(self, request: Request, operation: Operation) -> None:
        self.request = request
        self.operation = operation
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
    def bag(self) -> Parameters:
        """All that was sent, declared or not."""
        return parameters(self.request)

    @cached_property
    def params(self) -> Given:
        """The parameters that the endpoint declares, wherever in the request they stood. Raises Invalid."""
        return Given(parameters(self.request), self.operation.takes)

    @cached_property
    def query_params(self) -> Given:
        """The same, of the query alone: for a request whose body is a file. Raises Invalid."""
        return Given(query_parameters(self.request), self.operation.takes)

    def refuse_what_is_not_served(self) -> None:
        """Raise Invalid for parameters of Canvas's that this endpoint does not serve, before anything is done.

        A large upload is not read for that: its endpoint reads the parameters once it knows who sends them.
        """
        refused = [parameter for parameter in self.operation.takes if isinstance(parameter, NotServed)]
        if refused and not self.operation.takes_files:
            Given(parameters(self.request), refused)

    @property
    def include(self) -> frozenset[str]:
        """What the client wants added to the answer, of what the endpoint has to add."""
        return self.params[self.operation.includes]

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


Handler = TypeVar("Handler", bound=Callable[..., Any])


def allow(allowed: bool) -> None:
    """Go on if this is allowed; otherwise raise NotAllowed."""
    if not allowed:
        raise NotAllowed


def takes_files(handler: Handler) -> Handler:
    """Mark a handler or a page that reads uploads piece by piece, once it knows the sender, and enforces the limit
    itself.
    """
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
    operations: ClassVar[Mapping[str, Operation]] = {}
    charge: Charge | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # The framework's parsers read the body past Django's own limit.
        if not reads_files(request):
            check_size(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)
        super().initial(request, *args, **kwargs)
        token = getattr(request, "token_digest", None)
        if token and settings.API_RATE_LIMIT:
            self.charge = Charge(token)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        # These answers contain names of children, and sometimes a code; but for what is public, such as the schema.
        response.headers["Cache-Control"] = ASK_AGAIN if self._is_for_strangers(request) else "no-store"
        if self.charge:
            for name, value in self.charge.settle().items():
                response.headers.setdefault(name, value)
        return super().finalize_response(request, response, *args, **kwargs)

    def _is_for_strangers(self, request: Request) -> bool:
        operation = self.operations.get(request.method or "")
        names_nobody = not request.META.get("HTTP_AUTHORIZATION") and IN_QUERY not in request.GET
        return request.method == "GET" and operation is not None and operation.public and names_nobody


def methods(**operations: Operation) -> Callable[..., HttpResponseBase]:
    """Return the view that answers with the operation for the request's method: `methods(GET=show, PUT=change)`.

    The handler is called with the ApiRequest and the ids in the path, and returns what to render or a whole response.
    """
    answers: dict[str, Any] = {name.lower(): _answering(operation) for name, operation in operations.items()}
    made: type[Endpoint] = type("Endpoint", (Endpoint,), {**answers, "operations": operations})
    view = made.as_view()
    return takes_files(view) if any(operation.takes_files for operation in operations.values()) else view


def _answering(operation: Operation) -> Callable[..., HttpResponseBase]:
    def answer(_view: Endpoint, request: Request, **ids: str) -> HttpResponseBase:
        call = ApiRequest(request, operation)
        if not operation.public and call.user_or_nobody is None:
            raise NotAuthenticated
        call.refuse_what_is_not_served()
        found = operation(call, **ids)
        response = found if isinstance(found, HttpResponseBase) else Response(found)
        for name, value in call.headers.items():
            response.headers[name] = value
        return response

    return takes_files(answer) if operation.takes_files else answer
