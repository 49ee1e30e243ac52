"""The pages of a course that somebody is shown, and its settings, as the apps read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.pagination import PAGING, page_of
from accounts.errors import NotAllowed
from courses.access.courses import CourseAccess, course_access
from courses.api import lookups
from courses.api.body_types import CourseSettings, TabBody
from courses.domain.course_tabs import NEWEST, PEOPLE, Tab, tabs_in
from courses.models import Course

endpoint = in_group("Courses")

# The same for all courses, but for what `settings_of` says, in Canvas's words. Students and observers see no course
# before it begins, and students every course that they were in when it is over; nobody writes there.
SETTINGS: CourseSettings = {
    "allow_student_discussion_topics": False,
    "allow_student_forum_attachments": False,
    "allow_student_discussion_editing": False,
    "allow_student_organized_groups": False,
    "lock_all_announcements": True,
    "show_announcements_on_home_page": True,
    "home_page_announcement_limit": NEWEST,
    "syllabus_course_summary": True,
    "restrict_student_past_view": False,
    "restrict_student_future_view": True,
    "restrict_quantitative_data": False,
    "hide_final_grades": False,
    "hide_distribution_graphs": True,
    "hide_sections_on_course_users_page": False,
    "grading_standard_enabled": False,
    "grading_standard_id": None,
    "filter_speed_grader_by_student_group": False,
    "usage_rights_required": False,
    "homeroom_course": False,
    "conditional_release": False,
}


@endpoint(*PAGING)
def tabs(request: ApiRequest, course_id: str) -> list[TabBody]:
    """List the pages of a course that the caller is shown."""
    access = _access(request, course_id)
    shown = tabs_in([access.course], {access.course.pk: access.permissions}, by=request.user)
    found: list[Any] = tab_bodies(request, access.course, shown[access.course.pk])
    return page_of(request, found, is_small=True)


@endpoint()
def settings(request: ApiRequest, course_id: str) -> CourseSettings:
    """Show the settings of a course; most are the same for all."""
    return settings_of(_access(request, course_id).course)


def settings_of(course: Course) -> CourseSettings:
    """Return the settings of a course."""
    return {
        **SETTINGS,
        "restrict_quantitative_data": course.restrict_quantitative_data,
        "hide_final_grades": course.hide_final_grades,
        "grading_standard_enabled": bool(course.grading_scheme),
    }


@endpoint()
def features(request: ApiRequest, course_id: str) -> list[str]:
    """List which of Canvas's features are switched on in a course: none."""
    _access(request, course_id)
    return []


def _access(request: ApiRequest, course_id: str) -> CourseAccess:
    found = course_access(request.user, lookups.course(request, course_id))
    if found is None:
        raise NotAllowed
    return found


def tab_bodies(request: ApiRequest, course: Course, shown: Iterable[Tab]) -> list[TabBody]:
    """Return the pages of a course, in their order."""
    return [_tab(request, reverse(tab.name, args=[course.pk]), tab, number) for number, tab in enumerate(shown, 1)]


def _tab(request: ApiRequest, path: str, tab: Tab, position: int) -> TabBody:
    return {
        "id": tab.id,
        "label": str(tab.label),
        "html_url": path,
        "full_url": request.address(path),
        "type": "internal",
        "visibility": "admins" if tab is PEOPLE else "members",
        "position": position,
    }
