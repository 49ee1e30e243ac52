"""The rows of the People page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.web.addresses import addresses
from courses.domain.roster_lines import Line, role_there, state_there
from courses.models import Course, Enrollment
from courses.views.person_menu import Menu

NOT_SHOWN = "–"
# What a row says of a person is made of these.
OF_A_PERSON = ("name", "short_name", "sortable_name", "pronouns", "login_id", "sis_user_id")


class Row(TypedDict):
    """One line of the roster as the page shows it: what may be known of a person, where they are, as what, the way to
    User Details, and the menu. Of a dictionary a template gets what it names at the first try.
    """

    name: str
    login: str
    sis_id: str
    sections: SafeString
    roles: SafeString
    address: str
    menu_title: str
    menu: SafeString


def rows_of(shown: Iterable[Line], menu: Menu, course: Course) -> list[Row]:
    """Return the rows for these lines. What many of them say alike is written once."""
    address, title = addresses("course_user", course.pk), _("Options for %(name)s")
    written: dict[tuple[object, ...], SafeString] = {}

    def row(line: Line) -> Row:
        person, is_known, sections, roles = line.person, line.is_settled, line.sections, line.roles
        where = ("sections", *sections)
        if where not in written:
            written[where] = _listed(section.name for section in sections.values())
        what = ("roles", *roles)
        if what not in written:
            written[what] = _listed(map(_role, roles.values()))
        return Row(
            name=person.listed_name,
            login=person.login_id if is_known else NOT_SHOWN,
            sis_id=(is_known and person.sis_user_id) or NOT_SHOWN,
            sections=written[where],
            roles=written[what],
            address=address(person.pk),
            menu_title=title % {"name": person.short_name},
            menu=menu.of(person.pk, line.enrollments),
        )

    return [row(line) for line in shown]


def _listed(items: Iterable[str]) -> SafeString:
    return format_html('<ul class="lines">{}</ul>', format_html_join("", "<li>{}</li>", ((each,) for each in items)))


def _role(enrollment: Enrollment) -> str:
    """Return as what somebody is there, and the state unless they simply are."""
    if enrollment.state == Enrollment.State.ACTIVE:
        return role_there(enrollment)
    return format_html('{} <span class="badge">{}</span>', role_there(enrollment), state_there(enrollment))
