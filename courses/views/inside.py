"""What every page of a course needs: the way in, and the frame."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.requests import SignedInRequest
from courses.models import Course
from courses.visibility import Standing, standing
from courses.work import Status


class Tab(NamedTuple):
    """A page of a course, by the name of its address."""

    name: str
    label: str | Promise


HOME = Tab("course", _("Home"))
ANNOUNCEMENTS = Tab("course_announcements", _("Announcements"))
ASSIGNMENTS = Tab("course_assignments", _("Assignments"))
SYLLABUS = Tab("course_syllabus", _("Syllabus"))
GRADES = Tab("course_grades", _("Grades"))
PEOPLE = Tab("course_people", _("People"))


def enter(request: SignedInRequest, course_id: int) -> Standing:
    """How the reader stands in this course. Raises Http404 when for this reader there is none."""
    course = get_object_or_404(Course.objects.select_related("term", "account"), pk=course_id)
    found = standing(request.user, course)
    if found is None:
        raise Http404
    return found


def followed(reader: User, here: Standing) -> list[User]:
    """Whose work the reader may see here as student or observer: the reader's own first."""
    return [*([reader] if here.is_student else []), *here.observed]


def show(request: SignedInRequest, here: Standing, tab: Tab, template: str, **context: Any) -> HttpResponse:
    """Render a page of the course within its frame."""
    students = followed(request.user, here)
    tabs = [HOME, ANNOUNCEMENTS, ASSIGNMENTS, SYLLABUS]
    tabs += [GRADES] if students else []
    tabs += [PEOPLE] if here.sees_people else []
    frame = {
        "course": here.course,
        "here": here,
        "tabs": tabs,
        "tab": tab,
        "students": students,
        "Status": Status,
    }
    return render(request, f"courses/{template}", {**frame, **context})
