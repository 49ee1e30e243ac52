"""One person in a course with one role, and what staff do to them there: all their enrollments of that role at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.domain.locks import lock_users
from accounts.errors import Invalid, NotAllowed, NotThere
from accounts.models import BaseType, Role, User
from accounts.models.prepared import prepared
from courses.access.consent import NO_CONSENT, consent_of
from courses.access.courses import READING
from courses.access.enrollment_actions import EnrollmentAction, check, check_enrolls, check_section, gives_limited
from courses.access.permissions import STAFF_TYPES, sections_seen
from courses.domain.enrollment_specs import EnrollmentSpec, kind_of
from courses.domain.enrollments import change_state, change_states, changed_meanwhile, enroll, enroll_many
from courses.domain.locks import hold_sections
from courses.domain.observation_events import foretell, in_state
from courses.domain.observer_enrollments import by_link
from courses.models import Course, Enrollment, Section
from courses.models.course import default_section
from courses.models.enrollment import EnrollmentQuerySet

State = Enrollment.State
# For each action, the states it applies to, and the state it leaves.
FROM: dict[EnrollmentAction, Collection[str]] = {
    EnrollmentAction.CONCLUDE: Enrollment.LIVE,
    EnrollmentAction.DEACTIVATE: Enrollment.LIVE,
    EnrollmentAction.REACTIVATE: (State.INACTIVE, State.COMPLETED),
    EnrollmentAction.REMOVE: (*Enrollment.LIVE, State.INACTIVE, State.COMPLETED),
}
INTO = {
    EnrollmentAction.CONCLUDE: State.COMPLETED,
    EnrollmentAction.DEACTIVATE: State.INACTIVE,
    EnrollmentAction.REACTIVATE: State.ACTIVE,
    EnrollmentAction.REMOVE: State.DELETED,
}


@dataclass(frozen=True)
class Member:
    """A person in a course with one role, in one section or several."""

    course: Course
    person: User
    role: Role
    enrollments: tuple[Enrollment, ...]

    @property
    def is_student(self) -> bool:
        return self.role.base_type == BaseType.STUDENT

    @property
    def is_observer(self) -> bool:
        return self.role.base_type == BaseType.OBSERVER

    @property
    def runs_course(self) -> bool:
        """Whether they teach or build the course, so that a limit to their sections makes sense."""
        return self.role.base_type in STAFF_TYPES

    @property
    def is_limited(self) -> bool:
        """Whether they see the people of their sections only."""
        return any(enrollment.limit_privileges_to_course_section for enrollment in self.enrollments)

    def subject_to(self, action: EnrollmentAction) -> list[Enrollment]:
        """Return the enrollments that this would change."""
        return [enrollment for enrollment in self.enrollments if enrollment.state in FROM[action]]

    def within(self, section_id: int) -> Member:
        """Return the same person with only the enrollments in one section."""
        return replace(
            self,
            enrollments=tuple(enrollment for enrollment in self.enrollments if enrollment.section_id == section_id),
        )

    def own_enrollments(self) -> list[Enrollment]:
        """Return those in sections of one's own: an observer's beside a student goes where the student goes."""
        return [enrollment for enrollment in self.enrollments if not enrollment.is_observing]


def members_in(course: Course, user_id: int, role_id: int | None = None, *, by: User) -> list[Member]:
    """Return the person as what they are in the sections of `course` that `by` sees, one for each role; or nothing."""
    there = Enrollment.objects.present().filter(section__course=course, user=user_id).within(sections_seen(by, course))
    if role_id is not None:
        there = there.filter(role=role_id)
    there = there.exclude(user__state=User.State.DELETED)
    there = there.order_by("role__account_id", "role_id", "section__sort_key", "id")
    found: dict[int, list[Enrollment]] = {}
    for enrollment in there.select_related("user", "role", "associated_user", "section__course"):
        found.setdefault(enrollment.role_id, []).append(enrollment)
    return [
        Member(course, enrollments[0].user, enrollments[0].role, tuple(enrollments)) for enrollments in found.values()
    ]


def watchers_of(member: Member) -> int:
    """Return how many people observe this student where these enrollments are."""
    beside = _beside(member.person, {enrollment.section_id for enrollment in member.enrollments})
    return beside.values("user").distinct().count()


def _beside(student: User, section_ids: Collection[int]) -> EnrollmentQuerySet:
    there = Enrollment.objects.present().filter(type=BaseType.OBSERVER, associated_user=student)
    return there.filter(section__in=section_ids, state__in=READING)


def carry_out(member: Member, action: EnrollmentAction, *, by: User) -> None:
    """Conclude, deactivate, reactivate or remove all of them. Raises NotAllowed, Invalid."""
    enrollments = member.subject_to(action)
    for enrollment in enrollments:
        check(action, enrollment, member.course, by=by)
    if not enrollments:
        raise Invalid({"state": [("invalid", _("Nothing to change: this has already been done."))]})
    change_states(enrollments, INTO[action], by=by, only_from=FROM[action])


def carry_out_on(enrollment: Enrollment, course: Course, action: EnrollmentAction, *, by: User) -> Enrollment:
    """Do the same to one enrollment of `course`; done already, it is the same success. Raises NotAllowed, Invalid."""
    check(action, enrollment, course, by=by)
    into = INTO[action]
    if action is EnrollmentAction.REACTIVATE and enrollment.state not in FROM[action]:
        raise Invalid({"state": [("invalid", _("Only inactive and concluded enrollments can be reactivated."))]})
    # What was checked is what is changed.
    only_from = FROM[action] if action is EnrollmentAction.REACTIVATE else [enrollment.state, into]
    return change_state(enrollment, into, by=by, only_from=only_from)


def enroll_one(spec: EnrollmentSpec, *, by: User) -> Enrollment:
    """Enroll somebody by hand, after `check_enrolls`. Raises NotAllowed, Invalid.

    Enrolling somebody who is active as less than that takes what ending it takes.
    """
    course = spec.section.course
    kind = {"user": spec.user, "role": spec.role, "associated_user": spec.associated_user}
    there = Enrollment.objects.filter(section=spec.section, state=State.ACTIVE, **kind).select_related("role").first()
    if there and spec.state not in (None, State.ACTIVE):
        ends = EnrollmentAction.CONCLUDE if spec.state == State.COMPLETED else EnrollmentAction.DEACTIVATE
        check(ends, there, course, by=by)
    return enroll_many([replace(spec, comes_limited=gives_limited(spec.role, course, by=by))], by=by)[0]


def enroll_as_teacher(course: Course, *, by: User) -> Enrollment:
    """Enroll whoever makes a course as its teacher. Raises NotAllowed for somebody who may do less than teachers."""
    teacher = Role.objects.built_in(BaseType.TEACHER)
    check_enrolls(teacher, course, by=by)
    return enroll(by, default_section(course), teacher, by=by)


def _as_now(member: Member, by: User) -> Member:
    """Return the same person as they are now that they are locked. Raises Invalid if they are no longer there."""
    found = members_in(member.course, member.person.pk, member.role.pk, by=by)
    if not found:
        raise changed_meanwhile()
    return found[0]


def set_sections(member: Member, sections: Iterable[Section], *, by: User, is_limited: bool | None = None) -> None:
    """Put a person in exactly these sections of the course. New enrollments get the state of their most active one.

    `is_limited` says whether they see the people of these sections only; None keeps the limit. A person who is limited
    themselves cannot change it, and adds people to a section only with the limit. Observers of this student in this
    course only keep observing in the new sections. Raises NotAllowed, Invalid.
    """
    wanted = {section.pk: section for section in sections}
    with transaction.atomic():
        lock_users([member.person.pk, *(enrollment.user_id for enrollment in _observers_here_only(member))])
        member = _as_now(member, by)
        _check_sections(member, wanted.values(), by)
        observers = _observers_here_only(member) if member.is_student else []
        here = {enrollment.section_id: enrollment for enrollment in member.own_enrollments()}
        model = min(here.values(), key=_liveness)
        new = [section for pk, section in wanted.items() if pk not in here]
        limit = model.limit_privileges_to_course_section if is_limited is None else is_limited
        comes_limited = gives_limited(member.role, member.course, by=by)
        specs = [replace(_spec(model, section, member.role), is_limited=limit or comes_limited) for section in new]
        if is_limited is not None and not comes_limited:
            kept = [enrollment for pk, enrollment in here.items() if pk in wanted]
            others = [enrollment for enrollment in kept if enrollment.limit_privileges_to_course_section != limit]
            specs += [
                replace(_spec(enrollment, enrollment.section, member.role), is_limited=limit) for enrollment in others
            ]
        enroll_many(specs, by=by)
        enroll_many([_spec(enrollment, section, enrollment.role) for enrollment in observers for section in new], by=by)
        change_states([enrollment for pk, enrollment in here.items() if pk not in wanted], State.DELETED, by=by)


def _check_sections(member: Member, sections: Collection[Section], by: User) -> None:
    enrollments = member.own_enrollments()
    for enrollment in enrollments:
        check(EnrollmentAction.MOVE, enrollment, member.course, by=by)
    for section in sections:
        check_section(section.pk, member.course, by=by)
    problem = ""
    if not enrollments:
        problem = _("An observer of a student is always in the student's sections.")
    elif not sections:
        problem = _("Choose at least one section. To take someone out of the course, remove them.")
    elif any(section.course_id != member.course.pk for section in sections):
        problem = _("This section does not belong to this course.")
    if problem:
        raise Invalid({"sections": [("invalid", problem)]})


def _observers_here_only(member: Member) -> list[Enrollment]:
    """Return one enrollment of each person who observes this student in this course without a link."""
    beside = _beside(member.person, {enrollment.section_id for enrollment in member.enrollments}).filter(~by_link())
    found = beside.select_related("user", "role", "associated_user").order_by("id")
    return list({(enrollment.user_id, enrollment.role_id): enrollment for enrollment in found}.values())


def change_role(member: Member, role: Role, *, by: User) -> None:
    """Put a person in the same sections with another role, in the same state. Needs the permissions to remove and to
    add.

    With a role that is not an observer role they observe nobody; with one that is not a student role nobody observes
    them. Raises NotAllowed, Invalid.
    """
    with transaction.atomic():
        observed = [enrollment.associated_user_id for enrollment in member.enrollments if enrollment.associated_user_id]
        lock_users([member.person.pk, *observed])
        _change_role(_as_now(member, by), role, by)


def _change_role(member: Member, role: Role, by: User) -> None:
    for enrollment in member.enrollments:
        check(EnrollmentAction.REMOVE, enrollment, member.course, by=by)
    if role == member.role:
        raise Invalid({"role": [("invalid", _("This person already has this role."))]})
    stays_observer = role.base_type == member.role.base_type == BaseType.OBSERVER
    observing = stays_observer and any(enrollment.associated_user_id for enrollment in member.enrollments)
    check_enrolls(role, member.course, by=by, observing=observing)
    specs: dict[object, EnrollmentSpec] = {}
    limited = gives_limited(role, member.course, by=by)
    for enrollment in sorted(member.enrollments, key=_liveness, reverse=True):
        spec = _spec(enrollment, enrollment.section, role, observes=stays_observer)
        spec = replace(spec, is_limited=spec.is_limited or limited)
        specs[spec.kind] = spec
    has_it_already = {kind_of(enrollment) for enrollment in _with_role(member, role).live()}
    new = [spec for kind, spec in specs.items() if kind not in has_it_already]
    # An observer observes a student with one role, so the old one ends first; a student's observers need the new one
    # first.
    if member.is_observer:
        hold_sections(enrollment.section_id for enrollment in member.enrollments)
        gone = [(enrollment.pk, in_state(enrollment, State.DELETED)) for enrollment in member.enrollments]
        # Told together: with another role they have observed all the time.
        foretell([*gone, *((None, spec.enrollment(None, NO_CONSENT)) for spec in new)], by=by)
        change_states(member.enrollments, State.DELETED, by=by, tells=False)
        enroll_many(new, by=by, tells=False)
    else:
        enroll_many(new, by=by)
        change_states(member.enrollments, State.DELETED, by=by)


def _with_role(member: Member, role: Role) -> EnrollmentQuerySet:
    return Enrollment.objects.present().filter(user=member.person, role=role, section__course=member.course)


def _liveness(enrollment: Enrollment) -> int:
    """Return a number that is smaller the more active the enrollment is."""
    order = [*FROM[EnrollmentAction.REMOVE]]
    return order.index(enrollment.state) if enrollment.state in order else len(State)


def _spec(enrollment: Enrollment, section: Section, role: Role, *, observes: bool = True) -> EnrollmentSpec:
    student = enrollment.associated_user if observes else None
    return EnrollmentSpec(
        enrollment.user,
        section,
        role,
        student,
        enrollment.state,
        enrollment.start_at,
        enrollment.end_at,
        enrollment.limit_privileges_to_course_section,
        consent_of(enrollment),
        only_by_link=observes and enrollment.only_by_link,
    )


def invitations_of(user: User) -> EnrollmentQuerySet:
    """Return what `user` is invited to and could open, by course; as a student only once it is published."""
    invited = Enrollment.objects.present().filter(user=user, state=State.INVITED)
    published = Q(section__course__workflow_state__in=Course.READABLE)
    found = invited.begun().filter(published | Q(type__in=STAFF_TYPES))
    return found.select_related("section__course", "role").order_by("section__course__sort_key", "id")


# The same as a list.
list_invitations_of = prepared(invitations_of)


def answer(enrollment: Enrollment, *, accepts: bool, by: User) -> None:
    """Accept or decline one's own invitation. Raises NotAllowed; Invalid if there is none (anymore)."""
    if enrollment.user_id != by.pk:
        raise NotAllowed(_("Only the invited person can answer an invitation."))
    if by.actor is not None:
        raise NotAllowed(_("You are acting as someone else. Only they can answer their own invitations."))
    if enrollment.state != State.INVITED:
        raise NotThere(_("This invitation has already been answered."))
    change_state(enrollment, State.ACTIVE if accepts else State.REJECTED, by=by, only_from=[State.INVITED])
