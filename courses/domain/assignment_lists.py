"""The assignments of a course as somebody reads them, with the work of the students whom they follow there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import User
from courses.access.courses import CourseAccess, followed
from courses.access.sight import Sight, sight_of
from courses.domain.grades import View, Work
from courses.domain.grading_periods import Period
from courses.models import Assigned, Assignment, SubmissionComment
from courses.models.assignment import AssignmentQuerySet
from courses.visibility import Element, Sees


@dataclass(frozen=True)
class Listed:
    """An assignment, with the work of each student whom the reader follows and who has it."""

    assignment: Assignment
    works: tuple[Work, ...] = ()
    # Whether its text waits for the day on which it opens.
    is_locked: bool = False

    @property
    def dates(self) -> Assigned | Assignment:
        """What has the dates that count for the reader: those of the first student, if there is one."""
        return self.works[0].assigned if self.works else self.assignment


def view_of(sight: Sight) -> View:
    """Return what is seen of a student's work by whoever stands so to the course."""
    return View(
        numbers=sight.sees(Element.SCORE) is not Sees.LETTERS,
        comments=sight.sees(Element.COMMENTS) is not Sees.NO,
        handed_in=sight.sees(Element.HANDED_IN) is not Sees.NO,
        total=sight.sees(Element.TOTAL) is not Sees.NO,
    )


def is_locked(access: CourseAccess, dates: Assigned | Assignment) -> bool:
    """Return whether the text of an assignment is not open to the reader yet; staff read it at any time."""
    return access.learns and dates.unlock_at is not None and dates.unlock_at > timezone.now()


def assignments_without_work(reader: User, access: CourseAccess) -> AssignmentQuerySet:
    """Return the assignments for whoever follows nobody there, by due date: for those who write them drafts, too.

    Those who do not run the course read what is for everybody in it.
    """
    if access.sees_drafts:
        return access.course.assignments.present().by_date()
    published = access.course.assignments.published()
    sees_all = sight_of(reader, access).sees(Element.ASSIGNMENTS_OF_OTHERS) is not Sees.NO
    return published if sees_all else published.given_to_all()


def assignments_read(reader: User, access: CourseAccess) -> list[Listed]:
    """Return the assignments that `reader` sees in a course, by due date, with the work of the students whom they
    follow, their own first (two statements).
    """
    sights = {student: sight_of(reader, access, student) for student in followed(reader, access)}
    views = {each.pk: view_of(sight) for each, sight in sights.items() if sight.sees(Element.STATUS) is not Sees.NO}
    if not views:
        found = assignments_without_work(reader, access).select_related("group")
        return [Listed(each, is_locked=is_locked(access, each)) for each in found]
    works: dict[Assignment, list[Work]] = defaultdict(list)
    for work in _works(access, views):
        works[work.assignment].append(work)
    order = [*views]
    listed = []
    for assignment, its in works.items():
        its.sort(key=lambda work: order.index(work.assigned.student_id))
        listed.append(Listed(assignment, tuple(its), all(is_locked(access, work.assigned) for work in its)))
    return listed


def _works(access: CourseAccess, views: dict[int, View]) -> list[Work]:
    """Return the work of these students, by its due date, each as it is seen."""
    course = access.course
    assigned = Assigned.objects.filter(student__in=[*views], course=course).by_date()
    assigned_now = list(assigned.select_related("assignment__group", "submission"))
    said: dict[int | None, list[SubmissionComment]] = defaultdict(list)
    handed_in = [each.submission_id for each in assigned_now if each.submission_id]
    comments = SubmissionComment.objects.shown().filter(submission__in=handed_in).select_related("author")
    for comment in comments if handed_in else []:
        said[comment.submission_id].append(comment)
    scheme = course.grading_scheme
    return [
        Work(each, tuple(said.get(each.submission_id, ())), views[each.student_id], scheme) for each in assigned_now
    ]


def within(found: Iterable[Listed], period: Period) -> list[Listed]:
    """Return what belongs to a grading period, for any of the students."""
    return [each for each in found if any(period.has(date) for date in _due_dates(each))]


def _due_dates(listed: Listed) -> list[datetime | None]:
    return [work.due_at for work in listed.works] or [listed.assignment.due_at]
