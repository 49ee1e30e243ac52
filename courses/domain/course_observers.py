"""Link to Students: let a person observe students in one course only, without a link between the accounts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.domain.locks import lock_users
from accounts.errors import Invalid
from accounts.models import BaseType, ObservationLink, User
from accounts.models.ids import OneOf
from accounts.models.user import UserQuerySet
from courses.access.enrollment_actions import EnrollmentAction, check, check_enrolls
from courses.access.permissions import sections_seen
from courses.domain.enrollment_specs import EnrollmentSpec
from courses.domain.enrollments import change_states, enroll_many
from courses.domain.members import Member
from courses.domain.observer_enrollments import by_link
from courses.models import Course, Enrollment
from courses.models.course import CourseQuerySet
from courses.models.enrollment import EnrollmentQuerySet

MOST_AT_ONCE = 500


def students_in(course: Course, *, by: User) -> UserQuerySet:
    """Return the students of `course`, of those `by` sees, who can be observed, in class list order."""
    # DISTINCT for the same reason as in a roster.
    there = _enrollments(course, by).order_by().values("user").distinct()
    return User.objects.present().filter(pk__in=there).by_name()


def _enrollments(course: Course, by: User) -> EnrollmentQuerySet:
    there = Enrollment.objects.present().students().settled()
    there = there.filter(section__course=course, state__in=Enrollment.COUNTED)
    return there.within(sections_seen(by, course))


def students_for(observer: User, course: Course, *, by: User) -> UserQuerySet:
    """Return the students of `course` who can be linked to `observer`, each with `is_linked`: whether
    they already are.
    """
    beside = _seeing(course, observer, by).filter(associated_user=OuterRef("pk"))
    return students_in(course, by=by).exclude(pk=observer.pk).annotate(is_linked=Exists(beside))


def observing_in(course: Course, observer: User, *, by: User, linked: bool | None = None) -> EnrollmentQuerySet:
    """Return the enrollments in `course`, of those `by` sees, through which a person observes.

    With `linked` only those that exist because of a link (see `by_link`), or only those that do not.
    """
    beside = Enrollment.objects.present().filter(user=observer, section__course=course, type=BaseType.OBSERVER)
    beside = beside.filter(associated_user__isnull=False).within(sections_seen(by, course))
    if linked is not None:
        beside = beside.filter(by_link() if linked else ~by_link())
    return beside


def _seeing(course: Course, observer: User, by: User) -> EnrollmentQuerySet:
    """Return those that show the student: an observer who became inactive with the student can be linked again."""
    return observing_in(course, observer, by=by).filter(state__in=Enrollment.COUNTED)


@dataclass(frozen=True)
class Observed:
    """A student whom a person observes in a course by an enrollment, and whether through a link between
    their accounts.
    """

    student: User
    enrollment: Enrollment
    is_by_link: bool


def observed_in(course: Course, observer: User, most: int, *, by: User) -> list[Observed]:
    """Return the students whom a person observes in `course`, by name, up to a limit (one statement)."""
    found = observing_in(course, observer, by=by).exclude(associated_user__state=User.State.DELETED)
    # Of several sections an active one, if there is one: the states sort in that order.
    found = found.order_by("associated_user__sort_key", "associated_user", "state", "id").distinct(
        "associated_user__sort_key", "associated_user"
    )
    told = found.annotate(is_by_link=by_link()).select_related("associated_user")[:most]
    return [
        Observed(enrollment.associated_user, enrollment, enrollment.is_by_link)
        for enrollment in told
        if enrollment.associated_user
    ]


def link_students(observer: Member, student_ids: Collection[int], *, by: User) -> int:
    """Let an observer of the course observe these students of it, in this course only.

    The observer gets an enrollment in every section where the student is, in the student's state. Students who are
    already linked are skipped. Returns how many were linked. Raises NotAllowed, Invalid.
    """
    check_enrolls(observer.role, observer.course, by=by, observing=True)
    _check_ids(observer, student_ids)
    with transaction.atomic():
        lock_users([observer.person.pk, *student_ids])
        there = _enrollments(observer.course, by).filter(user__in=student_ids)
        enrollments = list(there.select_related("user", "section__course"))
        if {enrollment.user_id for enrollment in enrollments} != set(student_ids):
            raise Invalid({"student": [("invalid", _("Some of these people are not students of this course."))]})
        linked = _seeing(observer.course, observer.person, by).filter(associated_user__in=student_ids)
        done = set(linked.values_list("associated_user", flat=True))
        enroll_many(
            [_spec(observer, enrollment) for enrollment in enrollments if enrollment.user_id not in done], by=by
        )
    return len(set(student_ids) - done)


def _check_ids(observer: Member, student_ids: Collection[int]) -> None:
    problem = ""
    if not student_ids:
        problem = _("Choose at least one student.")
    elif len(student_ids) > MOST_AT_ONCE:
        problem = _("Choose at most %(most)d students at once.") % {"most": MOST_AT_ONCE}
    elif not observer.is_observer:
        problem = _("Only observers can be linked to students.")
    if problem:
        raise Invalid({"student": [("invalid", problem)]})


def _spec(observer: Member, beside: Enrollment) -> EnrollmentSpec:
    state = Enrollment.State.COMPLETED if beside.state == Enrollment.State.COMPLETED else Enrollment.State.ACTIVE
    return EnrollmentSpec(
        observer.person, beside.section, observer.role, beside.user, state, beside.start_at, beside.end_at
    )


def unlink_student(observer: User, student: User, course: Course, *, by: User) -> None:
    """End what `link_students` started. A link between the accounts is not ended here. Raises NotAllowed, Invalid."""
    with transaction.atomic():
        lock_users([observer.pk, student.pk])
        beside = observing_in(course, observer, by=by).filter(associated_user=student)
        enrollments = list(beside.annotate(is_by_link=by_link()).select_related("user", "role", "section"))
        for enrollment in enrollments:
            check(EnrollmentAction.REMOVE, enrollment, course, by=by)
        if not enrollments:
            raise Invalid({"student": [("invalid", _("These two are not linked in this course."))]})
        if any(enrollment.is_by_link for enrollment in enrollments):
            raise Invalid(
                {"student": [("invalid", _("This link applies to the whole school, so you cannot end it here."))]}
            )
        change_states(enrollments, Enrollment.State.DELETED, by=by)


def stays_after(found: ObservationLink) -> CourseQuerySet:
    """Return the courses in which the observer still sees the student when this link ends, because the school set that
    up.
    """
    here = Enrollment.objects.present().filter(user=found.observer_id, associated_user=found.student_id)
    courses = here.filter(only_by_link=False, state__in=Enrollment.COUNTED)
    return Course.objects.filter(OneOf(courses.values("section__course"))).order_by("sort_key", "id")


def observing_by_course(
    observer: User, student: User, *, states: Collection[str] = Enrollment.COUNTED
) -> EnrollmentQuerySet:
    """Return the enrollments through which a person observes a student in individual courses, without a link, by
    course.
    """
    beside = Enrollment.objects.filter(user=observer, associated_user=student, state__in=states).filter(~by_link())
    beside = beside.exclude(section__course__workflow_state=Course.State.DELETED)
    return beside.select_related("section__course").order_by("section__course__sort_key", "id")


def has_stopped(observer: User, student: User) -> bool:
    """Return whether a person observed a student in individual courses before, and no longer does."""
    return observing_by_course(observer, student, states=[Enrollment.State.DELETED]).exists()


def stop_observing(observer: User, student: User) -> int:
    """Let observers end what the school set up in individual courses; a link between the accounts stays.

    Returns how many enrollments ended: none if that was already done.
    """
    with transaction.atomic():
        lock_users([observer.pk, student.pk])
        enrollments = list(observing_by_course(observer, student))
        change_states(enrollments, Enrollment.State.DELETED, by=observer)
    return len(enrollments)
