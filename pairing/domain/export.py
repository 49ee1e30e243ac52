"""The class list with a new code for each student, as a CSV file that is safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.rate_limit import check_and_lock
from accounts.models import AuditEvent, User
from accounts.models.ids import OneOf
from accounts.models.user import UserQuerySet
from accounts.text.csv_export import csv_text
from accounts.text.names import first_and_last
from courses.access.permissions import sections_seen
from courses.models import Course, Enrollment
from pairing.domain.codes import issue_for_class
from pairing.domain.eligibility import bound_in
from pairing.domain.events import CodesExported
from pairing.errors import ExportedJustNow
from pairing.models import LIVE_CODES_PER_STUDENT, PairingCode

BYTE_ORDER_MARK = "\ufeff"
ASK_AGAIN_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Forecast:
    """What an export would do: how many students get a code, and for how many an older code ends."""

    students: int
    dropping: int


def students_of(course: Course, *, by: User) -> UserQuerySet:
    """Return the current students of `course` whom `by` sees and who can be paired, in class list order.

    Invited people are not students yet, and codes of suspended people do not work.
    """
    enrollments = Enrollment.objects.live().students().present().settled().filter(section__course=course)
    enrollments = enrollments.within(sections_seen(by, course))
    return (
        User.objects.present().exclude(state=User.State.SUSPENDED).filter(OneOf(enrollments.values("user"))).by_name()
    )


def forecast(course: Course, *, by: User) -> Forecast:
    """Return what an export would do now (two statements)."""
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


@dataclass(frozen=True)
class LastExport:
    """The result of a course's last export: how many students got a code, and how many active codes ended."""

    pk: int
    at: datetime
    by: User
    students: int
    dropped: int

    @property
    def is_recent(self) -> bool:
        """Whether another export would probably be an accident."""
        return timezone.now() - self.at < ASK_AGAIN_WITHIN


def last_export(course: Course, *, by: User) -> LastExport | None:
    """Return the last export of `course`, by anyone, for the students `by` may export (two statements)."""
    event = _last_event(course)
    if event is None:
        return None
    students = event.read(CodesExported).students
    theirs = students_of(course, by=by).order_by().filter(pk__in=students)
    return _as_seen(event, set(theirs.values_list("pk", flat=True)), by)


def _last_event(course: Course) -> AuditEvent | None:
    found = AuditEvent.objects.of(CodesExported, course=course.pk)
    return found.select_related("actor").order_by("-id").first()


def _as_seen(event: AuditEvent, may_export: set[int], by: User) -> LastExport | None:
    """Return the export as `by` may see it; None if someone else exported other students."""
    exported = event.read(CodesExported)
    students = may_export.intersection(exported.students)
    if event.actor is None or not (students or event.actor == by.person_acting):
        return None
    dropped = students.intersection(exported.dropped)
    return LastExport(event.pk, event.at, event.actor, len(students), len(dropped))


def export(course: Course, *, by: User, zone: ZoneInfo, after: int | None = None) -> Iterator[str]:
    """Create the codes, then yield the file piece by piece: times are ISO 8601 in `zone`.

    All or none of the codes are created before the first piece is requested. `after` is the last export that the person
    knows of. Raises ExportedJustNow if there was another one within ten minutes: pressing a button twice, or a
    colleague, would use up a student's five codes.
    """
    with transaction.atomic():
        check_and_lock(f"export of course {course.pk}")
        people = list(students_of(course, by=by).values_list("pk", "sortable_name", "sis_user_id"))
        ids = [pk for pk, _name, _sis in people]
        event = _last_event(course)
        last = _as_seen(event, {*ids}, by) if event else None
        if last and last.is_recent and last.pk != after:
            raise ExportedJustNow
        codes = issue_for_class(ids, by=by, course=course, bound=bound_in(course, ids, by=by))
    # Created together, all codes end at the same time.
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
    """Return `<course code>_Pairing_Codes.csv`, without anything that would trouble a file system or a header."""
    code = "".join(c if c.isalnum() or c in " .-_" else "_" for c in course.course_code).strip() or str(course.pk)
    return f"{code}_Pairing_Codes.csv"
