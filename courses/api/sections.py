"""Sections."""

from __future__ import annotations

from accounts.api.endpoints import Body, Call, allow
from accounts.api.paging import page_of
from courses.api import finding
from courses.api.bodies import section_body
from courses.api.people import roster_keys
from courses.permissions import course_permissions
from courses.sections import Dates, create_section, delete_section, edit_section, sections_open_to

BINDS = "restrict_enrollments_to_section_dates"


def index(call: Call, course_id: str) -> Body:
    """GET courses/:id/sections"""
    course = finding.course(call, course_id)
    keys = roster_keys(call, course)
    return [section_body(section, keys) for section in page_of(call, sections_open_to(call.user, course))]


def show(call: Call, section_id: str) -> Body:
    """GET sections/:id"""
    section = finding.section(call, section_id)
    keys = roster_keys(call, section.course)
    allow(sections_open_to(call.user, section.course).filter(pk=section.pk).exists())
    return section_body(section, keys)


def create(call: Call, course_id: str) -> Body:
    """POST courses/:id/sections"""
    course = finding.course(call, course_id)
    wanted = call.given.under("course_section")
    section = create_section(
        course,
        by=call.user,
        name=wanted.text("name"),
        sis_section_id=wanted.text("sis_section_id"),
        start_at=wanted.moment("start_at"),
        end_at=wanted.moment("end_at"),
        restrict_enrollments_to_section_dates=wanted.flag(BINDS),
    )
    return section_body(section, course_permissions(call.user, course))


def edit(call: Call, section_id: str) -> Body:
    """PUT sections/:id: what is not given stays as it is"""
    section = finding.section(call, section_id)
    wanted = call.given.under("course_section")
    dates: Dates = {}
    if "start_at" in wanted:
        dates["start_at"] = wanted.moment("start_at")
    if "end_at" in wanted:
        dates["end_at"] = wanted.moment("end_at")
    if BINDS in wanted:
        dates["restrict_enrollments_to_section_dates"] = wanted.flag(BINDS)
    changed = edit_section(
        section,
        by=call.user,
        name=wanted.text("name") if "name" in wanted else None,
        sis_section_id=wanted.text("sis_section_id") if "sis_section_id" in wanted else None,
        **dates,
    )
    return section_body(changed, course_permissions(call.user, section.course))


def delete(call: Call, section_id: str) -> Body:
    """DELETE sections/:id"""
    section = finding.section(call, section_id)
    keys = course_permissions(call.user, section.course)
    return section_body(delete_section(section, by=call.user), keys)
