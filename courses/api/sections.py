"""Sections."""

from __future__ import annotations

from accounts.api.endpoints import Body, Call, allow
from accounts.api.paging import page_of
from courses.api import finding
from courses.api.bodies import section_body
from courses.creating import create_section
from courses.models import Course, Section
from courses.permissions import course_permissions


def index(call: Call, course_id: str) -> Body:
    """GET courses/:id/sections"""
    course = finding.course(course_id)
    keys = _reader_keys(call, course)
    present = course.sections.filter(workflow_state=Section.State.ACTIVE).order_by("name", "id")
    return [section_body(section, keys) for section in page_of(call, present)]


def show(call: Call, section_id: str) -> Body:
    """GET sections/:id"""
    section = finding.section(section_id)
    return section_body(section, _reader_keys(call, section.course))


def _reader_keys(call: Call, course: Course) -> frozenset[str]:
    keys = course_permissions(call.user, course)
    allow("read_roster" in keys)
    return keys


def create(call: Call, course_id: str) -> Body:
    """POST courses/:id/sections"""
    course = finding.course(course_id)
    keys = course_permissions(call.user, course)
    allow("manage_courses_admin" in keys)
    wanted = call.given.under("course_section")
    section = create_section(
        course,
        by=call.user,
        name=wanted.text("name"),
        sis_section_id=wanted.text("sis_section_id"),
        start_at=wanted.moment("start_at"),
        end_at=wanted.moment("end_at"),
    )
    return section_body(section, keys)
