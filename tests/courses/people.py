"""The pages of a course's people, and what they are there as, for the tests."""

from __future__ import annotations

from typing import Any

from accounts.models import BaseType, User
from courses.domain.members import Member, members_in
from courses.models import Enrollment, Section

# What can be done to one person, by the ends of the addresses.
PAGES = ["sections", "role", "conclude", "deactivate", "reactivate", "remove"]


def people_of(school: Any, *more: object) -> str:
    """The address of the People page, or of a page below it."""
    return "/".join(["", "courses", str(school.course.pk), "users", *(str(part) for part in more)])


def text(answer: Any) -> str:
    """What a page says, also one that complains."""
    assert answer.status_code in (200, 422), answer.status_code
    return answer.content.decode()


def state_of(user: User, section: Section, type: str = BaseType.STUDENT) -> str | None:
    """The state of somebody's enrollment in a section, or None."""
    return Enrollment.objects.filter(user=user, section=section, type=type).values_list("state", flat=True).first()


def states_of(user: User) -> dict[tuple[int, str], str]:
    """By section and type, the states of somebody's enrollments."""
    rows = Enrollment.objects.filter(user=user).values_list("section", "type", "state")
    return {(section, type): state for section, type, state in rows}


def as_member(user: User, section: Section) -> Member:
    """Somebody as what they are in the course of this section, in their one role there."""
    (found,) = members_in(section.course, user.pk, by=user)
    return found
