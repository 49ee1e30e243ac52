"""The menu of a person's row on the People page, for one reader, and of User Details as well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import BaseType
from courses.access.enrollment_actions import EnrollmentAction, EnrollmentPermissions
from courses.domain.members import FROM
from courses.models import Enrollment

ACTIONS: dict[EnrollmentAction, tuple[str, str | Promise]] = {
    EnrollmentAction.CONCLUDE: ("course_user_conclude", _("Conclude")),
    EnrollmentAction.DEACTIVATE: ("course_user_deactivate", _("Deactivate")),
    EnrollmentAction.REACTIVATE: ("course_user_reactivate", _("Reactivate")),
    EnrollmentAction.REMOVE: ("course_user_remove", _("Remove from course")),
}


class Option(NamedTuple):
    """One item of a menu: the name of its address, its label, and the role it is about."""

    page: str
    label: str | Promise
    role_id: int


@dataclass(frozen=True)
class RoleOptions:
    """The options for a person in one of their roles here."""

    label: str
    options: list[Option]


def options_for(
    enrollments: Iterable[Enrollment], rights: EnrollmentPermissions, *, several_sections: bool
) -> list[RoleOptions]:
    """Return, for each role of these enrollments of one person, what the reader may do. No statement."""
    by_role: dict[int, list[Enrollment]] = {}
    for enrollment in enrollments:
        by_role.setdefault(enrollment.role_id, []).append(enrollment)
    found = [RoleOptions(there[0].role.label, _options(there, rights, several_sections)) for there in by_role.values()]
    return [each for each in found if each.options]


def _options(there: list[Enrollment], rights: EnrollmentPermissions, several_sections: bool) -> list[Option]:
    role = there[0].role
    own = [enrollment for enrollment in there if enrollment.associated_user_id is None]
    offered: list[tuple[str, str | Promise]] = []
    if several_sections and own and all(rights.may(EnrollmentAction.MOVE, enrollment) for enrollment in own):
        offered.append(("course_user_sections", _("Edit sections")))
    others = any(other.pk != role.pk for other in rights.roles_to_give())
    if others and all(rights.may(EnrollmentAction.REMOVE, enrollment) for enrollment in there):
        offered.append(("course_user_role", _("Edit role")))
    if role.base_type == BaseType.OBSERVER and rights.may_link():
        offered.append(("course_link_students", _("Link to Students")))
    for action, (page, label) in ACTIONS.items():
        subject = [enrollment for enrollment in there if enrollment.state in FROM[action]]
        if subject and all(rights.may(action, enrollment) for enrollment in subject):
            offered.append((page, label))
    return [Option(page, label, role.pk) for page, label in offered]
