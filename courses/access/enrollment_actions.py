"""Who may do what with the people of a course, and in which section a person is put.

The table below is the one place that says which permission each change needs; pages and API ask here. Course roles may
be custom: what counts is always the base type.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.domain.grants import held_as
from accounts.domain.roles import WORDS, nearest, roles_of
from accounts.errors import Invalid, NotAllowed
from accounts.models import COURSE_BASE_TYPES, Account, BaseType, Role, User
from accounts.models.prepared import prepared
from accounts.permissions.registry import ADDING, REMOVING, Permission, labels_of
from accounts.permissions.resolver import HeldRole, account_permissions, permissions_by
from courses.access.permissions import STAFF_TYPES, course_permissions, held_in, sections_seen
from courses.models import Course, Enrollment, Section
from courses.models.course import default_section


class EnrollmentAction(Enum):
    """What is done to an enrollment; changing a role is removing it in one role and enrolling in another."""

    ENROLL = "enroll"
    REACTIVATE = "reactivate"
    MOVE = "move"
    CONCLUDE = "conclude"
    DEACTIVATE = "deactivate"
    REMOVE = "remove"


STUDENTS_AND_OBSERVERS = (BaseType.STUDENT, BaseType.OBSERVER)
MANAGING_STUDENTS = dict.fromkeys(STUDENTS_AND_OBSERVERS, Permission.MANAGE_STUDENTS)
# The permission each action takes, by base type: with students and observers, and with teachers, TAs and designers.
TABLE = {
    EnrollmentAction.ENROLL: (ADDING, ADDING),
    EnrollmentAction.REACTIVATE: (ADDING, ADDING),
    EnrollmentAction.MOVE: (MANAGING_STUDENTS, ADDING),
    EnrollmentAction.CONCLUDE: (MANAGING_STUDENTS, REMOVING),
    EnrollmentAction.DEACTIVATE: (MANAGING_STUDENTS, REMOVING),
    EnrollmentAction.REMOVE: (REMOVING, REMOVING),
}
# After these a person may do less here, or nothing.
ENDINGS = (EnrollmentAction.CONCLUDE, EnrollmentAction.DEACTIVATE, EnrollmentAction.REMOVE)
# Enrolling a person in one of these states is equivalent to this action.
AS_GOOD_AS = {
    Enrollment.State.COMPLETED: EnrollmentAction.CONCLUDE,
    Enrollment.State.INACTIVE: EnrollmentAction.DEACTIVATE,
}


CONCLUDED = gettext_lazy("This course is concluded, so nobody can be enrolled in it. Publish it again first.")


@cache
def needed(action: EnrollmentAction, base_type: str, *, observing: bool = False) -> frozenset[Permission]:
    """Return the permissions needed in the course to do this with a person of this base type.

    `observing`: as the observer of a student there, which also needs the permission to manage students.
    """
    with_students, with_staff = TABLE[action]
    by_type = with_students if base_type in STUDENTS_AND_OBSERVERS else with_staff
    found = frozenset({by_type[BaseType(base_type)]})
    return found | {Permission.MANAGE_STUDENTS} if observing else found


MANAGING = frozenset().union(*(needed(action, base) for action in EnrollmentAction for base in WORDS))


def needed_for(action: EnrollmentAction, enrollment: Enrollment | Kind) -> frozenset[Permission]:
    """Return the permissions needed in the course to do this to an enrollment."""
    keys = needed(action, enrollment.type, observing=enrollment.is_observing)
    if action is EnrollmentAction.CONCLUDE and enrollment.state == Enrollment.State.INACTIVE:
        # Concluded people can still read, inactive ones cannot. Reactivating lets them back in.
        keys |= needed(EnrollmentAction.REACTIVATE, enrollment.type, observing=enrollment.is_observing)
    return keys


class Kind(NamedTuple):
    """All that decides, of an enrollment, what somebody may do with it: with those of one kind they may do the same."""

    role_id: int
    type: str
    state: str
    section_id: int
    is_observing: bool
    is_limited: bool
    is_own: bool


@dataclass(frozen=True)
class EnrollmentPermissions:
    """What `by` may do with the people of `course`, looked up once for a whole page."""

    by: User
    course: Course
    keys: frozenset[Permission]  # what they may do in the course
    on_account: frozenset[Permission]  # and on its account, whatever their enrollment there
    roles: tuple[Role, ...]  # the roles that do not reach further here than they do themselves
    sections: frozenset[int] | None  # with the people of these sections only; None: of all

    def may(self, action: EnrollmentAction, enrollment: Enrollment) -> bool:
        """Return whether they may do this to an enrollment of the course: what `check` checks."""
        return self.may_with(self.kind_of(enrollment), action)

    def kind_of(self, enrollment: Enrollment) -> Kind:
        """Return of which kind an enrollment is for them."""
        return Kind(
            enrollment.role_id,
            enrollment.type,
            enrollment.state,
            enrollment.section_id,
            enrollment.is_observing,
            enrollment.limit_privileges_to_course_section,
            enrollment.user_id == self.by.pk,
        )

    def may_with(self, kind: Kind, action: EnrollmentAction) -> bool:
        """Return whether they may do this to the enrollments of this kind."""
        keys = needed_for(action, kind)
        if action is EnrollmentAction.REACTIVATE and not self._may_let_back_in(kind):
            return False
        if action in ENDINGS and kind.is_own and not keys <= self.on_account:
            return False
        if self.sections is not None and kind.section_id not in self.sections:
            return False
        return keys <= self.keys

    def _may_let_back_in(self, kind: Kind) -> bool:
        """Return whether the person would then reach no further in the course than they do themselves."""
        is_limited = kind.is_limited or kind.type not in STAFF_TYPES
        return kind.role_id in {role.pk for role in self.roles} and (is_limited or self.sections is None)

    def may_link(self) -> bool:
        """Return whether they may link observers to students of the course, or unlink them."""
        wanted = (EnrollmentAction.ENROLL, EnrollmentAction.REMOVE)
        return any(needed(action, BaseType.OBSERVER, observing=True) <= self.keys for action in wanted)

    @property
    def is_closed(self) -> bool:
        """Whether nobody can be enrolled in the course by hand: it is concluded."""
        return self.course.workflow_state == Course.State.COMPLETED

    def roles_to_give(self) -> list[Role]:
        """Return the roles with which they may enroll people."""
        if self.is_closed:
            return []
        return [role for role in self.roles if needed(EnrollmentAction.ENROLL, role.base_type) <= self.keys]


def enrollment_permissions(by: User, course: Course) -> EnrollmentPermissions:
    """Return what `by` may do with the people of `course` (a fixed number of statements)."""
    held, roles = held_in(by, [course])[course.pk], course_roles(course)
    reach = reach_of(roles, course)
    within = tuple(role for role in roles if reach[role.pk] <= held.keys)
    return EnrollmentPermissions(by, course, held.keys, account_permissions(by, course.account), within, held.sections)


def check(action: EnrollmentAction, enrollment: Enrollment, course: Course, *, by: User) -> None:
    """Raise NotAllowed, with the reason, unless `by` may do this to an enrollment of `course`."""
    keys = needed_for(action, enrollment)
    check_keys(keys, course, by=by)
    check_section(enrollment.section_id, course, by=by)
    if action is EnrollmentAction.REACTIVATE:
        check_gives([enrollment.role], course, by=by)
        if not enrollment.limit_privileges_to_course_section and gives_limited(enrollment.role, course, by=by):
            raise NotAllowed(_("This person would see more sections here than you do."))
    if action in ENDINGS and enrollment.user_id == by.pk and not keys <= account_permissions(by, course.account):
        raise NotAllowed(_("You cannot take yourself out of the course. Ask another teacher or an administrator."))


def check_enrolls(role: Role, course: Course, *, by: User, observing: bool = False, state: str | None = None) -> None:
    """Raise NotAllowed, with the reason, unless `by` may enroll people here with `role` (in this state).

    Raises Invalid for a concluded course: nobody comes into it any more by hand.
    """
    keys = needed(EnrollmentAction.ENROLL, role.base_type, observing=observing)
    if state in AS_GOOD_AS:
        keys |= needed(AS_GOOD_AS[Enrollment.State(state)], role.base_type)
    check_keys(keys, course, by=by)
    check_gives([role], course, by=by)
    if course.workflow_state == Course.State.COMPLETED:
        raise Invalid({"course": [("invalid", CONCLUDED)]}, of="enrollment")


class Entry(NamedTuple):
    """A future enrollment in a course, by ids: with which role, and whether to observe a student there."""

    course: int
    role: int
    base_type: str
    observing: bool


def not_to_enter(entries: Collection[Entry], *, by: User) -> set[Entry]:
    """Return those entries with which `by` may not enroll anyone by hand: see `check_enrolls` (a few statements for
    all).
    """
    courses = {course.pk: course for course in Course.objects.filter(pk__in={entry.course for entry in entries})}
    held = held_in(by, courses.values())
    roles = {HeldRole(entry.role, entry.base_type) for entry in entries}
    reach = permissions_by(roles, {course.account_id for course in courses.values()})

    def may(entry: Entry) -> bool:
        mine = held[entry.course]
        wanted = needed(EnrollmentAction.ENROLL, entry.base_type, observing=entry.observing)
        return mine.sections is None and wanted | reach[courses[entry.course].account_id][entry.role] <= mine.keys

    return {entry for entry in entries if not may(entry)}


def check_gives(roles: Iterable[Role], course: Course, *, by: User) -> None:
    """Raise NotAllowed if one of these roles has more permissions in the course than `by`."""
    mine = course_permissions(by, course)
    more = frozenset().union(*reach_of(roles, course).values()) - mine
    if more:
        message = _("You cannot give a role with more permissions than you have here. You lack: %(labels)s.")
        raise NotAllowed(message % {"labels": labels_of(more)})


def check_keys(keys: Set[Permission], course: Course, *, by: User) -> None:
    """Raise NotAllowed, naming what is missing, unless `by` has all these permissions in the course."""
    if lacking := keys - course_permissions(by, course):
        raise NotAllowed(_("To do this, you need in this course: %(labels)s.") % {"labels": labels_of(lacking)})


def check_section(section_id: int | None, course: Course, *, by: User) -> None:
    """Raise NotAllowed if `by` is limited to sections, and not to this one (None: a new one)."""
    seen = sections_seen(by, course)
    if seen is not None and section_id not in seen:
        raise NotAllowed(_("In this course you can only see and change your own sections and the people in them."))


def gives_limited(role: Role, course: Course, *, by: User) -> bool:
    """Return whether `by` may give this role in `course` only limited to a section, as nobody gives more than they
    have.
    """
    return role.base_type in STAFF_TYPES and sections_seen(by, course) is not None


def reach_of(roles: Iterable[Role], course: Course) -> dict[int, frozenset[Permission]]:
    """Return, by role id, what each role may do in `course` (two statements for any number of roles)."""
    return permissions_by(map(held_as, roles), [course.account_id])[course.account_id]


def course_roles(course: Course) -> list[Role]:
    """Return the roles that can be used in `course`: built-in ones first, in the order of their base types."""
    found = _roles_usable_in(course.account)
    order = [base.value for base in WORDS]
    return sorted(found, key=lambda role: (role.account_id is not None, order.index(role.base_type), role.label))


@prepared
def _roles_usable_in(account: Account) -> QuerySet[Role]:
    return roles_of(account).filter(base_type__in=COURSE_BASE_TYPES)


def find_role(course: Course, *, role_id: int | None = None, name: str = "", base_type: str = "") -> Role:
    """Return the course role meant: by id, by name (a custom one's label, a built-in one's type), or by type alone.

    A custom role must belong to the course's account or one above; of several of one name the nearest counts. Raises
    Invalid.
    """
    usable = course_roles(course)
    if role_id is not None:
        found = next((role for role in usable if role.pk == role_id), None)
    else:
        found = nearest(usable, name or base_type or BaseType.STUDENT)
    if found is None or (base_type and found.base_type != base_type):
        raise Invalid({"role": [("invalid", _("This course has no such role."))]}, of="enrollment")
    return found


def section_for(course: Course, section: Section | None, student: User | None, *, by: User) -> Section:
    """Return the section for a new enrollment by `by`: `section`, otherwise that of the observed `student`, otherwise
    the default.

    An observer sees a student only in the same section. Raises Invalid; NotAllowed for a section `by` does not see.
    """
    if section and section.course_id != course.pk:
        raise Invalid({"section": [("invalid", _("This section does not belong to this course."))]}, of="enrollment")
    if student is None:
        chosen = section or _section_by_default(course, by)
        check_section(chosen.pk, course, by=by)
        return chosen
    there = Enrollment.objects.present().students().settled().filter(user=student, section__course=course)
    there = there.within(sections_seen(by, course))
    if section:
        there = there.filter(section=section)
    found = there.filter(state__in=Enrollment.COUNTED).select_related("section__course").first()
    if found is None:
        raise Invalid({"student": [("invalid", _("This person is not a student here."))]}, of="enrollment")
    return found.section


def _section_by_default(course: Course, by: User) -> Section:
    """Return the default section; for a person limited to sections, the first of these."""
    seen = sections_seen(by, course)
    if seen is None:
        return default_section(course)
    mine = course.sections.filter(pk__in=seen, workflow_state=Section.State.ACTIVE).order_by("sort_key", "id").first()
    return mine or default_section(course)
