"""Put people into sections, change their enrollments and end them.

Every change of a student's enrollment also reaches the student's observers in the same transaction. One person and five
hundred follow the same rule, and cost the same number of statements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record_many
from accounts.domain.locks import lock_users
from accounts.errors import Invalid
from accounts.models import COURSE_BASE_TYPES, BaseType, Role, User
from courses.access.consent import NO_CONSENT, taken_at_once
from courses.access.observation import why_not_observe
from courses.domain.enrollment_specs import STAYS, Date, EnrollmentSpec, Kind, kind_of
from courses.domain.events import EnrollmentChanged
from courses.domain.locks import hold_sections
from courses.domain.observation_events import foretell, in_state
from courses.domain.observer_enrollments import StudentInSection, follow
from courses.models import Course, Enrollment, Section

State = Enrollment.State
RETURNS_FROM = (State.INACTIVE, State.COMPLETED, State.DELETED, State.REJECTED)
# What makes two enrollments the same: see Enrollment's constraints.
KIND = ("section", "user", "role", "associated_user")
# What enrolling a person again may change.
CHANGEABLE = (
    "state",
    "start_at",
    "end_at",
    "limit_privileges_to_course_section",
    "completed_at",
    "accepted_at",
    "accepted_through",
    "only_by_link",
    "stuck_sis_fields",
)
# An enrollment as it is now, and the state it was in before (None: it is new).
Change = tuple[Enrollment, str | None]


def enroll(
    user: User,
    section: Section,
    role: Role,
    *,
    by: User | None,
    state: str | None = State.ACTIVE,
    associated_user: User | None = None,
    start_at: Date = STAYS,
    end_at: Date = STAYS,
    is_limited: bool | None = None,
    comes_limited: bool = False,
) -> Enrollment:
    """Enroll `user`: `enroll_many` for one. Raises Invalid, NotAllowed."""
    spec = EnrollmentSpec(
        user, section, role, associated_user, state, start_at, end_at, is_limited, comes_limited=comes_limited
    )
    (made,) = enroll_many([spec], by=by)
    return made


def enroll_many(specs: Iterable[EnrollmentSpec], *, by: User | None, tells: bool = True) -> list[Enrollment]:
    """Create or update these enrollments; one of the same kind is updated in place, and a removed one revived.

    A person who already observes a student in a section keeps the role they have there, whatever created it; an
    enrollment created by a link now belongs to the school, and stays when the link ends. All of them are done or, if
    one is not possible, none. Without `tells` the caller has said who observes by them (`foretell`). Raises Invalid,
    and NotAllowed for a limit that is not theirs to change.
    """
    wanted = {spec.kind: spec for spec in specs}
    for spec in wanted.values():
        _check(spec)
    if not wanted:
        return []
    with transaction.atomic():
        lock_users(pk for _section, user, _role, observed in wanted for pk in (user, observed) if pk)
        _check_all_is_still_there(wanted)
        _check_may_observe(wanted.values())
        wanted = _with_the_roles_they_observe_in(wanted)
        there = _enrollments_of(wanted)
        taken = taken_at_once({user for _section, user, *_rest in wanted}, by=by)
        made = [spec.enrollment(there.get(kind), taken.get(spec.user.pk, NO_CONSENT)) for kind, spec in wanted.items()]
        pairs = [(there.get(kind), now) for kind, now in zip(wanted, made, strict=True)]
        if tells:
            foretell([(before.pk if before else None, now) for before, now in pairs], by=by)
        Enrollment.objects.bulk_create(
            made,
            update_conflicts=True,
            unique_fields=KIND,
            update_fields=[*CHANGEABLE, "updated_at"],
        )
        _carry([_change(before, now) for before, now in pairs], by)
        _record([_change(before, now) for before, now in pairs if _differs(before, now)], by)
    return made


def _change(before: Enrollment | None, now: Enrollment) -> Change:
    return now, before.state if before else None


def _differs(before: Enrollment | None, now: Enrollment) -> bool:
    """Return whether an enrollment is new or changed: enrolling a person again as they are is nothing to record."""
    return before is None or any(getattr(before, field) != getattr(now, field) for field in CHANGEABLE)


def _check_all_is_still_there(wanted: Collection[Kind]) -> None:
    """Check again, now that everyone is locked: people and sections may have been deleted since they were looked up."""
    people = {pk for _section, user, _role, observed in wanted for pk in (user, observed) if pk}
    gone = User.objects.filter(pk__in=people, state=User.State.DELETED).exists()
    sections = {section for section, *_rest in wanted}
    still_there = hold_sections(sections)
    # One that has been moved to another course meanwhile is not found.
    if gone or len(still_there) < len(sections) or not all(still_there):
        raise changed_meanwhile()


def _with_the_roles_they_observe_in(wanted: dict[Kind, EnrollmentSpec]) -> dict[Kind, EnrollmentSpec]:
    """Return the specs with the role in which a person already observes that student in that section: nobody does so
    twice.
    """
    students = {observed for *_rest, observed in wanted if observed}
    if not students:
        return wanted
    there = Enrollment.objects.exclude(state__in=Enrollment.GONE).select_related("role")
    there = there.filter(associated_user__in=students, user__in={user for _section, user, *_rest in wanted})
    roles = {
        (enrollment.section_id, enrollment.user_id, enrollment.associated_user_id): enrollment.role
        for enrollment in there
    }
    specs = [
        replace(spec, role=roles.get((section, user, observed), spec.role))
        for (section, user, _role, observed), spec in wanted.items()
    ]
    return {spec.kind: spec for spec in specs}


def _enrollments_of(wanted: dict[Kind, EnrollmentSpec]) -> dict[Kind, Enrollment]:
    """Return, by kind, the enrollments that already exist, removed ones too."""
    sections, users, roles, _observed = zip(*wanted, strict=True)
    there = Enrollment.objects.filter(section__in=set(sections), user__in=set(users), role__in=set(roles))
    return {kind_of(each): each for each in there}


def _check(spec: EnrollmentSpec) -> None:
    problem, section = None, spec.section
    if spec.role.base_type not in COURSE_BASE_TYPES:
        problem = ("role", _("This is an account role. Choose a course role."))
    elif spec.user.state == User.State.DELETED:
        problem = ("user", _("This person's account has been deleted."))
    elif section.workflow_state == Section.State.DELETED or section.course.workflow_state == Course.State.DELETED:
        problem = ("section", _("This course or section has been deleted."))
    elif spec.associated_user and spec.role.base_type != BaseType.OBSERVER:
        problem = ("student", _("Only observers can be associated with a student."))
    if problem:
        raise Invalid({problem[0]: [("invalid", problem[1])]}, of="enrollment")


def _check_may_observe(specs: Collection[EnrollmentSpec]) -> None:
    observing = [spec for spec in specs if spec.associated_user]
    if observing:
        wanted = [(spec.user.pk, spec.associated_user.pk, spec.section.course_id) for spec in observing]  # type: ignore[union-attr]
        if refusal := why_not_observe(wanted, of="enrollment"):
            raise refusal


def changed_meanwhile() -> Invalid:
    """Return the complaint for a change that someone else has made first."""
    return Invalid({"state": [("changed", _("This was changed in the meantime. Please check it again."))]})


def change_state(
    enrollment: Enrollment, state: str, *, by: User | None, only_from: Collection[str] = State.values
) -> Enrollment:
    """Conclude (`completed`), deactivate (`inactive`), remove (`deleted`) or reactivate (`active`). Raises Invalid.

    Concluding or deactivating an invitation withdraws it. To `active` from an invitation is the person's own answer.
    """
    change_states([enrollment], state, by=by, only_from=only_from)
    return enrollment


def change_states(
    enrollments: Iterable[Enrollment],
    state: str,
    *,
    by: User | None,
    only_from: Collection[str] = State.values,
    tells: bool = True,
) -> None:
    """Change the states of many at once, as `change_state` for one. Raises Invalid if one is no longer in one of the
    states `only_from`.
    """
    by_id = {enrollment.pk: enrollment for enrollment in enrollments}
    if not by_id:
        return
    with transaction.atomic():
        lock_users(enrollment.user_id for enrollment in by_id.values())
        # The current state and section of each: they may have changed since the look-up.
        now_in = list(Enrollment.objects.filter(pk__in=by_id))
        if any(there.state not in only_from for there in now_in):
            raise changed_meanwhile()
        groups = [
            (_values_of(state, is_invitation=False), [one for one in now_in if one.state not in Enrollment.UNANSWERED]),
            (_values_of(state, is_invitation=True), [one for one in now_in if one.state in Enrollment.UNANSWERED]),
        ]
        if tells:
            foretell([(one.pk, in_state(one, values["state"])) for values, group in groups for one in group], by=by)
        changes: list[Change] = []
        for values, group in groups:
            # People already in this state stay as they are, including the date.
            anew = {there.pk for there in group if there.state != values["state"]}
            if anew:
                Enrollment.objects.filter(pk__in=anew).update(**values)
            for there in group:
                enrollment = by_id[there.pk]
                now = {field: getattr(there, field) for field in ("section_id", *CHANGEABLE, "updated_at")}
                for field, value in (now | values if there.pk in anew else now).items():
                    setattr(enrollment, field, value)
                changes.append((enrollment, there.state))
        _carry(changes, by)
        _record([(enrollment, before) for enrollment, before in changes if before != enrollment.state], by)


def _values_of(state: str, *, is_invitation: bool) -> dict[str, Any]:
    """Return the values of an enrollment in another state: an invitation that the person does not accept
    can only end.
    """
    now = timezone.now()
    values: dict[str, Any] = {"state": state, "updated_at": now}
    if is_invitation and state in (State.INACTIVE, State.COMPLETED):
        values["state"] = State.DELETED
    elif is_invitation and state == State.ACTIVE:
        values |= {"accepted_at": now, "accepted_through": Enrollment.Through.PERSON}
    elif state in (*Enrollment.UNANSWERED, State.REJECTED):
        values |= {"accepted_at": None, "accepted_through": ""}
    return values | {"completed_at": now if values["state"] == State.COMPLETED else None}


def _carry(changes: Collection[Change], by: User | None) -> None:
    """Apply the change to the observers of the students among these."""
    students = [(enrollment, before) for enrollment, before in changes if enrollment.type == BaseType.STUDENT]
    enrollments = {(enrollment.user_id, enrollment.section_id) for enrollment, _before in students}
    came = {
        (enrollment.user_id, enrollment.section_id)
        for enrollment, before in students
        if before is None or before in RETURNS_FROM
    }
    if came:
        came -= _were_there(came, students)
    follow(enrollments, returned=came, by=by)


def _were_there(enrollments: Collection[StudentInSection], changes: Collection[Change]) -> set[StudentInSection]:
    """Return where a student was already in one of these, in any role, so that observers who left do not come back."""
    users, sections = (set(column) for column in zip(*enrollments, strict=True))
    others = Enrollment.objects.live().students().filter(user__in=users, section__in=sections)
    others = others.exclude(pk__in=[enrollment.pk for enrollment, _before in changes])
    changed = {(each.user_id, each.section_id) for each, before in changes if before in Enrollment.LIVE}
    return changed | set(others.values_list("user", "section"))


def _record(changes: Iterable[Change], by: User | None) -> None:
    about = [
        (one.user_id, EnrollmentChanged(one.pk, one.section_id, one.type, before, one.state)) for one, before in changes
    ]
    record_many(about, by=by)
