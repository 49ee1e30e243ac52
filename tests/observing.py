"""What the record says of who observes whom, for the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts.models import AuditEvent, User
from courses.domain.events import Observing
from courses.models import Course

# Whether it began, and whom, whom, in which scope: "all", or the ids of courses.
Said = tuple[str, int, int, Any]


def began(observer: User, student: User, scope: Course | list[Course] | str = "all") -> Said:
    return "began", observer.pk, student.pk, _scope(scope)


def ended(observer: User, student: User, scope: Course | list[Course] | str = "all") -> Said:
    return "ended", observer.pk, student.pk, _scope(scope)


def _scope(scope: Course | list[Course] | str) -> Any:
    if isinstance(scope, list):
        return sorted(course.pk for course in scope)
    return scope.pk if isinstance(scope, Course) else scope


def said_by(action: Callable[[], object]) -> list[Said]:
    """What the record says after `action` of who observes whom, that it did not say before."""
    before = AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0
    action()
    return [said(event) for event in observing_events().filter(pk__gt=before)]


def observing_events() -> Any:
    return AuditEvent.objects.filter(action__in=["observing.began", "observing.ended"]).order_by("id")


def said(event: AuditEvent) -> Said:
    data = event.data
    assert isinstance(data, Observing)
    assert event.subject_id
    scope = {"all": "all", "courses": data.courses, "course": data.course}[data.scope]
    return event.action.removeprefix("observing."), data.observer, event.subject_id, scope
