"""Which of several students an observer looks at."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.http import Http404, HttpResponse

from accounts.models import User
from accounts.web.requests import AuthenticatedHttpRequest

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


def asked_for(request: AuthenticatedHttpRequest, students: Sequence[User]) -> User | None:
    """Return the student named by `?student=`, otherwise the one chosen before. Raises Http404 for anyone else's id."""
    wanted = request.GET.get("student")
    if wanted is None:
        return remembered(request, students)
    for student in students:
        if str(student.pk) == wanted:
            return student
    raise Http404
