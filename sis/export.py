"""user_observers.csv of all links in force, for another system; the same columns as on the way in.

Importing the file here again changes nothing, and opening it in a spreadsheet runs nothing. An apostrophe before an id
would keep the second promise and break the first, so the few links with such an id are left out, and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from accounts.domain.audit import record
from accounts.models import ObservationLink, User, numbers
from accounts.models.rows import rows_of
from accounts.text.csv_export import csv_text, harmless
from sis.events import LinksExported

FILE_NAME = "user_observers.csv"
_LINKS_AT_ONCE = 2_000

# The SIS ids of observer and student, and the scope.
Link = tuple[str | None, str | None, str]


@dataclass
class Written:
    """How many links a file got, and how many were left out because the file could not say them.

    `without_id`: one of the two has no SIS id. `limited`: the link opens only some courses, and any system that took
    the file would open all. `unfit`: an id that spreadsheets run as a formula, or that trimming would change.
    `goes_on`: there are more links than were looked at.
    """

    links: int = 0
    without_id: int = 0
    limited: int = 0
    unfit: int = 0
    goes_on: bool = False

    @property
    def looked_at(self) -> int:
        return self.links + self.without_id + self.limited + self.unfit


def export(written: Written, *, by: User | None, database: str = DEFAULT_DB_ALIAS) -> Iterator[str]:
    """Yield the file piece by piece, while `written` counts; recorded before the first piece is asked for.

    The caller has made sure that `by` may, and has opened a transaction, also of `database` where that is a replica.
    A few thousand links are in memory at a time.
    """
    record(LinksExported(), by=by)
    return csv_text(_lines(written, rows_of(_links().using(database), _LINKS_AT_ONCE)))


def forecast(database: str) -> Written:
    """Return what the file would hold now, and leave out: of the first links only, where there are many."""
    written = Written()
    links = list(_links().using(database)[: numbers.MOST_COUNTED + 1])
    number = numbers.number(len(links))
    for _line in _lines(written, links[: number.counted]):
        pass
    written.goes_on = number.is_more
    return written


def _links() -> QuerySet[ObservationLink, Link]:
    """Return the links in force, each with the ids of observer and student, and its scope."""
    return (
        ObservationLink.objects.live()
        .exclude(observer__state=User.State.DELETED)
        .order_by("id")
        .values_list("observer__sis_user_id", "student__sis_user_id", "scope")
    )


def _lines(written: Written, links: Iterable[Link]) -> Iterator[tuple[str, str, str]]:
    yield "observer_id", "student_id", "status"
    for observer, student, scope in links:
        if not observer or not student:
            written.without_id += 1
        elif scope != ObservationLink.Scope.ALL:
            written.limited += 1
        elif not (_keeps(observer) and _keeps(student)):
            written.unfit += 1
        else:
            written.links += 1
            yield observer, student, "active"


def _keeps(sis_id: str) -> bool:
    """Return whether an id stays what it is, and is nothing but an id, in every program that reads the file."""
    return harmless(sis_id) == sis_id == sis_id.strip() and sis_id.isprintable()
