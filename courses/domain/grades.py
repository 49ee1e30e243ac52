"""A student's work, with released grades; unreleased ones only for staff who ask for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet, Sum, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.models.prepared import prepared
from courses.domain.grading_periods import Period
from courses.grades import Part, Scheme, Total, Weights, letter, percentage, total
from courses.models import Assigned, Assignment, Course, Enrollment, Submission, SubmissionComment
from courses.visibility import Sees


class Status(TextChoices):
    """The status of a piece of work."""

    EXCUSED = "excused", _("Excused")
    GRADED = "graded", _("Graded")
    SUBMITTED = "submitted", _("Submitted")
    LATE = "late", _("Submitted late")
    MISSING = "missing", _("Missing")
    PAST = "past", _("Not graded yet")
    TO_DO = "to_do", _("To do")


@dataclass(frozen=True)
class View:
    """What a reader sees of a student's work: by default all that is released (courses/access/sight.py).

    `sees_held_back` is for staff only: the reader also sees unreleased grades.
    """

    numbers: bool = True
    comments: bool = True
    handed_in: bool = True
    total: bool = True
    sees_held_back: bool = False


RELEASED = View()


@dataclass(frozen=True)
class Work:
    """An assignment with the student's own dates and work, its verdict, and what was said about it."""

    assigned: Assigned
    said: tuple[SubmissionComment, ...] = ()
    view: View = RELEASED
    # How the course makes letters of numbers.
    scheme: Scheme | None = None

    @property
    def assignment(self) -> Assignment:
        return self.assigned.assignment

    @property
    def submission(self) -> Submission | None:
        return self.assigned.submission

    @property
    def due_at(self) -> datetime | None:
        """The student's own due date."""
        return self.assigned.due_at

    @property
    def released(self) -> Submission | None:
        """The submission once its grade is released."""
        return self.submission if self.submission and self.submission.is_posted else None

    @property
    def graded(self) -> Submission | None:
        """The only access to score and comments: the released submission, for some staff any."""
        return self.submission if self.view.sees_held_back else self.released

    @property
    def is_held_back(self) -> bool:
        """Whether it shows a score or comments that the student and observers do not see yet."""
        return self.released is None and (self.has_grade or bool(self.comments))

    @property
    def has_grade(self) -> bool:
        """Whether there is a grade for the reader, even if the course shows neither numbers nor letters."""
        return self.graded is not None and self.graded.is_graded

    @property
    def score(self) -> Decimal | None:
        return self.graded.score if self.graded and self.view.numbers else None

    @property
    def grade(self) -> str:
        """The grade in words, such as a letter; empty where there are only points."""
        if not self.graded:
            return ""
        if self.view.numbers:
            return self.graded.grade
        # A grade may be the number itself.
        in_words = "" if any(sign.isdigit() for sign in self.graded.grade) else self.graded.grade
        return in_words or letter(self._percent, self.scheme) or ""

    @property
    def _percent(self) -> Decimal | None:
        score, possible = self.graded.score if self.graded else None, self.assignment.points_possible
        return None if score is None or not possible else percentage(score, possible)

    @property
    def comments(self) -> list[SubmissionComment]:
        return list(self.said) if self.graded and self.view.comments else []

    @property
    def handed_in(self) -> Submission | None:
        """What was handed in, for those who may see that."""
        return self.submission if self.submission and self.submitted_at and self.view.handed_in else None

    @property
    def submitted_at(self) -> datetime | None:
        return self.submission.submitted_at if self.submission else None

    @property
    def status(self) -> Status:
        if self.assigned.excused:
            return Status.EXCUSED
        if self.has_grade:
            return Status.GRADED
        if self.assigned.missing:
            return Status.MISSING
        if self.assigned.late:
            return Status.LATE
        if self.submitted_at:
            return Status.SUBMITTED
        # Such as work on paper, of which nobody says whether it was handed in.
        return Status.PAST if self.due_at and self.due_at < timezone.now() else Status.TO_DO


def work_of(student: User, course: Course, *, view: View = RELEASED) -> list[Work]:
    """Return every published assignment given to `student`, with their work on it, by due date (two statements)."""
    assigned = given_to(student, course)
    said: dict[int, list[SubmissionComment]] = defaultdict(list)
    for comment in _comments_for(student, course) if any(each.submission_id for each in assigned) else []:
        said[comment.submission_id].append(comment)
    scheme: Scheme | None = course.grading_scheme
    return [Work(each, tuple(said[each.submission_id or 0]), view, scheme) for each in assigned]


def work_on(assignment_id: int, student: User, course: Course, *, view: View = RELEASED) -> Work | None:
    """Return the student's work on one assignment; None if it is not published, or not given to them."""
    return next((work for work in work_of(student, course, view=view) if work.assignment.pk == assignment_id), None)


@prepared
def given_to(student: User, course: Course) -> QuerySet[Assigned]:
    """Return what is given to this student and to no other, by due date.

    Score and comments show once the grade is released (`posted_at`).
    """
    given = Assigned.objects.filter(student=student, course=course).by_date()
    return given.select_related("assignment__group", "submission")


