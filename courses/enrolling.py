"""Putting people into sections, changing how they are there, moving and removing them.

Every change of a student's enrollment carries to the student's observers in the same transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.auditing import record
from accounts.errors import Invalid
from accounts.locking import lock_users
from accounts.models import COURSE_BASE_TYPES, Action, BaseType, Role, User
from courses.models import Course, Enrollment, Section
from courses.observing import follow

State = Enrollment.State
RETURNS_FROM = (State.INACTIVE, State.COMPLETED, State.DELETED, State.REJECTED)


def default_section(course: Course) -> Section:
    """The section people go to when none is named; made on first use."""
    # Cross-listed away it still is the default of the course it came from, and not of the one it is in now.
    elsewhere = Section.objects.filter(nonxlist_course=course, is_default=True).select_related("course").first()
    if elsewhere:
        return elsewhere
    section, _made = Section.objects.get_or_create(
        course=course, is_default=True, nonxlist_course=None, defaults={"name": course.name}
    )
    return section


def enroll(
    user: User,
    section: Section,
    role: Role,
    *,
    by: User | None,
    state: str | None = State.ACTIVE,
    associated_user: User | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
) -> Enrollment:
    """Enroll `user`; an enrollment of the same kind is updated in place, never doubled, and a removed one revived.

    `associated_user` is the student an observer observes in this one course. With `state` None a live
    enrollment stays as it is, and other people are invited; observers need no invitation. Raises Invalid.
    """
    _check(user, section, role, associated_user)
    with transaction.atomic():
        lock_users([user.pk])
        key: dict[str, Any] = {
            "user": user,
            "section": section,
            "role": role,
            "type": role.base_type,
            "associated_user": associated_user,
        }
        before = Enrollment.objects.filter(**key).values_list("state", flat=True).first()
        state = state or _fitting(before, role)
        values = {"state": state, "start_at": start_at, "end_at": end_at, "updated_at": timezone.now()}
        values["completed_at"] = timezone.now() if state == State.COMPLETED else None
        enrollment, _made = Enrollment.objects.update_or_create(**key, defaults=values)
        if role.base_type == BaseType.STUDENT:
            follow([(user.pk, section.pk)], returned=before is None or before in RETURNS_FROM)
        _record(enrollment, by, before)
    return enrollment


def _fitting(before: str | None, role: Role) -> str:
    if before in Enrollment.LIVE:
        return before
    return State.ACTIVE if role.base_type == BaseType.OBSERVER else State.INVITED


def _check(user: User, section: Section, role: Role, associated_user: User | None) -> None:
    problem = None
    if role.base_type not in COURSE_BASE_TYPES:
        problem = ("role", _("This role belongs to accounts. Choose a course role."))
    elif user.state == User.State.DELETED:
        problem = ("user_id", _("This person's account has been deleted."))
    elif section.workflow_state == Section.State.DELETED or section.course.workflow_state == Course.State.DELETED:
        problem = ("course_section_id", _("This course or section has been deleted."))
    elif associated_user and role.base_type != BaseType.OBSERVER:
        problem = ("associated_user_id", _("Only observers can be associated with a student."))
    elif associated_user == user:
        problem = ("associated_user_id", _("Nobody can observe themselves."))
    elif associated_user and _observes(associated_user, user, section.course):
        problem = ("associated_user_id", _("Two people cannot observe each other in one course."))
    if problem:
        raise Invalid({problem[0]: [("invalid", problem[1])]})


def _observes(observer: User, student: User, course: Course) -> bool:
    return (
        Enrollment.objects.exclude(state__in=Enrollment.GONE)
        .filter(user=observer, associated_user=student, section__course=course)
        .exists()
    )


def change_state(enrollment: Enrollment, state: str, *, by: User | None) -> Enrollment:
    """Conclude (`completed`), deactivate (`inactive`), remove (`deleted`) or reactivate (`active`)."""
    with transaction.atomic():
        lock_users([enrollment.user_id])
        now_in = Enrollment.objects.values_list("state", "section_id").get(pk=enrollment.pk)
        before, enrollment.section_id = now_in
        enrollment.state = state
        enrollment.completed_at = timezone.now() if state == State.COMPLETED else None
        enrollment.updated_at = timezone.now()
        enrollment.save(update_fields=["state", "completed_at", "updated_at"])
        if enrollment.type == BaseType.STUDENT:
            follow([(enrollment.user_id, enrollment.section_id)], returned=before in RETURNS_FROM)
        _record(enrollment, by, before)
    return enrollment


def move(enrollment: Enrollment, section: Section, *, by: User | None) -> Enrollment:
    """Move an enrollment to another section; where there is one of its kind already, the two become one there."""
    _check(enrollment.user, section, enrollment.role, enrollment.associated_user)
    with transaction.atomic():
        lock_users([enrollment.user_id])
        enrollment.refresh_from_db()
        old_section_id = enrollment.section_id
        Enrollment.objects.filter(
            section=section,
            user=enrollment.user_id,
            role=enrollment.role_id,
            type=enrollment.type,
            associated_user=enrollment.associated_user_id,
        ).exclude(pk=enrollment.pk).delete()
        enrollment.section = section
        enrollment.updated_at = timezone.now()
        enrollment.save(update_fields=["section", "updated_at"])
        if enrollment.type == BaseType.STUDENT:
            follow([(enrollment.user_id, old_section_id), (enrollment.user_id, section.pk)], returned=True)
        _record(enrollment, by, enrollment.state, moved_from=old_section_id)
    return enrollment


def _record(enrollment: Enrollment, by: User | None, before: str | None, **more: int) -> None:
    record(
        Action.ENROLLMENT_CHANGED,
        by=by,
        subject=enrollment.user,
        enrollment=enrollment.pk,
        section=enrollment.section_id,
        type=enrollment.type,
        before=before,
        state=enrollment.state,
        **more,
    )
