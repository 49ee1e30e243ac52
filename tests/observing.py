"""Links between observers and students, and what the record says of them, for the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts.models import AuditEvent, ObservationLink, Role, User
from courses.domain.events import Observing
from courses.domain.observation import link
from courses.models import Course, Enrollment

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


def role(base_type: str) -> Role:
    """The built-in role of this base type."""
    return Role.objects.built_in(base_type)


def pair(observer: User, student: User, **more) -> ObservationLink:
    """A link as the API makes it."""
    return link(observer, student, origin=ObservationLink.Origin.API, by=None, **more)


def states(observer: User) -> dict[int, str]:
    """By section, the state of each of the observer's enrollments."""
    return dict(Enrollment.objects.filter(user=observer).values_list("section", "state"))
