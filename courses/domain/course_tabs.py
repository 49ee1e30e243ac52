"""The pages of a course, and which of them a person is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import BaseType, User
from accounts.permissions.registry import Permission
from courses.access.courses import READING, observer_enrollments
from courses.models import Course, Enrollment


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


def tabs_shown(*, has_grades: bool, has_people: bool) -> list[Tab]:
    """Return the pages, in order, for a person who follows somebody's grades there, sees its people, or neither."""
    tabs = [HOME, ANNOUNCEMENTS, ASSIGNMENTS, SYLLABUS]
    return [*tabs, *([GRADES] if has_grades else []), *([PEOPLE] if has_people else [])]


def tabs_in(
    courses: Collection[Course], keys: Mapping[int, Collection[Permission]], *, by: User
) -> dict[int, list[Tab]]:
    """Return, by course id, the pages that `by` is shown in all views of the course that they have (one statement).

    `keys` are their permissions in each course, by its id.
    """
    mine = Q(user=by, type=BaseType.STUDENT) | Q(pk__in=observer_enrollments(by).values("pk"))
    there = Enrollment.objects.present().filter(mine, section__course__in=courses, state__in=READING).begun()
    followed = {*there.values_list("section__course", flat=True)}
    return {
        course.pk: tabs_shown(has_grades=course.pk in followed, has_people=Permission.READ_ROSTER in keys[course.pk])
        for course in courses
    }
