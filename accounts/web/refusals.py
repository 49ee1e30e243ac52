"""What pages and the API answer a refusal with: one table for both, and the pages that say the reason.

A refusal that no view sees to is made a page of its own by config.middleware.RefusalMiddleware, and in the API the body
that Canvas's clients read by accounts/api/errors.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from django.http import HttpResponse

from accounts.errors import DoneAlready, Invalid, NotAllowed, NotPossible, NotThere, Refused, TooManyTries

Answer = TypeVar("Answer", bound=HttpResponse)
Result = TypeVar("Result")


class Statuses(NamedTuple):
    """The HTTP status on a page, and in the API."""

    page: int
    api: int


# By kind of refusal. Canvas answers 400 where something given cannot be taken.
STATUSES: dict[type[Refused], Statuses] = {
    NotAllowed: Statuses(403, 403),
    NotThere: Statuses(404, 404),
    DoneAlready: Statuses(409, 409),
    Invalid: Statuses(422, 400),
    NotPossible: Statuses(422, 422),
    TooManyTries: Statuses(429, 429),
}


def statuses_of(refusal: Refused) -> Statuses:
    """Return what a refusal is answered with: the row of its class, or of the nearest one above that has a row."""
    return next(STATUSES[kind] for kind in type(refusal).__mro__ if kind in STATUSES)


def headers_of(refusal: Refused) -> dict[str, str]:
    """Return the headers that go with a refusal: when to try again, where that helps."""
    return {"Retry-After": str(refusal.wait)} if isinstance(refusal, TooManyTries) else {}


def attempt(rule: Callable[[], Result]) -> Result | Refused:
    """Call a rule; return what it returns, or what it refuses with, to be shown on the page it was asked from."""
    try:
        return rule()
    except Refused as refusal:
        return refusal


def refusal_of(rule: Callable[[], object]) -> Refused | None:
    """Call a rule; return what it refuses with, or None once it is done."""
    outcome = attempt(rule)
    return outcome if isinstance(outcome, Refused) else None


def tell(page: Answer, refusal: Refused | None) -> Answer:
    """Give a page that says why something was refused the status and headers of that, and return it."""
    if refusal is not None:
        page.status_code = statuses_of(refusal).page
        for name, value in headers_of(refusal).items():
            page.headers[name] = value
    return page
