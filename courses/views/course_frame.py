"""What every page of a course needs: the access check, the frame, and which student an observer looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.models.prepared import prepared
from accounts.web.addresses import addresses
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.site import site_of
from courses.access.courses import CourseAccess, Part, course_access, followed
from courses.access.sight import sight_of
from courses.domain.course_tabs import PEOPLE, Tab, tabs_shown
from courses.models import Course
from courses.visibility import Element

# In the session: by course id, the view that a person with several roles in it chose.
PARTS = "course_parts"


def get_course_access(request: AuthenticatedHttpRequest, course_id: int) -> CourseAccess:
    """Return what the reader is in this course, and the view they chose. Raises Http404 if it does not
    exist for them.
    """
    # Every page says what it says of the site; asked first, it brings the root account.
    site_of(request)
    course = next(iter(_by_id(course_id)), None)
    found = course and course_access(request.user, course)
    if not found:
        raise Http404
    return replace(found, part=_part(request, found)) if found.has_several_parts else found


def enter(request: AuthenticatedHttpRequest, course_id: int, tab: Tab, element: Element) -> CourseAccess:
    """Return what the reader is in this course, who sees of it what this page is for.

    Raises Http404 if it does not exist for them; NotThere if the teacher hides the page, NotAllowed if it is not for
    observers.
    """
    access = get_course_access(request, course_id)
    sight_of(request.user, access).check(tab.id, element)
    return access


@prepared
def _by_id(course_id: int) -> QuerySet[Course]:
    return Course.objects.select_related("term", "account").filter(pk=course_id)


def _part(request: AuthenticatedHttpRequest, access: CourseAccess) -> Part:
    """Return the view of a course for a person with several roles: as `?as=` says, which is kept until they sign out.

    An address about the work of a student they follow shows that, whatever was chosen.
    """
    chosen: dict[str, str] = request.session.get(PARTS, {})
    key, asked = str(access.course.pk), request.GET.get("as")
    if asked in Part.values:
        if chosen.get(key, Part.STAFF) != asked:
            request.session[PARTS] = {**chosen, key: asked}
        return Part(asked)
    students = [*([request.user] if access.is_student else []), *access.observed]
    if request.GET.get("student") in {str(student.pk) for student in students}:
        return Part.LEARNING
    return Part(chosen.get(key, Part.STAFF))


def _learner(access: CourseAccess) -> str | Promise:
    """Return the label of the other view for a person who also helps run the course."""
    if access.is_student and access.observed:
        return _("As student and observer")
    return _("As student") if access.is_student else _("As observer")


def show(
    request: AuthenticatedHttpRequest, access: CourseAccess, tab: Tab, template: str, **context: Any
) -> HttpResponse:
    """Render a page of the course within its frame."""
    students = followed(request.user, access)
    sight = sight_of(request.user, access)
    has_people = access.sees_people and (tab is PEOPLE or not access.learns)
    tabs = tabs_shown(sight, has_grades=bool(students), has_people=has_people)
    frame = {
        "course": access.course,
        "access": access,
        "tabs": [(each, addresses(each.name)(access.course.pk)) for each in tabs],
        "tab": tab,
        "students": students,
        "parts": [(Part.STAFF, _("As staff")), (Part.LEARNING, _learner(access))] if access.has_several_parts else [],
    }
    return render(request, f"courses/{template}", {**frame, **context})


A_YEAR = 365 * 24 * 3600


def _cookie(observer: User) -> str:
    # Canvas's name, so that a choice made in its clients carries over.
    return f"k5_observed_user_for_{observer.pk}"


def remember(response: HttpResponse, observer: User, student: User) -> None:
    """Let the browser keep the choice."""
    response.set_cookie(
        _cookie(observer),
        str(student.pk),
        max_age=A_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def remembered(request: AuthenticatedHttpRequest, students: Sequence[User]) -> User | None:
    """Return the student chosen before, if among `students`; else the first. A forged cookie opens nothing."""
    wanted = request.COOKIES.get(_cookie(request.user))
    return next((student for student in students if str(student.pk) == wanted), next(iter(students), None))


def asked_for(request: AuthenticatedHttpRequest, students: Sequence[User], named: str | None = None) -> User | None:
    """Return the student named in the address or by `?student=`, otherwise the one chosen before.

    Raises Http404 for anyone else's id.
    """
    wanted = named or request.GET.get("student")
    if wanted is None:
        return remembered(request, students)
    for student in students:
        if str(student.pk) == wanted:
            return student
    raise Http404
