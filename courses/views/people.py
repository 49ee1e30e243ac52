"""The People page and User Details, for staff who may see the roster."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.utils.translation import gettext

from accounts.domain.roles import choices_of
from accounts.models import BaseType, Role, User
from accounts.permissions.registry import Permission
from accounts.web.pages import ActionPage
from accounts.web.pagination import page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from courses.access.courses import CourseAccess, Part
from courses.access.enrollment_actions import enrollment_permissions
from courses.domain import course_tabs
from courses.domain.course_observers import observing_in
from courses.domain.roster_lines import line_of, lines
from courses.domain.rosters import (
    ObserverHere,
    Shown,
    Sort,
    View,
    observers_in,
    observers_of,
    roles_in,
    roster,
    searched,
    settled_in,
)
from courses.domain.sections import list_sections_open_to
from courses.models import Section
from courses.views import course_frame
from courses.views.person_menu import Menu
from courses.views.roster_rows import OF_A_PERSON, rows_of


def get_people_access(request: AuthenticatedHttpRequest, course_id: int) -> CourseAccess:
    """Return what the reader is in this course, if they see its people. Raises Http404, PermissionDenied."""
    access = course_frame.get_course_access(request, course_id)
    if not access.sees_people:
        raise PermissionDenied(gettext("Only the course's teachers and the school's staff can see the list of people."))
    return replace(access, part=Part.STAFF)


class PeoplePage(ActionPage):
    """The frame of a course's people around a form or a question."""

    def enter(self, course_id: int, **ids: Any) -> None:
        self.access = get_people_access(self.request, course_id)
        self.find(**ids)

    def find(self, *args: Any, **ids: Any) -> None:
        """Look up what else the page is about. Raises Http404, PermissionDenied, NotAllowed."""

    def show(self, **context: Any) -> HttpResponse:
        context = {**self.facts(), **context}
        return course_frame.show(self.request, self.access, course_tabs.PEOPLE, self.template, **context)


@login_required
def index(request: AuthenticatedHttpRequest, course_id: int) -> HttpResponse:
    """Show the roster: one line for each person, with search, filters and sorting."""
    access, by = get_people_access(request, course_id), request.user
    roles, sections = roles_in(access.course, by=by), list_sections_open_to(by, access.course)
    view, words = _view(request.GET, roles, sections), search_words(request.GET.get("search"))
    is_filtered = bool(view.role_id or view.section_id or view.shown is not Shown.CURRENT)
    known = settled_in(access.course, by=by) if words else None
    found = searched(roster(access.course, view, by=by), words, access.permissions, known=known)
    page = page_of(found.only(*OF_A_PERSON), request.GET.get("page"))
    rights = enrollment_permissions(by, access.course)
    shown, menu = lines(page.items, access.course, by=by), Menu(rights, sections, has_details=True)
    context = {
        "page": page,
        "rows": rows_of(shown, menu, access.course),
        "sees_logins": Permission.VIEW_USER_LOGINS in access.permissions,
        "sees_sis_ids": Permission.READ_SIS in access.permissions,
        "words": words,
        "roles": choices_of(roles),
        "sections": sections,
        "view": view,
        "states": Shown.choices,
        "is_narrowed": bool(words) or is_filtered,
        "is_filtered": is_filtered,
        "columns": _columns(view),
        "may_add": bool(rights.roles_to_give()),
    }
    return course_frame.show(request, access, course_tabs.PEOPLE, "people.html", **context)


def _view(asked: QueryDict, roles: list[Role], sections: list[Section]) -> View:
    """Return what the reader asks to see of the roster, as far as there is such a thing."""
    role = next((role for role in roles if str(role.pk) == asked.get("role")), None)
    section = next((section for section in sections if str(section.pk) == asked.get("section")), None)
    return View(
        role_id=role.pk if role else None,
        section_id=section.pk if section else None,
        shown=_choice(Shown, asked.get("state"), Shown.CURRENT),
        sort=_choice(Sort, asked.get("sort"), Sort.NAME),
        descending=asked.get("order") == "desc",
    )


def _choice(choices: Any, wanted: str | None, otherwise: Any) -> Any:
    return choices(wanted) if wanted in choices.values else otherwise


def _columns(view: View) -> dict[str, dict[str, str]]:
    """Return, by column to sort by, the label, the current order, and the order after a click."""
    return {
        sort.value: {
            "label": str(sort.label),
            "sorted": ("descending" if view.descending else "ascending") if sort is view.sort else "",
            "order": "desc" if sort is view.sort and not view.descending else "asc",
        }
        for sort in Sort
    }


@login_required
def show(request: AuthenticatedHttpRequest, course_id: int, user_id: int) -> HttpResponse:
    """Show User Details: one person of this course, and for a student the people who observe them."""
    access = get_people_access(request, course_id)
    line = line_of(access.course, user_id, by=request.user)
    if line is None:
        raise Http404
    person = line.person
    types = {one.type for one in line.enrollments}
    # For an invited person only the name is shown.
    is_known_student = BaseType.STUDENT in types and line.is_settled
    sees_links = is_known_student and Permission.MANAGE_USER_OBSERVERS in access.permissions
    rights = enrollment_permissions(request.user, access.course)
    sections = list_sections_open_to(request.user, access.course)
    context = {
        "line": line,
        "person": person,
        "menu": Menu(rights, sections, has_details=False).of(person.pk, line.enrollments),
        "sees_links": sees_links,
        "is_student": BaseType.STUDENT in types,
        "observers": observers_of(person) if sees_links else [],
        "observers_here": _observers_here(person, access, request.user, sees_links)
        if BaseType.STUDENT in types
        else [],
        "by_link": _by_link(request.user, person, access) if BaseType.OBSERVER in types else frozenset(),
        "sees_grades": is_known_student and Permission.VIEW_ALL_GRADES in access.permissions,
    }
    return course_frame.show(request, access, course_tabs.PEOPLE, "person.html", **context)


def _observers_here(student: User, access: CourseAccess, by: User, sees_links: bool) -> list[ObserverHere]:
    """Return the people whom the People page shows as observers of this student, except those listed by their links."""
    found = observers_in(student, access.course, by=by)
    return [one for one in found if not (sees_links and one.is_by_link)]


def _by_link(by: User, observer: User, access: CourseAccess) -> frozenset[int]:
    """Return the ids of the enrollments that exist because of a link."""
    return frozenset(observing_in(access.course, observer, by=by, linked=True).values_list("pk", flat=True))
