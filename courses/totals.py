"""Course totals of many students at once, of released grades only: what courses/work.py sums up for one."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Sum
from django.utils import timezone

from courses.models import Enrollment, Submission
from courses.work import Total

Totals = dict[tuple[int, int], Total]


def totals_of(enrollments: Collection[Enrollment]) -> Totals:
    """By (student id, course id), the total of each of these students' enrollments (one statement).

    A student without a released grade is left out.
    """
    graded = Submission.objects.filter(
        student__in={enrollment.user_id for enrollment in enrollments},
        assignment__course__in={enrollment.section.course_id for enrollment in enrollments},
        assignment__published=True,
        assignment__points_possible__isnull=False,
        posted_at__lte=timezone.now(),
        score__isnull=False,
    )
    sums = graded.values_list("student", "assignment__course").annotate(
        Sum("score"), Sum("assignment__points_possible")
    )
    return {(student, course): Total(points, possible) for student, course, points, possible in sums}


def score_of(enrollment: Enrollment, totals: Totals) -> float | None:
    """The percentage reached, with two decimals; None without a released grade."""
    total = totals.get((enrollment.user_id, enrollment.section.course_id))
    percent = total.percent if total else None
    return None if percent is None else float(round(percent, 2))
