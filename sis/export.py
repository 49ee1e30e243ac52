"""user_observers.csv of all links in force, for another system; the same columns as on the way in.

Importing the file here again changes nothing, and opening it in a spreadsheet runs nothing. An apostrophe before an id
would keep the second promise and break the first, so the few links with such an id are left out, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from accounts.domain.audit import record
from accounts.models import ObservationLink, User
from accounts.models.rows import rows_of
from accounts.text.csv_export import csv_text, harmless
from sis.events import LinksExported

FILE_NAME = "user_observers.csv"
_LINKS_AT_ONCE = 2_000


@dataclass
class Written:
    """How many links a file got, and how many were left out because the file could not say them.

    `without_id`: one of the two has no SIS id. `limited`: the link opens only some courses, and any system that took
    the file would open all. `unfit`: an id that spreadsheets run as a formula, or that trimming would change.
    """

    links: int = 0
    without_id: int = 0
    limited: int = 0
    unfit: int = 0


def export(written: Written, *, by: User | None) -> Iterator[str]:
    """Yield the file piece by piece, while `written` counts; recorded before the first piece is asked for.

    The caller has made sure that `by` may, and has opened a transaction. A few thousand links are in memory at a time.
    """
    record(LinksExported(), by=by)
    return csv_text(_lines(written))


def forecast() -> Written:
    """Return what the file would hold now, and leave out (one statement, all links once)."""
    written = Written()
    with transaction.atomic():
        for _line in _lines(written):
            pass
    return written


def _lines(written: Written) -> Iterator[tuple[str, str, str]]:
    yield "observer_id", "student_id", "status"
    links = (
        ObservationLink.objects.live()
        .exclude(observer__state=User.State.DELETED)
        .order_by("id")
        .values_list("observer__sis_user_id", "student__sis_user_id", "scope")
    )
    for observer, student, scope in rows_of(links, _LINKS_AT_ONCE):
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
