"""Every call of the API: which method on which path does what. The documentation and the OpenAPI schema read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from accounts.api.endpoints import Operation
from accounts.api.parameter_types import Parameter

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
