"""What somebody may do in a course: by the roles of their enrollments there, and by admin roles above it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from accounts.models import Account, Role, User
from accounts.permissions import PERMISSIONS, HeldRole, Overrides, chains, may_on_account
from courses.models import Course, Enrollment


def permissions_in(user: User, courses: Iterable[Course]) -> dict[int, frozenset[str]]:
    """By course id, the keys of everything `user` may do in each course (three statements for any number)."""
    courses = list(courses)
    if not user.is_active or not courses:
        return {course.pk: frozenset() for course in courses}
    found = chains(user, {course.account_id for course in courses})
    held: dict[int, set[HeldRole]] = defaultdict(set)
    rows = Enrollment.objects.present().filter(
        user=user,
        state=Enrollment.State.ACTIVE,
        role__workflow_state=Role.State.ACTIVE,
        section__course__in=[course.pk for course in courses],
    )
    for course_id, role_id, base_type in rows.values_list("section__course_id", "role_id", "role__base_type"):
        held[course_id].add(HeldRole(role_id, base_type))
    for course in courses:
        held[course.pk] |= found[course.account_id].admin_roles
    overrides = Overrides(
        {role for roles in held.values() for role in roles},
        {account_id for chain in found.values() for account_id in chain.account_ids},
    )
    return {
        course.pk: frozenset().union(*(overrides.granted(role, found[course.account_id]) for role in held[course.pk]))
        for course in courses
    }


def course_permissions(user: User, course: Course) -> frozenset[str]:
    """The keys of everything `user` may do in `course`."""
    return permissions_in(user, [course])[course.pk]


def may(user: User, key: str, where: Course | Account) -> bool:
    """Whether `user` has the permission `key` in a course or on an account. Raises KeyError for an unknown key."""
    if isinstance(where, Account):
        return may_on_account(user, key, where)
    return PERMISSIONS[key].key in course_permissions(user, where)


def may_in_a_course_of(user: User, key: str, student: User) -> bool:
    """Whether `user` has the permission in at least one course `student` is in, in whatever capacity or state."""
    places = Enrollment.objects.exclude(state=Enrollment.State.DELETED).filter(user=student)
    courses = Course.objects.present().filter(pk__in=places.values("section__course"))
    return any(PERMISSIONS[key].key in keys for keys in permissions_in(user, courses).values())
