"""The class list with a new code for each student, as a CSV file that spreadsheets read without harm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.csv_text import csv_text
from accounts.models import User
from accounts.models.user import UserQuerySet
from accounts.names import first_and_last
from courses.models import Course, Enrollment
from courses.permissions import sections_seen
from pairing.issuing import issue_for_class
from pairing.models import LIVE_CODES_PER_STUDENT, PairingCode

BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Forecast:
    """What an export would do: so many students get a code, and for so many an older code ends."""

    students: int
    dropping: int


def students_of(course: Course, *, by: User) -> UserQuerySet:
    """Who is a student of `course` now, where `by` sees them: active, invited or pending; in class list order."""
    places = Enrollment.objects.live().students().present().settled().filter(section__course=course)
    places = places.within(sections_seen(by, course))
    return User.objects.present().filter(pk__in=places.values("user")).by_name()


def forecast(course: Course, *, by: User) -> Forecast:
    """What an export would do now (two statements)."""
    students = students_of(course, by=by).order_by()
    full = (
        PairingCode.objects.live()
        .order_by()
        .filter(student__in=students)
        .values("student")
        .annotate(codes=Count("id"))
        .filter(codes__gte=LIVE_CODES_PER_STUDENT)
    )
    return Forecast(students.count(), full.count())


def export(course: Course, *, by: User, zone: ZoneInfo) -> Iterator[str]:
    """Make the codes, then give the file piece by piece: times are ISO 8601 in `zone`.

    The codes are made, all or none, before the first piece is asked for.
    """
    people = list(students_of(course, by=by).values_list("pk", "sortable_name", "sis_user_id"))
    codes = issue_for_class([pk for pk, _name, _sis in people], by=by, course=course)
    # Made in one go, the codes all end at the same time.
    until = timezone.localtime(codes[0].expires_at, zone).isoformat(timespec="seconds") if codes else ""
    rows = (
        (*_names(sortable_name), sis or "", code.text, until)
        for (_pk, sortable_name, sis), code in zip(people, codes, strict=True)
    )
    return _pieces(rows)


def _names(sortable_name: str) -> tuple[str, str]:
    first, last = first_and_last(sortable_name)
    return last, first


def _pieces(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    header = (_("Last Name"), _("First Name"), _("SIS ID"), _("Pairing Code"), _("Expires At"))
    yield BYTE_ORDER_MARK
    yield from csv_text(chain([header], rows))


def file_name(course: Course) -> str:
    """`<course code>_Pairing_Codes.csv`, with nothing in it that a file system or a header would stumble over."""
    code = "".join(c if c.isalnum() or c in " .-_" else "_" for c in course.course_code).strip() or str(course.pk)
    return f"{code}_Pairing_Codes.csv"
