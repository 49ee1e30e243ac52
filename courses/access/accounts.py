"""Whose account a person may change: the one check that pages and API make before they edit, suspend or delete.

Nobody may change the account of somebody with more permissions than their own, or act as them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from django.db.models import Case, When
from django.utils.translation import gettext as _

from accounts.domain.admins import all_roles_of, out_of_reach
from accounts.errors import NotAllowed
from accounts.memory import remember, remembered
from accounts.models import Account, User
from accounts.models.account import is_within
from accounts.permissions.registry import AVAILABLE, Permission
from accounts.permissions.resolver import HeldRole, may_on_account, permissions_by, permissions_on
from courses.access.consent import accounts_of
from courses.access.permissions import Held, held_in, limits_of
from courses.models import Course, Enrollment

# Course roles of these base types can have permissions.
WITH_RIGHTS = [base for base, keys in AVAILABLE.items() if keys]
State = Enrollment.State


class EnrollmentIds(NamedTuple):
    """Somebody's enrollment in a course, by ids."""

    user: int
    course: int
    account: int


def reaches_further(other: User, actor: User) -> bool:
    """Return whether `other` may do anything anywhere that `actor` may not do there; a request asks once."""
    known = remembered("further", actor, [other.pk])
    if not known:
        known = {other.pk: bool(who_reach_further([other.pk], by=actor))}
        remember("further", actor, known)
    return bool(known[other.pk])


def who_reach_further(people: Collection[int], *, by: User) -> set[int]:
    """Return those of these people who may do anything anywhere that `by` may not do there, now or once reactivated.

    A suspended person, a deactivated role and an inactive enrollment count: anyone who takes over the account may have
    it all tomorrow. A fixed number of statements if `by` may do everything in the institution.
    """
    return further_by_admin_roles(people, by=by) | _further_in_courses(people, by)


def further_by_admin_roles(people: Collection[int], *, by: User) -> set[int]:
    """Return those of them who may do so through an admin role."""
    held = all_roles_of(people)
    beyond = out_of_reach({(role, account) for _user, role, account in held}, by=by)
    return {user for user, role, account in held if (role, account) in beyond}


def _further_in_courses(people: Collection[int], by: User) -> set[int]:
    enrollments = Enrollment.objects.present().filter(user__in=people, state__in=(State.ACTIVE, State.INACTIVE))
    limit = Case(When(limit_privileges_to_course_section=True, then="section"))
    rows = enrollments.filter(type__in=WITH_RIGHTS).values_list(
        "user", "section__course", "section__course__account", "role", "type", limit
    )
    enrolled: dict[EnrollmentIds, dict[HeldRole, set[int | None]]] = defaultdict(lambda: defaultdict(set))
    for user, course, account, role, base, only_section in rows:
        enrolled[EnrollmentIds(user, course, account)][HeldRole(role, base)].add(only_section)
    if not enrolled:
        return set()
    roles = {role for held in enrolled.values() for role in held}
    given = permissions_by(roles, {enrollment.account for enrollment in enrolled})
    theirs = {
        enrollment: Held(frozenset().union(*(given[enrollment.account][role.id] for role in held)), limits_of(held))
        for enrollment, held in enrolled.items()
    }
    mine = held_in(
        by, Course.objects.filter(pk__in={enrollment.course for enrollment, held in theirs.items() if held.keys})
    )
    return {
        enrollment.user for enrollment, held in theirs.items() if held.keys and held.exceeds(mine[enrollment.course])
    }


PERMISSION = Permission.MANAGE_USER_LOGINS
# What people may change about themselves.
OWN_FIELDS = frozenset({"time_zone", "locale"})


def why_not_change(person: User, *, by: User) -> str | None:
    """Return why `by` may not edit, suspend or delete the account of `person`; None if they may.

    The number of statements does not depend on the number of accounts and courses they are in.
    """
    root = Account.objects.root()
    if not may_on_account(by, PERMISSION, root):
        held = permissions_on(by, accounts_of(person)).values()
        if not all(PERMISSION in keys for keys in held):
            return _(
                "To change this account, you need the permission “Users - manage login details” in the "
                "root account or in every account this person belongs to."
            )
    if reaches_further(person, by):
        return _("This person has permissions that you do not have, so you cannot change this account.")
    return None


def check_may_change(person: User, *, by: User) -> None:
    """Raise NotAllowed, with the reason, unless `by` may change the account of `person`."""
    if reason := why_not_change(person, by=by):
        raise NotAllowed(reason)


def are_own_settings(fields: Collection[str], person: User, *, by: User) -> bool:
    """Return whether these are fields of `by`'s own that people change for themselves."""
    return person == by and OWN_FIELDS.issuperset(fields)


def belongs_only_to(person: User, account: Account) -> bool:
    """Return whether everything the person belongs to in the institution is in `account` and below it."""
    if account.parent_id is None:
        return True
    return all(is_within(each, account) for each in accounts_of(person))
