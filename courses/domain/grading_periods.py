"""The grading periods of a course, which are those of its term."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models.prepared import prepared
from courses.models import Course, GradingPeriod


@dataclass(frozen=True)
class Period:
    """A grading period among those of its term: the last one has the work without a due date, too."""

    period: GradingPeriod
    is_last: bool

    def has(self, due_at: datetime | None) -> bool:
        """Return whether work with this due date belongs to it."""
        if due_at is None:
            return self.is_last
        return self.period.start_at < due_at <= self.period.end_at

    def is_due(self) -> Q:
        """Return the condition that work (`due_at`) belongs to it."""
        within = Q(due_at__gt=self.period.start_at, due_at__lte=self.period.end_at)
        return within | Q(due_at=None) if self.is_last else within


def periods_of(course: Course) -> list[Period]:
    """Return the grading periods of a course, by time (one statement)."""
    found = _periods_of_term(course.term_id) if course.term_id else _periods_of_default_term()
    return [Period(period, is_last=period is found[-1]) for period in found]


@prepared
def _periods_of_term(term: int) -> QuerySet[GradingPeriod]:
    return GradingPeriod.objects.filter(term=term).order_by("start_at")


@prepared
def _periods_of_default_term() -> QuerySet[GradingPeriod]:
    return GradingPeriod.objects.filter(term=None).order_by("start_at")
