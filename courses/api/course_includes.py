"""Courses with what is asked for besides: for any number of courses in the same few statements."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.api.endpoints import ApiRequest
from accounts.models import User
from accounts.permissions.registry import Permission
from courses.api.bodies import course_body
from courses.api.body_types import CourseBody, TeacherBody
from courses.domain.courses import is_over
from courses.domain.rosters import count_students, teachers_in, told_of_people
from courses.models import Course

WORDS = {
    "term": "the course's term",
    "syllabus_body": "the syllabus, as HTML",
    "permissions": "what the apps may offer in it",
    "teachers": "those who teach it, by name, for whoever is in it or sees its people",
    "total_students": "how many students there are now, for the same readers",
    "account_name": "the name of its account",
    "concluded": "whether it was concluded, or its end, or its term's, has come",
    "favorites": "whether the caller has marked it: always false",
    "course_image": "the address of its picture, always null",
    "grading_scheme": "how scores become grades, always null",
}


def course_bodies(
    request: ApiRequest, courses: list[Course], keys: Mapping[int, frozenset[Permission]]
) -> list[CourseBody]:
    """Return courses with what `include[]` asks for; `keys` are the caller's permissions in each, by its id."""
    include = request.include
    told = told_of_people(courses, keys, by=request.user) if {"teachers", "total_students"} & include else set()
    teachers = teachers_in(courses) if "teachers" in include else {}
    students = count_students(courses) if "total_students" in include else {}
    found = []
    for course in courses:
        body = course_body(course, request.root, keys[course.pk], include)
        if "teachers" in include and course.pk in told:
            body["teachers"] = [_teacher(request, course, each) for each in teachers.get(course.pk, ())]
        if "total_students" in include and course.pk in told:
            body["total_students"] = students.get(course.pk, 0)
        if "account_name" in include:
            body["account_name"] = course.account.name
        if "concluded" in include:
            body["concluded"] = is_over(course)
        if "favorites" in include:
            body["is_favorite"] = False
        if "course_image" in include:
            body["image_download_url"] = None
        if "grading_scheme" in include:
            body["grading_scheme"] = None
        found.append(body)
    return found


def _teacher(request: ApiRequest, course: Course, teacher: User) -> TeacherBody:
    return {
        "id": teacher.pk,
        "display_name": teacher.short_name,
        "avatar_image_url": None,
        "html_url": request.address(f"/courses/{course.pk}/users/{teacher.pk}"),
        "pronouns": teacher.pronouns or None,
    }
