"""The menu of actions on a person of a course, on the People page and on User Details."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.domain.roles import choices_of
from accounts.models import BaseType, Role
from accounts.web.addresses import addresses
from courses.access.enrollment_actions import EnrollmentAction, EnrollmentPermissions, Kind
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


# What gives the address of a page about a person, and what follows it in the link: the role, and the label.
Link = tuple[Callable[[int], str], SafeString]


class Menu:
    """What the reader may do with the people of a course. What is the same for all of them is looked up once, and links
    that differ by the person only are written once.
    """

    def __init__(self, rights: EnrollmentPermissions, sections: Sequence[Section], *, has_details: bool) -> None:
        self._rights = rights
        self._has_details = has_details
        self._has_sections = len(sections) > 1
        self._to_give = {role.pk for role in rights.roles_to_give()}
        self._links: dict[tuple[Kind, ...], list[Link]] = {}

    def of(self, person_id: int, enrollments: Iterable[Enrollment]) -> SafeString:
        """Return links to what the reader may do, in each role, to the person of these enrollments; before them, where
        the menu is not on that page itself, one to User Details (no statement).
        """
        there = {self._rights.kind_of(enrollment): enrollment for enrollment in enrollments}
        kinds = tuple(there)
        if kinds not in self._links:
            self._links[kinds] = self._links_for({kind.role_id: one.role for kind, one in there.items()}, kinds)
        return SafeString("".join([f'<a href="{address(person_id)}{rest}' for address, rest in self._links[kinds]]))

    def _links_for(self, roles: Mapping[int, Role], there: Iterable[Kind]) -> list[Link]:
        """Return the links for whoever has enrollments of these kinds, in these roles by id."""
        by_role: dict[int, list[Kind]] = {pk: [] for pk in roles}
        for kind in there:
            by_role[kind.role_id].append(kind)
        offered = [
            (each, page)
            for each in choices_of(roles.values())
            for page in self._pages(each.role, by_role[each.role.pk])
        ]
        several = len({each.role.pk for each, _page in offered}) > 1

        def link(role_id: int, name: str, page: str) -> Link:
            label = f"{LABELS[page]} ({name})" if several else LABELS[page]
            return addresses(page, self._rights.course.pk), format_html('?role={}">{}</a>', role_id, label)

        details = addresses("course_user", self._rights.course.pk), format_html('">{}</a>', _("User Details"))
        first = [details] if self._has_details else []
        return first + [link(each.role.pk, each.name, page) for each, page in offered]

    def _pages(self, role: Role, there: Sequence[Kind]) -> Iterator[str]:
        """Yield the pages that are open to the reader for somebody with such enrollments in one role."""
        may = self._rights.may_with
        own = [kind for kind in there if not kind.is_observing]
        if self._has_sections and own and all(may(kind, EnrollmentAction.MOVE) for kind in own):
            yield SECTIONS
        if self._to_give - {role.pk} and all(may(kind, EnrollmentAction.REMOVE) for kind in there):
            yield ROLE
        if role.base_type == BaseType.OBSERVER and self._rights.may_link():
            yield LINK
        for action, (page, _label) in ACTIONS.items():
            subject = [kind for kind in there if kind.state in FROM[action]]
            if subject and all(may(kind, action) for kind in subject):
                yield page
