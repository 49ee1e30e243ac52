"""The pages of a course, and which of them a person is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions.registry import Permission
from courses.access.sight import Sight, sights_in
from courses.models import Course
from courses.visibility import Element


class Tab(NamedTuple):
    """A page of a course: what Canvas's clients call it, the name of its address, and its label."""

    id: str
    name: str
    label: str | Promise


HOME = Tab("home", "course", _("Home"))
ANNOUNCEMENTS = Tab("announcements", "course_announcements", _("Announcements"))
ASSIGNMENTS = Tab("assignments", "course_assignments", _("Assignments"))
SYLLABUS = Tab("syllabus", "course_syllabus", _("Syllabus"))
GRADES = Tab("grades", "course_grades", _("Grades"))
PEOPLE = Tab("people", "course_people", _("People"))
# How many announcements stand on the home page.
NEWEST = 3


# Those that a teacher can hide, with what of the course stands on them.
HIDEABLE = {
    ANNOUNCEMENTS: Element.ANNOUNCEMENTS,
    ASSIGNMENTS: Element.ASSIGNMENTS,
    SYLLABUS: Element.SYLLABUS,
    GRADES: Element.STATUS,
}


def tabs_shown(sight: Sight, *, has_grades: bool, has_people: bool) -> list[Tab]:
    """Return the pages, in order, for a person who follows somebody's grades there, sees its people, or neither."""
    tabs = [HOME, ANNOUNCEMENTS, ASSIGNMENTS, SYLLABUS]
    tabs = [*tabs, *([GRADES] if has_grades else []), *([PEOPLE] if has_people else [])]
    return [tab for tab in tabs if sight.opens(tab.id, HIDEABLE.get(tab, Element.HOME)) or tab is PEOPLE]


def tabs_in(
    courses: Collection[Course], keys: Mapping[int, Collection[Permission]], *, by: User
) -> dict[int, list[Tab]]:
    """Return, by course id, the pages that `by` is shown in all views of the course that they have (one statement).

    `keys` are their permissions in each course, by its id.
    """
    sights = sights_in(courses, keys, by=by)
    return {
        course.pk: tabs_shown(
            sights[course.pk],
            has_grades=sights[course.pk].follows,
            has_people=Permission.READ_ROSTER in keys[course.pk],
        )
        for course in courses
    }
