"""The People page and User Details: for staff who may see the roster."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.models import BaseType, User
from accounts.paging import page_of, search_words
from accounts.requests import SignedInRequest
from courses.linking import observing_in
from courses.managing import Remit, remit_of
from courses.models import Enrollment
from courses.people import Shown, Sort, View, lines, observers_in, observers_of, roles_in, roster, searched, settled_in
from courses.sections import sections_open_to
from courses.views import inside
from courses.views.menus import options_for
from courses.visibility import Part, Standing


def enter(request: SignedInRequest, course_id: int) -> Standing:
    """How the reader stands in this course, where they see its people. Raises Http404, PermissionDenied."""
    here = inside.enter(request, course_id)
    if not here.sees_people:
        raise PermissionDenied(_("The list of people is for the course's teachers and the school's staff."))
    return replace(here, part=Part.STAFF)


@login_required
def index(request: SignedInRequest, course_id: int) -> HttpResponse:
    """The roster: one line for each person, to be searched, filtered and sorted."""
    here = enter(request, course_id)
    asked, words = request.GET, search_words(request.GET.get("search"))
    by = request.user
    roles, sections = list(roles_in(here.course, by=by)), list(sections_open_to(by, here.course))
    role = next((role for role in roles if str(role.pk) == asked.get("role")), None)
    section = next((section for section in sections if str(section.pk) == asked.get("section")), None)
    view = View(
        role_id=role.pk if role else None,
        section_id=section.pk if section else None,
        shown=_choice(Shown, asked.get("state"), Shown.CURRENT),
        sort=_choice(Sort, asked.get("sort"), Sort.NAME),
        descending=asked.get("order") == "desc",
    )
    is_filtered = bool(role or section or view.shown is not Shown.CURRENT)
    found = searched(roster(here.course, view, by=by), words, here.permissions, known=settled_in(here.course, by=by))
    page = page_of(found, asked.get("page"))
    remit = remit_of(request.user, here.course)
    context = {
        "page": page,
        "rows": [(line, _options(line.person, remit, sections)) for line in lines(page.items)],
        "words": words,
        "roles": roles,
        "sections": sections,
        "view": view,
        "states": Shown.choices,
        "is_narrowed": bool(words) or is_filtered,
        "is_filtered": is_filtered,
        "columns": _columns(view),
        "may_add": bool(remit.roles_to_give()),
    }
    return inside.show(request, here, inside.PEOPLE, "people.html", **context)


def _choice(choices: Any, wanted: str | None, otherwise: Any) -> Any:
    return choices(wanted) if wanted in choices.values else otherwise


def _columns(view: View) -> dict[str, dict[str, str]]:
    """By column to sort by: the label, how it is sorted now, and the order a click would give."""
    return {
        sort.value: {
            "label": str(sort.label),
            "sorted": ("descending" if view.descending else "ascending") if sort is view.sort else "",
            "order": "desc" if sort is view.sort and not view.descending else "asc",
        }
        for sort in Sort
    }


def _options(person: User, remit: Remit, sections: list[Any]) -> list[Any]:
    return options_for(person.places, remit, several_sections=len(sections) > 1)  # type: ignore[attr-defined]


@login_required
def show(request: SignedInRequest, course_id: int, user_id: int) -> HttpResponse:
    """User Details: one person of this course, and for a student who observes them."""
    here = enter(request, course_id)
    person = get_object_or_404(roster(here.course, by=request.user), pk=user_id)
    places: list[Enrollment] = person.places  # type: ignore[attr-defined]
    types = {place.type for place in places}
    # Of somebody who is invited only the name is told.
    is_known_student = BaseType.STUDENT in types and person.is_settled  # type: ignore[attr-defined]
    sees_links = is_known_student and "manage_user_observers" in here.permissions
    remit = remit_of(request.user, here.course)
    context = {
        "person": person,
        "role_options": _options(person, remit, list(sections_open_to(request.user, here.course))),
        "sees_links": sees_links,
        "is_student": BaseType.STUDENT in types,
        "observers": observers_of(person) if sees_links else [],
        "observers_here": _observers_here(person, here, request.user, sees_links) if BaseType.STUDENT in types else [],
        "by_link": _by_link(request.user, person, here) if BaseType.OBSERVER in types else frozenset(),
        "sees_grades": is_known_student and "view_all_grades" in here.permissions,
    }
    return inside.show(request, here, inside.PEOPLE, "person.html", **context)


def _observers_here(student: User, here: Standing, by: User, sees_links: bool) -> list[Enrollment]:
    """Everybody whom the People page shows as an observer of this student, but those listed by their links already."""
    found = observers_in(student, here.course, by=by)
    return [place for place in found if not (sees_links and place.is_by_link)]  # type: ignore[attr-defined]


def _by_link(by: User, observer: User, here: Standing) -> frozenset[int]:
    """The ids of the enrollments that are there because of a link."""
    return frozenset(observing_in(here.course, observer, by=by, linked=True).values_list("pk", flat=True))
