"""A student's work, with released grades; unreleased ones only for staff who ask for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.models.prepared import prepared
from courses.models import Assignment, Course, Enrollment, Submission, SubmissionComment
from courses.models.content import AssignmentQuerySet


class Status(TextChoices):
    """The status of a piece of work."""

    GRADED = "graded", _("Graded")
    SUBMITTED = "submitted", _("Submitted")
    LATE = "late", _("Submitted late")
    MISSING = "missing", _("Missing")
    TO_DO = "to_do", _("To do")


@dataclass(frozen=True)
class Work:
    """One assignment and the student's work on it, with all that was said about it.

    `sees_held_back` is for staff only: the reader also sees unreleased grades.
    """

    assignment: Assignment
    submission: Submission | None
    said: tuple[SubmissionComment, ...] = ()
    sees_held_back: bool = False

    @property
    def released(self) -> Submission | None:
        """The submission once its grade is released."""
        return self.submission if self.submission and self.submission.is_posted else None

    @property
    def graded(self) -> Submission | None:
        """The only access to score and comments: the released submission, for some staff any."""
        return self.submission if self.sees_held_back else self.released

    @property
    def is_held_back(self) -> bool:
        """Whether it shows a score or comments that the student and observers do not see yet."""
        return self.released is None and (self.score is not None or bool(self.comments))

    @property
    def score(self) -> Decimal | None:
        return self.graded.score if self.graded else None

    @property
    def comments(self) -> list[SubmissionComment]:
        return list(self.said) if self.graded else []

    @property
    def submitted_at(self) -> datetime | None:
        return self.submission.submitted_at if self.submission else None

    @property
    def status(self) -> Status:
        due, handed_in = self.assignment.due_at, self.submission.submitted_at if self.submission else None
        if self.score is not None:
            return Status.GRADED
        if handed_in:
            return Status.LATE if due and handed_in > due else Status.SUBMITTED
        return Status.MISSING if due and due < timezone.now() else Status.TO_DO


@dataclass(frozen=True)
class Total:
    """Points reached, out of the points possible in the work graded so far."""

    points: Decimal
    possible: Decimal

    @property
    def percent(self) -> Decimal | None:
        return 100 * self.points / self.possible if self.possible else None


def work_of(student: User, course: Course, *, sees_held_back: bool = False) -> list[Work]:
    """Return every published assignment with `student`'s work on it, by due date (three statements)."""
    submissions = {each.assignment_id: each for each in _submissions_of(student, course)}
    said: dict[int, list[SubmissionComment]] = defaultdict(list)
    for comment in _comments_for(student, course) if submissions else []:
        said[comment.submission_id].append(comment)

    def work(assignment: Assignment) -> Work:
        mine = submissions.get(assignment.pk)
        return Work(assignment, mine, tuple(said[mine.pk]) if mine else (), sees_held_back)

    return [work(assignment) for assignment in _published_in(course)]


def work_on(assignment_id: int, student: User, course: Course) -> Work | None:
    """Return the student's work on one assignment; None if it is not published."""
    return next((work for work in work_of(student, course) if work.assignment.pk == assignment_id), None)


@prepared
def _published_in(course: Course) -> AssignmentQuerySet:
    return Assignment.objects.filter(course=course).published()


@prepared
def _submissions_of(student: User, course: Course) -> QuerySet[Submission]:
    """Return this student's work only: score and comments show once the grade is released (`posted_at`)."""
    return Submission.objects.filter(student=student, assignment__course=course)


@prepared
def _comments_for(student: User, course: Course) -> QuerySet[SubmissionComment]:
    there = SubmissionComment.objects.filter(submission__student=student, submission__assignment__course=course)
    return there.select_related("author").order_by("created_at", "id")


def total(works: Iterable[Work]) -> Total:
    """Return the sum of the released scores, of assignments that are worth points."""
    graded = [
        (work.released.score, work.assignment.points_possible)
        for work in works
        if work.released and work.released.score is not None and work.assignment.points_possible is not None
    ]
    return Total(sum((score for score, _of in graded), Decimal()), sum((of for _score, of in graded), Decimal()))


POSSIBLE = "assignment__points_possible"


@dataclass(frozen=True)
class Standing:
    """A student's total by what is released, and by all that is graded: the second is for those who grade."""

    released: Total
    graded: Total


Totals = dict[tuple[int, int], Standing]


def totals_of(enrollments: Collection[Enrollment]) -> Totals:
    """Return, by (student id, course id), how each of these students stands (one statement).

    A student without any grade is left out.
    """
    graded = Submission.objects.filter(
        student__in={enrollment.user_id for enrollment in enrollments},
        assignment__course__in={enrollment.section.course_id for enrollment in enrollments},
        assignment__published=True,
        assignment__points_possible__isnull=False,
        score__isnull=False,
    )
    released = Q(posted_at__lte=timezone.now())
    sums = graded.values_list("student", "assignment__course").annotate(
        released_score=Sum("score", filter=released, default=Decimal()),
        released_possible=Sum(POSSIBLE, filter=released, default=Decimal()),
        all_score=Sum("score"),
        all_possible=Sum(POSSIBLE),
    )
    return {
        (student, course): Standing(Total(points, possible), Total(all_points, all_possible))
        for student, course, points, possible, all_points, all_possible in sums
    }


def score_of(enrollment: Enrollment, totals: Totals, *, sees_held_back: bool = False) -> float | None:
    """Return the percentage reached, with two decimals; None without a released grade.

    `sees_held_back` is for those who grade: then unreleased grades count as well.
    """
    standing = totals.get((enrollment.user_id, enrollment.section.course_id))
    if standing is None:
        return None
    percent = (standing.graded if sees_held_back else standing.released).percent
    return None if percent is None else float(round(percent, 2))
