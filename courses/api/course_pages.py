"""The pages of a course that somebody is shown, and its settings, as the apps read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.pagination import PAGING, page_of
from accounts.errors import NotThere
from courses.access.sight import sight_of
from courses.api import lookups
from courses.api.body_types import CourseSettings, TabBody
from courses.api.content_types import FrontPageBody, GradingPeriodBody, GradingPeriodsBody
from courses.domain.course_tabs import HOME, NEWEST, PEOPLE, Tab, tabs_in
from courses.domain.grading_periods import Period, periods_of
from courses.models import Course
from courses.visibility import Element

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
    access = lookups.access(request, course_id)
    shown = tabs_in([access.course], {access.course.pk: access.permissions}, by=request.user)
    found: list[Any] = tab_bodies(request, access.course, shown[access.course.pk])
    return page_of(request, found, is_small=True)


@endpoint()
def settings(request: ApiRequest, course_id: str) -> CourseSettings:
    """Show the settings of a course; most are the same for all."""
    return settings_of(lookups.access(request, course_id).course)


def settings_of(course: Course) -> CourseSettings:
    """Return the settings of a course."""
    return {
        **SETTINGS,
        "restrict_quantitative_data": course.restrict_quantitative_data,
        "hide_final_grades": course.hide_final_grades,
        "grading_standard_enabled": bool(course.grading_scheme),
    }


@endpoint()
def front_page(request: ApiRequest, course_id: str) -> FrontPageBody:
    """Show the front page of a course."""
    access = lookups.access(request, course_id)
    sight_of(request.user, access).check(HOME.id, Element.HOME)
    course = access.course
    if not course.front_page:
        raise NotThere(_("This course has no front page."))
    return {
        "page_id": course.pk,
        "url": "front-page",
        "title": course.name,
        "body": course.front_page,
        "html_url": request.address(f"/courses/{course.pk}"),
        "created_at": course.created_at,
        "updated_at": course.created_at,
        "published": True,
        "front_page": True,
        "hide_from_students": False,
        "editing_roles": "teachers",
        "locked_for_user": False,
    }


@endpoint()
def grading_periods(request: ApiRequest, course_id: str) -> GradingPeriodsBody:
    """List the grading periods of a course, which are those of its term."""
    found = periods_of(lookups.access(request, course_id).course)
    return {"grading_periods": [_period(each) for each in found]}


def _period(found: Period) -> GradingPeriodBody:
    period, close_at = found.period, found.period.close_at or found.period.end_at
    return {
        "id": period.pk,
        "title": period.title,
        "start_date": period.start_at,
        "end_date": period.end_at,
        "close_date": close_at,
        "weight": None if period.weight is None else float(period.weight),
        "is_closed": close_at <= timezone.now(),
        "is_last": found.is_last,
    }


@endpoint()
def features(request: ApiRequest, course_id: str) -> list[str]:
    """List which of Canvas's features are switched on in a course: none."""
    lookups.access(request, course_id)
    return []


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
