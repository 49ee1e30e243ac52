"""The menu of actions on a person of a course, on the People page and on User Details."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy as _

from accounts.domain.roles import choices_of
from accounts.models import BaseType
from accounts.web.addresses import addresses
from courses.access.enrollment_actions import EnrollmentAction, EnrollmentPermissions
from courses.domain.members import FROM
from courses.models import Enrollment, Section

# By action, the page that asks about it, and what that does.
ACTIONS: dict[EnrollmentAction, tuple[str, str | Promise]] = {
    EnrollmentAction.CONCLUDE: ("course_user_conclude", _("Conclude")),
    EnrollmentAction.DEACTIVATE: ("course_user_deactivate", _("Deactivate")),
    EnrollmentAction.REACTIVATE: ("course_user_reactivate", _("Reactivate")),
    EnrollmentAction.REMOVE: ("course_user_remove", _("Remove from course")),
}
SECTIONS, ROLE, LINK = "course_user_sections", "course_user_role", "course_link_students"
LABELS: dict[str, str | Promise] = {
    SECTIONS: _("Edit sections"),
    ROLE: _("Edit role"),
    LINK: _("Link to Students"),
    **dict(ACTIONS.values()),
}


class Item(NamedTuple):
    """Where an item of a menu leads, and what it says."""

    address: str
    label: str


class Menu:
    """What the reader may do with the people of a course. What is the same for all of them is looked up once."""

    def __init__(self, rights: EnrollmentPermissions, sections: Sequence[Section]) -> None:
        self._rights = rights
        self._has_sections = len(sections) > 1
        self._to_give = {role.pk for role in rights.roles_to_give()}
        self._items = {page: (addresses(page, rights.course.pk), escape(str(label))) for page, label in LABELS.items()}

    def of(self, person_id: int, enrollments: Iterable[Enrollment]) -> list[Item]:
        """Return what the reader may do, in each role, to the person of these enrollments (no statement)."""
        by_role: dict[int, list[Enrollment]] = {}
        for enrollment in enrollments:
            by_role.setdefault(enrollment.role_id, []).append(enrollment)
        roles = choices_of(there[0].role for there in by_role.values())
        offered = [(each, page) for each in roles for page in self._pages(by_role[each.role.pk])]
        several = len({each.role.pk for each, _page in offered}) > 1

        def item(role_id: int, name: str, page: str) -> Item:
            address, label = self._items[page]
            return Item(
                f"{address(person_id)}?role={role_id}", format_html("{} ({})", label, name) if several else label
            )

        return [item(each.role.pk, each.name, page) for each, page in offered]

    def _pages(self, there: list[Enrollment]) -> Iterator[str]:
        """Yield the pages that are open to the reader for somebody with these enrollments in one role."""
        role, may = there[0].role, self._rights.may
        own = [enrollment for enrollment in there if enrollment.associated_user_id is None]
        if self._has_sections and own and all(may(EnrollmentAction.MOVE, enrollment) for enrollment in own):
            yield SECTIONS
        if self._to_give - {role.pk} and all(may(EnrollmentAction.REMOVE, enrollment) for enrollment in there):
            yield ROLE
        if role.base_type == BaseType.OBSERVER and self._rights.may_link():
            yield LINK
        for action, (page, _label) in ACTIONS.items():
            subject = [enrollment for enrollment in there if enrollment.state in FROM[action]]
            if subject and all(may(action, enrollment) for enrollment in subject):
                yield page
