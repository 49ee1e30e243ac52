"""Sections."""

from __future__ import annotations

from accounts.api.endpoints import ApiRequest, Body, allow
from accounts.api.pagination import page_of
from courses.access.permissions import course_permissions
from courses.api import lookups
from courses.api.bodies import section_body
from courses.api.people import roster_keys
from courses.domain.sections import Dates, create_section, delete_section, edit_section, sections_open_to

BINDS = "restrict_enrollments_to_section_dates"


def index(request: ApiRequest, course_id: str) -> Body:
    """GET courses/:id/sections"""
    course = lookups.course(request, course_id)
    keys = roster_keys(request, course)
    return [section_body(section, keys) for section in page_of(request, sections_open_to(request.user, course))]


def show(request: ApiRequest, section_id: str) -> Body:
    """GET sections/:id"""
    section = lookups.section(request, section_id)
    keys = roster_keys(request, section.course)
    allow(sections_open_to(request.user, section.course).filter(pk=section.pk).exists())
    return section_body(section, keys)


def create(request: ApiRequest, course_id: str) -> Body:
    """POST courses/:id/sections"""
    course = lookups.course(request, course_id)
    wanted = request.params.under("course_section")
    section = create_section(
        course,
        by=request.user,
        name=wanted.text("name"),
        sis_section_id=wanted.text("sis_section_id"),
        start_at=wanted.moment("start_at"),
        end_at=wanted.moment("end_at"),
        restrict_enrollments_to_section_dates=wanted.flag(BINDS),
    )
    return section_body(section, course_permissions(request.user, course))


def edit(request: ApiRequest, section_id: str) -> Body:
    """PUT sections/:id: what is not given stays as it is"""
    section = lookups.section(request, section_id)
    wanted = request.params.under("course_section")
    dates: Dates = {}
    if "start_at" in wanted:
        dates["start_at"] = wanted.moment("start_at")
    if "end_at" in wanted:
        dates["end_at"] = wanted.moment("end_at")
    if BINDS in wanted:
        dates["restrict_enrollments_to_section_dates"] = wanted.flag(BINDS)
    changed = edit_section(
        section,
        by=request.user,
        name=wanted.text("name") if "name" in wanted else None,
        sis_section_id=wanted.text("sis_section_id") if "sis_section_id" in wanted else None,
        **dates,
    )
    return section_body(changed, course_permissions(request.user, section.course))


def delete(request: ApiRequest, section_id: str) -> Body:
    """DELETE sections/:id"""
    section = lookups.section(request, section_id)
    keys = course_permissions(request.user, section.course)
    return section_body(delete_section(section, by=request.user), keys)