@prepared
def _comments_for(student: User, course: Course) -> QuerySet[SubmissionComment]:
    there = SubmissionComment.objects.shown().filter(submission__student=student, submission__assignment__course=course)
    return there.select_related("author").order_by("created_at", "id")


# Work that counts in a total.
COUNTED = Q(
    assignment__points_possible__isnull=False,
    assignment__omit_from_final=False,
    excused=False,
) & ~Q(assignment__grading_type=Assignment.Grading.NOT_GRADED)


def counts(work: Work) -> bool:
    """Return whether a piece of work counts in a total, if it has a grade."""
    assignment = work.assignment
    is_left_out = assignment.omit_from_final or assignment.grading_type == Assignment.Grading.NOT_GRADED
    return assignment.points_possible is not None and not is_left_out and not work.assigned.excused


def total_of(works: Iterable[Work], course: Course) -> Total:
    """Return the total of the released scores: what `totals_of` calls current."""
    counted = [work for work in works if counts(work)]
    parts = (
        Part(work.assignment.group_id, work.assigned.score, work.assignment.points_possible or Decimal())
        for work in counted
        if work.assigned.score is not None
    )
    groups = (work.assignment.group for work in counted)
    return total(parts, {group.pk: group.weight for group in groups if group} if course.apply_group_weights else None)


@dataclass(frozen=True)
class Standing:
    """A student's totals by what is released, and by all that is graded: the latter are for those who grade.

    `final` counts missing work as nothing.
    """

    current: Total
    final: Total
    unposted_current: Total
    unposted_final: Total


Totals = dict[tuple[int, int], Standing]


def totals_of(enrollments: Collection[Enrollment], period: Period | None = None) -> Totals:
    """Return, by (student id, course id), how each of these students stands, in a grading period or in all (one
    statement).

    A student without anything that counts is left out.
    """
    found = Assigned.objects.filter(
        COUNTED,
        student__in={enrollment.user_id for enrollment in enrollments},
        course__in={enrollment.section.course_id for enrollment in enrollments},
    )
    if period:
        found = found.filter(period.is_due())
    rows: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in _summed(found):
        rows[row[0], row[1]].append(row)
    return {key: _standing(its) for key, its in rows.items()}


POSSIBLE = "assignment__points_possible"


def _summed(found: QuerySet[Assigned]) -> QuerySet[Assigned, Any]:
    """Return by student, course and group: whether groups are weighed, what this one weighs, and sums of points."""
    released, any_score = Q(score__isnull=False), Q(submission__score__isnull=False)
    rows = found.filter(any_score | Q(missing=True)).values_list(
        "student", "course", "course__apply_group_weights", "assignment__group"
    )
    return rows.annotate(
        weight=F("assignment__group__weight"),
        points=Sum("score", default=Decimal()),
        possible=Sum(POSSIBLE, filter=released, default=Decimal()),
        missed=Sum(POSSIBLE, filter=~released & Q(missing=True), default=Decimal()),
        any_points=Sum("submission__score", default=Decimal()),
        any_possible=Sum(POSSIBLE, filter=any_score, default=Decimal()),
        any_missed=Sum(POSSIBLE, filter=~any_score & Q(missing=True), default=Decimal()),
    )


def _standing(rows: list[Any]) -> Standing:
    weighs = rows[0][2]
    weights: Weights | None = {row[3]: row[4] or Decimal() for row in rows} if weighs else None
    released = [Part(row[3], row[5], row[6]) for row in rows]
    any_score = [Part(row[3], row[8], row[9]) for row in rows]
    return Standing(
        total(released, weights),
        total([*released, *(Part(row[3], Decimal(), row[7]) for row in rows)], weights),
        total(any_score, weights),
        total([*any_score, *(Part(row[3], Decimal(), row[10]) for row in rows)], weights),
    )


class Figures(NamedTuple):
    """How a student stands, as a reader is told: percentages with two decimals, and letters if the course has them."""

    current_score: float | None = None
    current_grade: str | None = None
    final_score: float | None = None
    final_grade: str | None = None


def figures_of(enrollment: Enrollment, totals: Totals, sees: Sees, *, sees_held_back: bool = False) -> Figures:
    """Return the figures of a student's enrollment, as far as the reader `sees` the total; None without a grade.

    `sees_held_back` is for those who grade: then unreleased grades count as well.
    """
    course = enrollment.section.course
    standing = totals.get((enrollment.user_id, course.pk))
    if standing is None or sees is Sees.NO:
        return Figures()
    current = (standing.unposted_current if sees_held_back else standing.current).percent
    final = (standing.unposted_final if sees_held_back else standing.final).percent
    letters = letter(current, course.grading_scheme), letter(final, course.grading_scheme)
    if sees is Sees.LETTERS:
        return Figures(current_grade=letters[0], final_grade=letters[1])
    return Figures(_number(current), letters[0], _number(final), letters[1])


def _number(percent: Decimal | None) -> float | None:
    return None if percent is None else float(percent)
