"""Who may create codes, and if not, why not and who can change that. Pages, API and export ask here.

Source: Canvas's description of the permission to generate pairing codes (reference, product-docs).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext as _

from accounts.models import Account, ObservationLink, User
from accounts.models.account import upwards
from accounts.models.prepared import prepared
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions, known_permissions, permissions_on
from courses.access.courses import observer_enrollments
from courses.access.permissions import ROSTER, held_in
from courses.access.profiles import known_about
from courses.models import Course, Enrollment, Section
from courses.models.enrollment import EnrollmentQuerySet

Scope = ObservationLink.Scope
PERMISSION = Permission.GENERATE_OBSERVER_PAIRING_CODE
ON_USER_DETAILS = Permission.ALLOW_COURSE_ADMIN_ACTIONS


class Why(Enum):
    """The reasons for a refusal."""

    SELF_REGISTRATION_IS_OFF = "self_registration_is_off"
    NOT_A_STUDENT = "not_a_student"
    NO_PERMISSION = "no_permission"
    SUSPENDED = "suspended"
    INVITED = "invited"


@dataclass(frozen=True)
class Refusal:
    """Why a person may not create codes; for a missing permission also which one, and the account that can grant it."""

    why: Why
    permission: Permission | None = None
    account: Account | None = None

    def __str__(self) -> str:
        """Return one line for staff: what is missing, and who can change it."""
        if self.why is Why.SELF_REGISTRATION_IS_OFF:
            return _(
                "Pairing is off because self registration is off. An administrator who manages the "
                "settings of the institution can turn it on under Authentication."
            )
        if self.why is Why.NOT_A_STUDENT:
            return _("Only students can be paired with an observer.")
        if self.why is Why.SUSPENDED:
            return _("This account is suspended. Pairing codes do not work until it is reactivated.")
        if self.why is Why.INVITED:
            return _(
                "This person has not accepted the invitation to the course yet. You can create codes once they have."
            )
        names = {
            "permission": self.permission.label if self.permission else "",
            "account": self.account.name if self.account else Account.objects.root().name,
        }
        return (
            _(
                "To create pairing codes here, you need the permission “%(permission)s”. An "
                "administrator who manages permissions in %(account)s can grant it to your role."
            )
            % names
        )


@dataclass(frozen=True)
class Right:
    """Where the permission to create codes for a student comes from, and so what they open: a course, an account, or
    all.

    They open all courses if the student or someone in charge of the whole institution creates them. What comes from a
    course or an account limits the codes if the institution has chosen so, and always if it `binds`.
    """

    course: Course | None = None
    account: Account | None = None
    binds: bool = False


def is_student(user: User) -> bool:
    """Return whether `user` has (or had) an enrollment as a student, in a published course or not."""
    return bool(_studies(user))


@prepared
def _studies(user: User) -> EnrollmentQuerySet:
    return Enrollment.objects.students().filter(user=user, state__in=Enrollment.COUNTED).only("pk")[:1]


def _enrollments_of(student: User) -> EnrollmentQuerySet:
    """Return where somebody has accepted to be (or to have been) a student: an invitation makes nobody
    one for others.
    """
    return Enrollment.objects.present().students().settled().filter(user=student, state__in=Enrollment.COUNTED)


def _sections_of(student: User, course: Course | None) -> list[Section]:
    """Return the sections where a person is (or was) a student, in `course` or anywhere, with their courses (one
    statement).
    """
    found = _studies_in(student, course) if course else _studies_anywhere(student)
    return [enrollment.section for enrollment in found]


@prepared
def _studies_anywhere(student: User) -> EnrollmentQuerySet:
    return _enrollments_of(student).select_related("section__course__account").order_by("id")


@prepared
def _studies_in(student: User, course: Course) -> EnrollmentQuerySet:
    there = _enrollments_of(student).filter(section__course=course)
    return there.select_related("section__course__account").order_by("id")


def refusal_for(student: User, *, by: User, course: Course | None = None, on_details: bool = False) -> Refusal | None:
    """Return why `by` may not create a code for `student`; None if they may: see `right_for`."""
    found = _ground_for(student, by, course, on_details)
    return found if isinstance(found, Refusal) else None


def right_for(student: User, *, by: User, course: Course | None = None, on_details: bool = False) -> Right | Refusal:
    """Return what gives `by` the permission to create a code for `student`, or why they have none.

    Students may do it for themselves. A person acting as the student needs the permission too, in addition to the one
    to act. Others need it in a course the student is in (through a role there, or in an account above); with `course`,
    in that same course; with `on_details`, on a User Details page, they also need the permission for administrative
    actions there. Permissions of an observer role only count for the students observed there. Only people who may know
    it learn whether a person is a student.
    """
    return _found(_ground_for(student, by, course, on_details))


def _ground_for(
    student: User, by: User, course: Course | None, on_details: bool
) -> Callable[[], Right | Refusal] | Refusal:
    """Return what finds the right of `right_for`, which takes further statements, or the refusal."""
    root = Account.objects.root()
    if not root.pairing_is_on:
        return Refusal(Why.SELF_REGISTRATION_IS_OFF)
    own = by == student and by.actor is None
    if own and (not is_student(student) or (course and not _sections_of(student, course))):
        return Refusal(Why.NOT_A_STUDENT)
    if own:
        return lambda: Right(course)
    sections, asking = _sections_of(student, course), by.person_acting if by == student else by
    needed = (PERMISSION, ON_USER_DETAILS) if on_details else (PERMISSION,)
    if not sections:
        return _why_not_for_others(student, asking, course, needed)
    # Whoever is known to have it in the account of a course has it in the course, whatever they are there.
    known = known_permissions(asking, {section.course.account_id for section in sections})
    if student.state != User.State.SUSPENDED and any(keys.issuperset((*needed, ROSTER)) for keys in known.values()):
        return lambda: _found(_ground_in(sections, student, asking, course, needed))
    return _ground_in(sections, student, asking, course, needed)


def _found(ground: Callable[[], Right | Refusal] | Refusal) -> Right | Refusal:
    return ground if isinstance(ground, Refusal) else ground()


def _ground_in(
    sections: list[Section], student: User, asking: User, course: Course | None, needed: tuple[Permission, ...]
) -> Callable[[], Right] | Refusal:
    """Return the same for somebody who is a student in these sections."""
    held = held_in(asking, {section.course for section in sections})
    # A person limited to sections of a course has no permissions over the students of its other sections.
    mine = [(section, held[section.course_id]) for section in sections]
    given = [(section, one.not_as_observer & one.over(section.pk)) for section, one in mine]
    giving = [section.course for section, keys in given if keys.issuperset(needed)]
    by_observing = [section for section, one in mine if one.keys.issuperset(needed)]
    observed = [] if giving else _observed(by_observing, student, asking)
    if not giving and not observed:
        return _missing([(section.course, keys) for section, keys in given], needed)
    if student.state == User.State.SUSPENDED:
        return Refusal(Why.SUSPENDED)
    if observed:
        return lambda: _of_observer(observed[0].course, student, asking)
    of_institution = PERMISSION in account_permissions(asking, Account.objects.root())
    return lambda: Right(course) if of_institution else _from(giving, student, asking, course)


def _of_observer(course: Course, student: User, observer: User) -> Right:
    linked = ObservationLink.objects.live().filter(observer=observer, student=student, scope=Scope.ALL).exists()
    return Right(course, binds=not linked)


def _why_not_for_others(student: User, asking: User, course: Course | None, needed: tuple[Permission, ...]) -> Refusal:
    """Return why there are no codes for a person who is not a student, or not in `course`, as far as
    `by` may know it.
    """
    if course and (invited := _invited_to(course, student)):
        held = held_in(asking, [course])[course.pk]
        given = frozenset().union(*(held.not_as_observer & held.over(section) for section in invited))
        return Refusal(Why.INVITED) if given.issuperset(needed) else _missing([(course, given)], needed)
    return Refusal(Why.NOT_A_STUDENT if known_about(student, by=asking) else Why.NO_PERMISSION, PERMISSION)


def _invited_to(course: Course, student: User) -> set[int]:
    """Return the sections of `course` to which a person is invited as a student and has not answered."""
    waiting = Enrollment.objects.present().students().filter(user=student, section__course=course, accepted_at=None)
    return set(waiting.values_list("section", flat=True))


def _observed(sections: list[Section], student: User, observer: User) -> list[Section]:
    """Return the sections in which `observer` observes the student."""
    beside = observer_enrollments(observer).filter(associated_user=student, section__in=sections)
    seen = set(beside.values_list("section", flat=True))
    return [section for section in sections if section.pk in seen]


def _from(courses: list[Course], student: User, asking: User, course: Course | None) -> Right:
    """Return the given course, otherwise the highest account where `asking` has the permission, otherwise the first of
    `courses`.

    If only staff have made the person a student, the limit binds. Otherwise staff who added someone that belonged
    nowhere would open to a stranger what another school adds later.
    """
    binds = not _enrollments_of(student).exclude(accepted_through=Enrollment.Through.STAFF).exists()
    if course:
        return Right(course, binds=binds)
    chains = upwards({each.account_id for each in courses})
    above = {account.pk: account for account in Account.objects.filter(pk__in=set().union(*chains.values()))}
    on = permissions_on(asking, above.values())
    tops = Counter(
        next(pk for pk in reversed(chains[each.account_id]) if PERMISSION in on[pk])
        for each in courses
        if PERMISSION in on[each.account_id]
    )
    if not tops:
        return Right(courses[0], binds=binds)
    return Right(account=above[min(tops, key=lambda pk: (-tops[pk], pk))], binds=binds)


def _missing(given: Collection[tuple[Course, frozenset[Permission]]], needed: tuple[Permission, ...]) -> Refusal:
    """Return what is missing in the course where the least is missing."""
    lacking = [(course, keys, [key for key in needed if key not in keys]) for course, keys in given]
    course, keys, missing = min(lacking, key=lambda one: len(one[2]))
    # Only people involved in the course learn whose it is.
    return Refusal(Why.NO_PERMISSION, missing[0], course.account if keys else None)


def bound_in(course: Course, students: Collection[int], *, by: User) -> set[int]:
    """Return the students of `course` (ids) for whom a code by `by` always opens that course only."""
    if PERMISSION in account_permissions(by, Account.objects.root()):
        return set()
    asked = Enrollment.objects.present().students().settled().filter(user__in=students)
    return set(students) - set(asked.exclude(accepted_through=Enrollment.Through.STAFF).values_list("user", flat=True))


def why_not_for_class(course: Course, *, by: User) -> Refusal | None:
    """Return why `by` may not export codes for the students of `course`; None if they may.

    The file is also a class list, so it needs the permission to see the course's people. Observers never get one.
    """
    if not Account.objects.root().pairing_is_on:
        return Refusal(Why.SELF_REGISTRATION_IS_OFF)
    keys, needed = held_in(by, [course])[course.pk].not_as_observer, (PERMISSION, ROSTER)
    return None if keys.issuperset(needed) else _missing([(course, keys)], needed)
