"""The People page and User Details: for staff who may see the roster."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.models import BaseType
from accounts.paging import page_of, search_words
from accounts.requests import SignedInRequest
from courses.people import lines, observers_of, roles_in, roster, searched
from courses.views import inside
from courses.visibility import Standing


def _enter(request: SignedInRequest, course_id: int) -> Standing:
    here = inside.enter(request, course_id)
    if not here.sees_people:
        raise PermissionDenied(_("The list of people is for the course's teachers and the school's staff."))
    return here


@login_required
def index(request: SignedInRequest, course_id: int) -> HttpResponse:
    """The roster: one line for each person, to be searched and filtered by role."""
    here = _enter(request, course_id)
    words = search_words(request.GET.get("search"))
    roles = list(roles_in(here.course))
    role = next((role for role in roles if str(role.pk) == request.GET.get("role")), None)
    found = searched(roster(here.course, role.pk if role else None), words, here.permissions)
    page = page_of(found, request.GET.get("page"))
    context = {"page": page, "lines": lines(page.items), "words": words, "roles": roles, "role": role}
    return inside.show(request, here, inside.PEOPLE, "people.html", **context)


@login_required
def show(request: SignedInRequest, course_id: int, user_id: int) -> HttpResponse:
    """User Details: one person of this course, and for a student who observes them."""
    here = _enter(request, course_id)
    person = get_object_or_404(roster(here.course), pk=user_id)
    is_student = any(place.type == BaseType.STUDENT for place in person.places)  # type: ignore[attr-defined]
    sees_observers = is_student and "manage_user_observers" in here.permissions
    context = {
        "person": person,
        "sees_observers": sees_observers,
        "observers": observers_of(person) if sees_observers else [],
    }
    return inside.show(request, here, inside.PEOPLE, "person.html", **context)
