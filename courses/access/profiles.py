"""Who may read a person's user record, and how much of it."""

from __future__ import annotations

from accounts.models import Account, ObservationLink, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from courses.access.courses import observer_enrollments
from courses.access.permissions import sections_seen_among
from courses.models import Enrollment

# People may see their own SIS id and login.
OWN = frozenset({Permission.READ_SIS, Permission.VIEW_USER_LOGINS})


def own_keys(user: User) -> frozenset[Permission]:
    """Return what a person reads about themselves; someone who only acts as them does not see login and email."""
    return OWN if user.actor is None else frozenset()


def known_about(person: User, *, by: User) -> frozenset[Permission] | None:
    """Return the permissions that count when `by` reads the record of `person`; None if they may not read it.

    Oneself; staff who see the people of the institution or of a course this person is in; and observers their students
    (the names only). The number of statements does not depend on the number of courses.
    """
    if by == person:
        return own_keys(by)
    keys = account_permissions(by, Account.objects.root())
    if Permission.READ_ROSTER in keys:
        return keys
    found = _known_in_courses(person, by)
    if found is not None:
        return found
    linked = ObservationLink.objects.live().filter(observer=by, student=person).exists()
    return frozenset() if linked or observer_enrollments(by).filter(associated_user=person).exists() else None


def _known_in_courses(person: User, by: User) -> frozenset[Permission] | None:
    """Return what is known by seeing the people of courses; about a person only invited there, the name."""
    enrollments = Enrollment.objects.present().filter(user=person)
    settled = set(enrollments.settled().values_list("section", flat=True))
    seen = sections_seen_among(enrollments, by=by)
    if not seen:
        return None
    return frozenset().union(*(held.keys for section, held in seen.items() if section in settled))
