"""What every page of a course needs: the way in, and the frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.requests import SignedInRequest
from courses.models import Course
from courses.visibility import Part, Standing, standing
from courses.work import Status

# In the session: by course id, what somebody with several parts in it chose to look at it as.
PARTS = "course_parts"


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
    """How the reader stands in this course, and as what they look at it. Raises Http404 when there is none for them."""
    course = get_object_or_404(Course.objects.select_related("term", "account"), pk=course_id)
    found = standing(request.user, course)
    if found is None:
        raise Http404
    return replace(found, part=_part(request, found)) if found.has_several_parts else found


def _part(request: SignedInRequest, here: Standing) -> Part:
    """As what somebody with several parts looks at a course: as `?as=` says, which is remembered until they sign out.

    An address about the work of somebody they follow shows that, whatever was chosen.
    """
    chosen: dict[str, str] = request.session.get(PARTS, {})
    key, asked = str(here.course.pk), request.GET.get("as")
    if asked in Part.values:
        if chosen.get(key, Part.STAFF) != asked:
            request.session[PARTS] = {**chosen, key: asked}
        return Part(asked)
    students = [*([request.user] if here.is_student else []), *here.observed]
    if request.GET.get("student") in {str(student.pk) for student in students}:
        return Part.LEARNING
    return Part(chosen.get(key, Part.STAFF))


def followed(reader: User, here: Standing) -> list[User]:
    """Whose work the reader sees here as student or observer: the reader's own first. Nobody's while they run it."""
    if not here.learns:
        return []
    return [*([reader] if here.is_student else []), *here.observed]


def _learner(here: Standing) -> str | Promise:
    """What the other part is called of somebody who runs the course as well."""
    if here.is_student and here.observed:
        return _("As student and observer")
    return _("As student") if here.is_student else _("As observer")


def show(request: SignedInRequest, here: Standing, tab: Tab, template: str, **context: Any) -> HttpResponse:
    """Render a page of the course within its frame."""
    students = followed(request.user, here)
    tabs = [HOME, ANNOUNCEMENTS, ASSIGNMENTS, SYLLABUS]
    tabs += [GRADES] if students else []
    tabs += [PEOPLE] if here.sees_people and (tab is PEOPLE or not here.learns) else []
    frame = {
        "course": here.course,
        "here": here,
        "tabs": tabs,
        "tab": tab,
        "students": students,
        "parts": [(Part.STAFF, _("As staff")), (Part.LEARNING, _learner(here))] if here.has_several_parts else [],
        "Status": Status,
    }
    return render(request, f"courses/{template}", {**frame, **context})
