"""What somebody may do in a course: by the roles of their enrollments there, and by admin roles above it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import connection

from accounts.models import Account, User
from accounts.permission_list import PERMISSIONS
from accounts.permissions import (
    ADMIN_ROLES,
    NOTHING,
    UPWARDS,
    HeldRole,
    Overrides,
    chains_of,
    may_on_account,
    remember,
    remember_accounts,
    remembered,
)
from courses.models import Course

ROLES = f"""
{UPWARDS} {ADMIN_ROLES}
UNION ALL
SELECT DISTINCT c.account_id, NULL::bigint, NULL::int, r.id, r.base_type, c.id
FROM courses_enrollment e
JOIN courses_section s ON s.id = e.section_id AND s.workflow_state = 'active'
JOIN courses_course c ON c.id = s.course_id AND c.workflow_state <> 'deleted'
JOIN accounts_role r ON r.id = e.role_id AND r.workflow_state = 'active'
WHERE e.user_id = %(user)s AND e.state = 'active' AND c.id = ANY(%(courses)s)
ORDER BY 1, 3
"""  # noqa: S608 built from constants


def permissions_in(user: User, courses: Iterable[Course]) -> dict[int, frozenset[str]]:
    """By course id, the keys of everything `user` may do in each course (two statements for any number)."""
    by_id = {course.pk: course for course in courses}
    if not user.is_active:
        return dict.fromkeys(by_id, NOTHING)
    known = remembered("course", user, by_id)
    if missing := [course for pk, course in by_id.items() if pk not in known]:
        found = _look_up(user, missing)
        remember("course", user, found)
        known |= found
    return known


def _look_up(user: User, courses: list[Course]) -> dict[int, frozenset[str]]:
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "accounts": list({course.account_id for course in courses}),
            "user": user.pk,
            "courses": [course.pk for course in courses],
        }
        cursor.execute(ROLES, parameters)
        rows = cursor.fetchall()
    chains = chains_of(row for row in rows if row[5] is None)
    enrolled: dict[int, set[HeldRole]] = defaultdict(set)
    for _account, _up, _depth, role_id, base_type, course_id in rows:
        if course_id is not None:
            enrolled[course_id].add(HeldRole(role_id, base_type))
    overrides = Overrides(
        {row[3] for row in rows if row[3] is not None},
        {account_id for chain in chains.values() for account_id in chain.account_ids},
    )
    remember_accounts(user, chains.values(), overrides)
    found = {}
    for course in courses:
        chain = chains[course.account_id]
        by_enrollment = (overrides.fold(role, chain).given for role in enrolled[course.pk])
        found[course.pk] = overrides.granted(chain).union(*by_enrollment)
    return found


def course_permissions(user: User, course: Course) -> frozenset[str]:
    """The keys of everything `user` may do in `course`."""
    return permissions_in(user, [course])[course.pk]


def may(user: User, key: str, where: Course | Account) -> bool:
    """Whether `user` has the permission `key` in a course or on an account. Raises KeyError for an unknown key."""
    if isinstance(where, Account):
        return may_on_account(user, key, where)
    return PERMISSIONS[key].key in course_permissions(user, where)
