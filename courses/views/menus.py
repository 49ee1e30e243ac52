"""What the row of a person on the People page offers to one reader, and User Details as well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import BaseType
from courses.managing import Deed, Remit
from courses.members import FROM
from courses.models import Enrollment

DEEDS: dict[Deed, tuple[str, str | Promise]] = {
    Deed.CONCLUDE: ("course_user_conclude", _("Conclude")),
    Deed.DEACTIVATE: ("course_user_deactivate", _("Deactivate")),
    Deed.REACTIVATE: ("course_user_reactivate", _("Reactivate")),
    Deed.REMOVE: ("course_user_remove", _("Remove from course")),
}


class Option(NamedTuple):
    """One item of a menu: the name of its address, what it says, and the role it is about."""

    page: str
    label: str | Promise
    role_id: int


@dataclass(frozen=True)
class RoleOptions:
    """What is offered for somebody as one of the things they are here."""

    label: str
    options: list[Option]


def options_for(places: Iterable[Enrollment], remit: Remit, *, several_sections: bool) -> list[RoleOptions]:
    """For each role of these enrollments of one person, what the reader may do. No statement."""
    by_role: dict[int, list[Enrollment]] = {}
    for place in places:
        by_role.setdefault(place.role_id, []).append(place)
    found = [RoleOptions(there[0].role.label, _options(there, remit, several_sections)) for there in by_role.values()]
    return [each for each in found if each.options]


def _options(there: list[Enrollment], remit: Remit, several_sections: bool) -> list[Option]:
    role = there[0].role
    own = [place for place in there if place.associated_user_id is None]
    offered: list[tuple[str, str | Promise]] = []
    if several_sections and own and all(remit.may(Deed.MOVE, place) for place in own):
        offered.append(("course_user_sections", _("Edit sections")))
    others = any(other.pk != role.pk for other in remit.roles_to_give())
    if others and all(remit.may(Deed.REMOVE, place) for place in there):
        offered.append(("course_user_role", _("Edit role")))
    if role.base_type == BaseType.OBSERVER and remit.may_link():
        offered.append(("course_link_students", _("Link to Students")))
    for deed, (page, label) in DEEDS.items():
        subject = [place for place in there if place.state in FROM[deed]]
        if subject and all(remit.may(deed, place) for place in subject):
            offered.append((page, label))
    return [Option(page, label, role.pk) for page, label in offered]
