"""Sections."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext_noop

from accounts.api.accounts import STICKINESS
from accounts.api.bodies import user_body
from accounts.api.endpoints import ApiRequest, allow, in_group
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Flag, Includes, Moment, Text, not_served
from accounts.permissions.registry import Permission
from accounts.text.search import Search, words_of
from accounts.web.pagination import search_words
from courses.access.permissions import course_permissions
from courses.api import lookups
from courses.api.bodies import section_body
from courses.api.body_types import SectionBody
from courses.api.people import roster_keys
from courses.domain.rosters import count_students_in, students_in
from courses.domain.sections import (
    create_section,
    cross_list,
    decross_list,
    delete_section,
    edit_section,
    sections_open_to,
)
from courses.models import Section

endpoint = in_group("Sections")

NAME = Text("course_section[name]", "The name of the section.")
SIS_ID = Text("course_section[sis_section_id]", "The school's own id of the section; empty takes it away.")
INTEGRATION_ID = Text("course_section[integration_id]", "Another id of the school's; empty takes it away.")
SEARCH_TERM = Text("search_term", "List only sections with words in their names that begin with each of these.")
IDS = (SIS_ID, INTEGRATION_ID)
NOT_OF_NEW_SECTIONS = not_served(
    gettext_noop("Deleted sections do not come back."), "enable_sis_reactivation", fits=("false",)
)
INCLUDE = Includes(
    words={
        "students": "the people enrolled as students now",
        "total_students": "how many these are",
        "avatar_url": "with each of them an address, always null",
    },
    absent=("enrollments", "passback_status", "permissions"),
)
DATES = (
    Moment("course_section[start_at]", "When the section begins."),
    Moment("course_section[end_at]", "When the section ends."),
    Flag(
        "course_section[restrict_enrollments_to_section_dates]",
        "Whether these dates decide when its people may take part.",
    ),
)


@endpoint(SEARCH_TERM, INCLUDE, *PAGING)
def index(request: ApiRequest, course_id: str) -> list[SectionBody]:
    """List the sections of a course whose people the caller sees."""
    course = lookups.course(request, course_id)
    keys = roster_keys(request, course)
    found = sections_open_to(request.user, course)
    if words := search_words(request.params[SEARCH_TERM]):
        found = found.alias(search_words=words_of("name")).filter(Search(words).found)
    return bodies(request, page_of(request, found, is_small=True), keys)


def bodies(request: ApiRequest, sections: list[Section], keys: frozenset[Permission]) -> list[SectionBody]:
    """Return sections of one course with what is asked for besides, in two more statements for any number."""
    wanted = request.include if Permission.READ_ROSTER in keys else frozenset()
    students = students_in(sections) if "students" in wanted else {}
    number = count_students_in(sections) if "total_students" in wanted else {}
    found = []
    for section in sections:
        body = section_body(section, keys)
        if "total_students" in wanted:
            body["total_students"] = number.get(section.pk, 0)
        if "students" in wanted:
            body["students"] = [user_body(student, keys, request.include) for student in students.get(section.pk, ())]
        found.append(body)
    return found


@endpoint(INCLUDE)
def show(request: ApiRequest, section_id: str) -> SectionBody:
    """Show a section."""
    return _shown(request, lookups.section(request, section_id))


def _shown(request: ApiRequest, section: Section) -> SectionBody:
    keys = roster_keys(request, section.course)
    allow(sections_open_to(request.user, section.course).filter(pk=section.pk).exists())
    return bodies(request, [section], keys)[0]


@endpoint(INCLUDE)
def show_in_course(request: ApiRequest, course_id: str, section_id: str) -> SectionBody:
    """Show a section of a course."""
    course, section = lookups.course(request, course_id), lookups.section(request, section_id)
    if section.course_id != course.pk:
        raise Http404
    return _shown(request, section)


@endpoint(NAME, *IDS, *DATES, *NOT_OF_NEW_SECTIONS)
def create(request: ApiRequest, course_id: str) -> SectionBody:
    """Create a section of a course."""
    course = lookups.course(request, course_id)
    given = request.params
    dates = given.fields(*DATES)
    section = create_section(course, by=request.user, name=given[NAME], **given.values(*IDS), **dates)
    return section_body(section, course_permissions(request.user, course))


@endpoint(NAME, *IDS, *DATES, *STICKINESS)
def edit(request: ApiRequest, section_id: str) -> SectionBody:
    """Change a section; what is not given stays as it is."""
    section = lookups.section(request, section_id)
    changed = edit_section(section, by=request.user, **request.params.fields(NAME, *IDS, *DATES))
    return section_body(changed, course_permissions(request.user, section.course))


@endpoint(INCLUDE, *STICKINESS)
def cross_list_into(request: ApiRequest, section_id: str, course_id: str) -> SectionBody:
    """Cross-list a section: it moves with its people to another course."""
    moved = cross_list(lookups.section(request, section_id), lookups.course(request, course_id), by=request.user)
    return bodies(request, [moved], course_permissions(request.user, moved.course))[0]


@endpoint(INCLUDE, *STICKINESS)
def send_home(request: ApiRequest, section_id: str) -> SectionBody:
    """Undo a cross-listing: the section moves back to the course it came from."""
    moved = decross_list(lookups.section(request, section_id), by=request.user)
    return bodies(request, [moved], course_permissions(request.user, moved.course))[0]


@endpoint()
def delete(request: ApiRequest, section_id: str) -> SectionBody:
    """Delete a section with its enrollments; the last section of a course stays."""
    section = lookups.section(request, section_id)
    keys = course_permissions(request.user, section.course)
    return section_body(delete_section(section, by=request.user), keys)
