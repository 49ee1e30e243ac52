"""What a reader sees of a course by the table of courses/visibility.py, as it stands there: the one guard of all
entrances. That they may read the course at all is asked before (courses/access/courses.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.errors import NotAllowed, NotThere, Refused
from accounts.models import Account, BaseType, User
from accounts.permissions.registry import Permission
from courses.access.courses import READING, RUNNING_COURSES, CourseAccess, followed, observer_enrollments
from courses.models import Course, Enrollment
from courses.models.dates import is_over
from courses.visibility import ALWAYS, SCHOOL, TABLE, CourseState, Element, Sees, Switch

BARRED = _("The teacher or the school has not opened this course to observers.")
CLOSED = _("This course has ended, and your school has closed ended courses to observers.")
HIDDEN = _("The teacher does not use this page in this course.")
# The page on which the rows that a teacher can hide stand: courses/domain/course_tabs.py.
TABS = {
    Element.SYLLABUS: "syllabus",
    Element.ANNOUNCEMENTS: "announcements",
    Element.ASSIGNMENTS: "assignments",
    Element.ASSIGNMENT_TEXT: "assignments",
}


class Audience(TextChoices):
    """As what somebody reads a course."""

    STAFF = "staff", _("Staff")
    STUDENT = "student", _("Student")
    LINKED = "linked", _("Observer of a student in the course")
    ALONE = "alone", _("Observer without a student in the course")


def is_on(switch: Switch, root: Account) -> bool:
    """Return how a setting of the institution stands."""
    return SCHOOL[switch] is not (switch.value in root.observer_switches)


@dataclass(frozen=True)
class Sight:
    """How one reader stands to one course."""

    course: Course
    audience: Audience
    is_over: bool = False
    # Whether there is somebody whose work they follow, their own or another's.
    follows: bool = False

    @property
    def observes(self) -> bool:
        return self.audience in (Audience.LINKED, Audience.ALONE)

    @property
    def state(self) -> CourseState:
        """The state in which the course is read: it is published, and has begun."""
        if not self.is_over:
            return CourseState.RUNNING
        return CourseState.ENDED if is_on(Switch.PAST_COURSES, Account.objects.root()) else CourseState.CLOSED

    @property
    def barred(self) -> str | Promise:
        """Why nothing of the course but its card is seen; empty where more is."""
        if not self.observes:
            return ""
        if not self.course.observers_allowed:
            return f"{BARRED} {self.course.observers_reason}".strip()
        return CLOSED if self.state is CourseState.CLOSED else ""

    def sees(self, element: Element) -> Sees:
        """Return how much of an element is seen: staff see all, students what no setting of the course hides."""
        row = TABLE[element]
        if self.audience is Audience.STAFF:
            return Sees.YES
        if self.observes and row.states != ALWAYS:
            is_barred = element is not Element.CARD and self.barred
            if is_barred or self.state not in row.states:
                return Sees.NO
        found = row.alone if self.audience is Audience.ALONE else row.linked
        return row.otherwise if found is not Sees.NO and not self._allows(row.switch, element) else found

    def _allows(self, switch: Switch | None, element: Element) -> bool:
        match switch:
            case None:
                return True
            case Switch.TAB:
                return TABS[element] not in self.course.hidden_tabs
            case Switch.NUMBERS:
                return not self.course.restrict_quantitative_data
            case Switch.TOTALS:
                return not self.course.hide_final_grades
        return not self.observes or is_on(switch, Account.objects.root())

    def opens(self, tab: str, element: Element) -> bool:
        """Return whether a page is there for them, and anything of the element that it is for."""
        return not self._is_hidden(tab) and self.sees(element) is not Sees.NO

    def check(self, tab: str, element: Element) -> None:
        """Raise what is answered where a page is not opened: NotThere if the teacher hides it, else NotAllowed."""
        if self._is_hidden(tab) and not self.barred:
            raise NotThere(HIDDEN)
        if self.sees(element) is Sees.NO:
            raise self._refusal(element)

    def _is_hidden(self, tab: str) -> bool:
        return tab in self.course.hidden_tabs and self.audience is not Audience.STAFF

    def _refusal(self, element: Element) -> Refused:
        if self.barred:
            return NotAllowed(self.barred)
        return NotAllowed(_("Observers do not see this: %(what)s.") % {"what": TABLE[element].what})


def may_be_limited(course: Course, root: Account) -> bool:
    """Return whether anything that students and observers could read of a course may be kept from some of them."""
    return bool(course.hidden_tabs) or not course.observers_allowed or not is_on(Switch.PAST_COURSES, root)


def sight_of(reader: User, access: CourseAccess, student: User | None = None) -> Sight:
    """Return how a reader stands to a course: as staff, for themselves, or for a student whom they observe there."""
    if not access.learns:
        audience = Audience.STAFF
    elif access.is_student and student in (None, reader):
        audience = Audience.STUDENT
    else:
        audience = Audience.LINKED if access.observed else Audience.ALONE
    return Sight(access.course, audience, access.is_over, bool(followed(reader, access)))


def sights_in(courses: Collection[Course], keys: Mapping[int, Collection[Permission]], *, by: User) -> dict[int, Sight]:
    """Return by course id how `by` stands to each, in the view of it that shows most (one statement).

    `keys` are their permissions in each course, by its id.
    """
    mine = Q(user=by, associated_user=None) | Q(pk__in=observer_enrollments(by).values("pk"))
    there = Enrollment.objects.present().filter(mine, section__course__in=courses, state__in=READING).begun()
    found: dict[int, list[Reading]] = {}
    rows: Any = there.annotate(over=is_over()).values_list("section__course", "type", "associated_user", "over")
    for course, *reading in rows:
        found.setdefault(course, []).append(Reading(*reading))
    return {course.pk: _widest(course, found.get(course.pk, ()), keys[course.pk]) for course in courses}


class Reading(NamedTuple):
    """An enrollment with which somebody reads a course."""

    type: str
    student: int | None
    is_over: bool


def _widest(course: Course, rows: Collection[Reading], keys: Collection[Permission]) -> Sight:
    over = all(row.is_over for row in rows) if rows else course.workflow_state == Course.State.COMPLETED
    is_student, observes = any(row.type == BaseType.STUDENT for row in rows), any(row.student for row in rows)
    if RUNNING_COURSES & set(keys):
        return Sight(course, Audience.STAFF, over, is_student or observes)
    if is_student:
        return Sight(course, Audience.STUDENT, over, follows=True)
    return Sight(course, Audience.LINKED if observes else Audience.ALONE, over, observes)
