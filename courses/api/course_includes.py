"""Courses with what is asked for besides: for any number of courses in the same few statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from accounts.api.bodies import account_body
from accounts.api.body_types import AccountBody
from accounts.api.endpoints import ApiRequest
from accounts.models import User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import permissions_on
from courses.access.sight import may_be_limited, sights_in
from courses.api.bodies import course_body
from courses.api.body_types import CourseBody, TeacherBody
from courses.api.course_pages import settings_of, tab_bodies
from courses.domain.course_tabs import SYLLABUS, tabs_in
from courses.domain.courses import is_over
from courses.domain.rosters import count_students, teachers_in, told_of_people
from courses.models import Course
from courses.visibility import Element

WORDS = {
    "term": "the course's term",
    "syllabus_body": "the syllabus, as HTML, if the caller is shown that page",
    "permissions": "what the apps may offer in it",
    "teachers": "those who teach it, by name, for whoever is in it or sees its people",
    "total_students": "how many students there are now, for the same readers",
    "account_name": "the name of its account",
    "concluded": "whether it was concluded, or its end, or its term's, has come",
    "favorites": "whether the caller has marked it: always false",
    "course_image": "the address of its picture, always null",
    "grading_scheme": "how scores become grades, as pairs of a name and the least part of 1",
    "account": "its account",
    "tabs": "the pages of it that the caller is shown",
    "settings": "its settings",
    "total_scores": "the scores of students, for whoever may see them; they always come",
    "license": "it always comes",
    "is_public": "it always comes",
    "public_description": "it always comes, and is null",
}
# What Canvas has besides.
ABSENT = (
    *("needs_grading_count", "current_grading_period_scores", "grading_periods", "course_progress", "banner_image"),
    *("storage_quota_used_mb", "passback_status", "post_manually", "all_courses", "lti_context_id"),
)


def course_bodies(
    request: ApiRequest, courses: list[Course], keys: Mapping[int, frozenset[Permission]]
) -> list[CourseBody]:
    """Return courses with what `include[]` asks for; `keys` are the caller's permissions in each, by its id."""
    include = request.include
    told = told_of_people(courses, keys, by=request.user) if {"teachers", "total_students"} & include else set()
    teachers = teachers_in(courses) if "teachers" in include else {}
    students = count_students(courses) if "total_students" in include else {}
    tabs = tabs_in(courses, keys, by=request.user) if "tabs" in include else {}
    accounts = _accounts(request, courses) if "account" in include else {}
    limited = [course for course in courses if "syllabus_body" in include and may_be_limited(course, request.root)]
    sights = sights_in(limited, keys, by=request.user) if limited else {}
    found = []
    for course in courses:
        body = course_body(course, request.root, keys[course.pk], include)
        _add_what_the_course_says(body, course, include)
        if "teachers" in include and course.pk in told:
            body["teachers"] = [_teacher(request, course, each) for each in teachers.get(course.pk, ())]
        if "total_students" in include and course.pk in told:
            body["total_students"] = students.get(course.pk, 0)
        if course.account_id in accounts:
            body["account"] = accounts[course.account_id]
        if "syllabus_body" in include:
            has_syllabus = course.pk not in sights or sights[course.pk].opens(SYLLABUS.id, Element.SYLLABUS)
            body["syllabus_body"] = (course.syllabus_body or None) if has_syllabus else None
        if course.pk in tabs:
            body["tabs"] = tab_bodies(request, course, tabs[course.pk])
        found.append(body)
    return found


def _add_what_the_course_says(body: CourseBody, course: Course, include: Collection[str]) -> None:
    if "account_name" in include:
        body["account_name"] = course.account.name
    if "concluded" in include:
        body["concluded"] = is_over(course)
    if "favorites" in include:
        body["is_favorite"] = False
    if "course_image" in include:
        body["image_download_url"] = None
    if "grading_scheme" in include:
        body["grading_scheme"] = course.grading_scheme
    if "settings" in include:
        body["settings"] = settings_of(course)


def _accounts(request: ApiRequest, courses: list[Course]) -> dict[int, AccountBody]:
    accounts = {course.account_id: course.account for course in courses}
    keys = permissions_on(request.user, accounts.values())
    return {pk: account_body(account, request.root, keys[pk]) for pk, account in accounts.items()}


def _teacher(request: ApiRequest, course: Course, teacher: User) -> TeacherBody:
    return {
        "id": teacher.pk,
        "display_name": teacher.short_name,
        "avatar_image_url": None,
        "html_url": request.address(f"/courses/{course.pk}/users/{teacher.pk}"),
        "pronouns": teacher.pronouns or None,
    }
