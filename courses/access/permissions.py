"""What a person may do in a course: through the roles of their enrollments there, and admin roles above it.

And with whom: a person who helps run a course only through enrollments limited to their sections sees the people of
these sections only, and changes nobody else. Lists, pages, codes, exports and the API ask `sections_seen`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from accounts.memory import read_from, remember, remembered
from accounts.models import Account, BaseType, User
from accounts.permissions.registry import PERMISSIONS, Permission
from accounts.permissions.resolver import (
    ADMIN_ROLES,
    NOTHING,
    HeldRole,
    chains_of,
    look_up,
    may_on_account,
    remember_accounts,
    with_overrides,
)
from courses.models import Course, Enrollment, Section, Term
from courses.models.dates import RUNS
from courses.models.enrollment import EnrollmentQuerySet

# Roles in courses come in the same statement as the admin roles above them: every course page needs both.
ROLES = with_overrides(f"""
{ADMIN_ROLES}
UNION ALL
SELECT DISTINCT c.account_id, NULL::bigint, NULL::int, r.id, r.base_type, c.id,
       CASE WHEN e.limit_privileges_to_course_section THEN e.section_id END
FROM courses_enrollment e
JOIN courses_section s ON s.id = e.section_id AND s.workflow_state = 'active'
JOIN courses_course c ON c.id = s.course_id AND c.workflow_state <> 'deleted'
JOIN accounts_role r ON r.id = e.role_id AND r.workflow_state = 'active'
LEFT JOIN courses_term t ON t.id = c.term_id
WHERE e.user_id = %(user)s AND e.state = 'active' AND c.id = ANY(%(courses)s) AND {RUNS}
""")  # noqa: S608 built from constants


read_from(Enrollment, Section, Course, Term)

ROSTER = Permission.READ_ROSTER
STAFF_TYPES = (BaseType.TEACHER, BaseType.TA, BaseType.DESIGNER)


class Held(NamedTuple):
    """What a person may do in a course, and with the people of which sections: None means all."""

    keys: frozenset[Permission]
    sections: frozenset[int] | None
    # Without the permissions of observer roles: those may be meant for the observed students only.
    not_as_observer: frozenset[Permission] = NOTHING

    def sees_people_of(self, section_id: int) -> bool:
        """Return whether it covers the people of this section of the course."""
        return ROSTER in self.over(section_id)

    def over(self, section_id: int) -> frozenset[Permission]:
        """Return the part of it that applies to the people of this section of the course."""
        return self.keys if self.sections is None or section_id in self.sections else NOTHING

    def exceeds(self, other: Held) -> bool:
        """Return whether it contains a permission, or covers a person, that the other does not."""
        if self.keys - other.keys:
            return True
        if not self.keys or other.sections is None:
            return False
        return self.sections is None or bool(self.sections - other.sections)


def permissions_in(user: User, courses: Iterable[Course]) -> dict[int, frozenset[Permission]]:
    """Return, by course id, the keys of everything `user` may do in each course (one statement for any number)."""
    return {pk: held.keys for pk, held in held_in(user, courses).items()}


def held_in(user: User, courses: Iterable[Course]) -> dict[int, Held]:
    """Return, by course id, what `user` may do in each course and with whom (the same statement)."""
    by_id = {course.pk: course for course in courses}
    if not user.is_active:
        return dict.fromkeys(by_id, Held(NOTHING, frozenset()))
    known = remembered("course", user, by_id)
    if missing := [course for pk, course in by_id.items() if pk not in known]:
        found = _look_up(user, missing)
        remember("course", user, found)
        known |= found
    return known


def sections_seen_among(enrollments: EnrollmentQuerySet, *, by: User) -> dict[int, Held]:
    """Return the sections of these enrollments, by id, whose people `by` sees, with what `by` may do in their courses.

    Three statements at most, however many courses.
    """
    sections = {enrollment.section for enrollment in enrollments.select_related("section__course")}
    held = held_in(by, {section.course for section in sections})
    return {
        section.pk: held[section.course_id]
        for section in sections
        if held[section.course_id].sees_people_of(section.pk)
    }


def _look_up(user: User, courses: list[Course]) -> dict[int, Held]:
    parameters: dict[str, Any] = {
        "accounts": list({course.account_id for course in courses}),
        "user": user.pk,
        "courses": [course.pk for course in courses],
    }
    rows, overrides = look_up(ROLES, parameters)
    chains = chains_of(row for row in rows if row[5] is None)
    enrolled: dict[int, dict[HeldRole, set[int | None]]] = defaultdict(lambda: defaultdict(set))
    for _account, _up, _depth, role_id, base_type, course_id, only_section in rows:
        if course_id is not None and role_id is not None:
            enrolled[course_id][HeldRole(role_id, base_type)].add(only_section)
    remember_accounts(user, chains.values(), overrides)
    found = {}
    for course in courses:
        chain = chains[course.account_id]
        by_role = {role: overrides.fold(role, chain).given for role in enrolled[course.pk]}
        above = overrides.granted(chain)
        other = above.union(*(keys for role, keys in by_role.items() if role.base_type != BaseType.OBSERVER))
        sections = None if ROSTER in above else limits_of(enrolled[course.pk])
        found[course.pk] = Held(other.union(*by_role.values()), sections, other)
    return found


def limits_of(enrolled: Mapping[HeldRole, set[int | None]]) -> frozenset[int] | None:
    """Return the sections a person is limited to; None if an enrollment by which they help run the course is not
    limited.

    A person who is also a student or an observer there, without a limit, does not see more because of that.
    """
    running = [only for role, only in enrolled.items() if role.base_type in STAFF_TYPES]
    among = frozenset[int | None]().union(*running)
    return None if not among or None in among else frozenset(section for section in among if section is not None)


def sections_seen(user: User, course: Course) -> frozenset[int] | None:
    """Return the ids of the sections whose people `user` sees when working on `course`; None means all.

    Whether they may do so at all is another question: see `permissions_in`.
    """
    return held_in(user, [course])[course.pk].sections


def course_permissions(user: User, course: Course) -> frozenset[Permission]:
    """Return the keys of everything `user` may do in `course`."""
    return permissions_in(user, [course])[course.pk]


def may(user: User, key: Permission, where: Course | Account) -> bool:
    """Return whether `user` has the permission `key` in a course or in an account. Raises KeyError for
    an unknown key.
    """
    if isinstance(where, Account):
        return may_on_account(user, key, where)
    return PERMISSIONS[key] in course_permissions(user, where)
