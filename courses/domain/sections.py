"""The sections of a course: create, change, cross-list and delete them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.domain.locks import lock_users
from accounts.domain.sis_fields import stick
from accounts.domain.validation import check, check_order, refusing_what_is_taken
from accounts.errors import Invalid
from accounts.models import User
from accounts.models.prepared import prepared
from accounts.permissions.registry import Permission
from accounts.text.names import tidied
from courses.access.enrollment_actions import check_keys, check_section
from courses.access.permissions import sections_seen
from courses.domain.courses import check_roles_are_known_in
from courses.domain.enrollments import change_states, changed_meanwhile
from courses.domain.events import SectionChanged, SectionCreated, SectionDeleted
from courses.domain.observer_enrollments import follow_moves
from courses.models import Course, Enrollment, Section

ADD, EDIT, DELETE = Permission.MANAGE_SECTIONS_ADD, Permission.MANAGE_SECTIONS_EDIT, Permission.MANAGE_SECTIONS_DELETE


class Dates(TypedDict, total=False):
    """When a section begins and ends, and whether that binds (see courses/models/dates.py); what is left out stays."""

    start_at: datetime | None
    end_at: datetime | None
    restrict_enrollments_to_section_dates: bool


def sections_of(course: Course) -> QuerySet[Section]:
    """Return the sections of `course`, by name."""
    return _in_order(course.sections.all())


def _in_order(sections: QuerySet[Section]) -> QuerySet[Section]:
    return sections.filter(workflow_state=Section.State.ACTIVE).order_by("sort_key", "id")


def sections_open_to(by: User, course: Course) -> QuerySet[Section]:
    """Return the sections of `course` whose people `by` sees there, by name."""
    seen = sections_seen(by, course)
    return sections_of(course) if seen is None else sections_of(course).filter(pk__in=seen)


def list_sections_open_to(by: User, course: Course) -> list[Section]:
    """Return the same as a list."""
    seen = sections_seen(by, course)
    return [section for section in _sections_of(course) if seen is None or section.pk in seen]


@prepared
def _sections_of(course: Course) -> QuerySet[Section]:
    return _in_order(Section.objects.filter(course=course))


def counted(sections: QuerySet[Section]) -> QuerySet[Section]:
    """Return sections, each with `people`: how many are in it, in any state except removed."""
    here = ~Q(enrollments__state__in=Enrollment.GONE)
    return sections.annotate(people=Count("enrollments__user", filter=here, distinct=True))


def create_section(
    course: Course,
    *,
    by: User,
    name: str,
    sis_section_id: str = "",
    integration_id: str = "",
    **dates: Unpack[Dates],
) -> Section:
    """Create a section of `course`; giving it a SIS id also needs `manage_sis`.

    Raises NotAllowed; Invalid for texts that are too long, ids in use and wrong dates.
    """
    check_keys({ADD}, course, by=by)
    check_section(None, course, by=by)
    ids = {"sis_section_id": tidied(sis_section_id) or None, "integration_id": tidied(integration_id) or None}
    if any(ids.values()):
        check_keys({Permission.MANAGE_SIS}, course, by=by)
    section = Section(course=course, name=tidied(name), **ids, **dates)
    with transaction.atomic():
        _save(section)
        record(SectionCreated(course.pk, section.pk, section.name), by=by)
    return section


def edit_section(
    section: Section,
    *,
    by: User,
    name: str | None = None,
    sis_section_id: str | None = None,
    integration_id: str | None = None,
    **dates: Unpack[Dates],
) -> Section:
    """Rename a section or change its dates; changing an id of the school's also needs `manage_sis`.

    Raises NotAllowed and Invalid as `create_section` does.
    """
    _check_may_edit(section, by=by)
    given = {"sis_section_id": sis_section_id, "integration_id": integration_id}
    ids = {field: tidied(text) or None for field, text in given.items() if text is not None}
    if any(getattr(section, field) != value for field, value in ids.items()):
        check_keys({Permission.MANAGE_SIS}, section.course, by=by)
    wanted: dict[str, Any] = {**dates, **ids, "name": section.name if name is None else tidied(name)}
    changed = [field for field, value in wanted.items() if getattr(section, field) != value]
    for field, value in wanted.items():
        setattr(section, field, value)
    with transaction.atomic():
        if not sections_of(section.course).select_for_update(of=("self",)).filter(pk=section.pk).exists():
            raise changed_meanwhile()
        if changed:
            _save(section, stick(section, changed))
            record(SectionChanged(section.course_id, section.pk, section.name), by=by)
    return section


def _check_may_edit(section: Section, *, by: User) -> None:
    check_keys({EDIT}, section.course, by=by)
    check_section(section.pk, section.course, by=by)


def delete_section(section: Section, *, by: User) -> Section:
    """Delete a section with all enrollments in it; the observers of its students go with them.

    The last section of a course stays. Raises NotAllowed, and Invalid also where somebody has come in meanwhile.
    """
    course = section.course
    check_keys({DELETE}, course, by=by)
    check_section(section.pk, course, by=by)
    there = Enrollment.objects.filter(section=section).exclude(state__in=Enrollment.GONE)
    with transaction.atomic():
        people = set(there.values_list("user_id", flat=True))
        lock_users(people)
        # One after the other: two simultaneous deletions would each leave the other's section as the last.
        Course.objects.select_for_update(no_key=True).get(pk=course.pk)
        held = Section.objects.select_for_update(no_key=True).get(pk=section.pk)
        if held.workflow_state == Section.State.DELETED:
            raise changed_meanwhile()
        # From here on nobody joins, because enrolling locks the section too.
        if not people.issuperset(there.values_list("user_id", flat=True)):
            raise changed_meanwhile()
        others = [other for other in sections_of(course) if other.pk != section.pk]
        if not others:
            raise Invalid({"section": [("invalid", _("A course needs at least one section."))]}, of="section")
        change_states(there, Enrollment.State.DELETED, by=by)
        was_default = section.is_default
        section.is_default, section.workflow_state = False, Section.State.DELETED
        stick(section, ["status"])
        section.save(update_fields=["is_default", "workflow_state", "stuck_sis_fields"])
        if was_default:
            others[0].is_default = True
            others[0].save(update_fields=["is_default"])
        record(SectionDeleted(course.pk, section.pk, section.name), by=by)
    return section


def cross_list(section: Section, course: Course, *, by: User) -> Section:
    """Move a section with its people to another course; the course it came from is kept, for `decross_list`.

    Whoever observes there follows as far as they may (courses/domain/observer_enrollments.py). Raises NotAllowed, and
    Invalid where the section cannot be moved there.
    """
    _check_may_edit(section, by=by)
    check_keys({EDIT}, course, by=by)
    check_section(None, course, by=by)
    if course == section.course:
        raise Invalid({"course": [("invalid", _("The section is in this course already."))]}, of="section")
    return _move(section, course, by=by)


def decross_list(section: Section, *, by: User) -> Section:
    """Move a cross-listed section back to the course it came from. Raises NotAllowed, and Invalid where it is there."""
    _check_may_edit(section, by=by)
    if section.nonxlist_course is None:
        raise Invalid({"section": [("invalid", _("This section is not cross-listed."))]}, of="section")
    return cross_list(section, section.nonxlist_course, by=by)


def _move(section: Section, course: Course, *, by: User) -> Section:
    before = section.course
    there = Enrollment.objects.filter(section=section).exclude(state__in=Enrollment.GONE)
    check_roles_are_known_in(course.account, there)
    with transaction.atomic():
        lock_users(there.values_list("user_id", flat=True))
        # In the order of ids, as everywhere; a course that is deleted at this moment takes no section.
        both = Course.objects.filter(pk__in=[before.pk, course.pk]).order_by("pk").select_for_update(no_key=True)
        if {found.pk: found.workflow_state for found in both}[course.pk] == Course.State.DELETED:
            raise Invalid({"course": [("invalid", _("This course has been deleted. Restore it first."))]}, of="section")
        held = Section.objects.select_for_update(no_key=True).get(pk=section.pk)
        if held.course_id != before.pk or held.workflow_state == Section.State.DELETED:
            raise changed_meanwhile()
        home = held.nonxlist_course_id or before.pk
        section.course, section.nonxlist_course_id = course, None if course.pk == home else home
        section.save(update_fields=["nonxlist_course", *stick(section, ["course"])])
        record(SectionChanged(course.pk, section.pk, section.name), by=by)
        follow_moves([(section.pk, before.pk)], by=by)
    return section


def _save(section: Section, fields: list[str] | None = None) -> None:
    texts = {field: getattr(section, field) for field in ("name", "sis_section_id", "integration_id")}
    check(Section, texts, of="section")
    check_order("section", section.start_at, section.end_at)
    with refusing_what_is_taken(Section, of="section"):
        section.save(update_fields=fields)
