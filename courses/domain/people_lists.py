"""How lists of people (courses/domain/rosters.py) are narrowed to enrollments, and sorted, as the API asks for it."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils.translation import gettext as _

from accounts.errors import NotAllowed
from accounts.models import Account, User
from accounts.models.account import with_all_below
from accounts.models.ids import OneOf
from accounts.models.user import UserQuerySet
from accounts.permissions.registry import Permission
from courses.models import Course, Enrollment

# What a list can be sorted by, and what it takes to know that of the people.
SORTS: dict[str, tuple[str, Permission | None]] = {
    "username": ("sort_key", None),
    "email": ("email", Permission.VIEW_USER_LOGINS),
    "sis_id": ("sis_user_id", Permission.READ_SIS),
    "integration_id": ("integration_id", Permission.READ_SIS),
    "last_login": ("last_login", Permission.VIEW_USER_LOGINS),
    "id": ("pk", None),
}
OF_ACCOUNTS_ONLY = ("integration_id", "id")


# Courses of an account whose people a list looks up first.
FEW = 500


def people_listed(account: Account, types: Collection[str] = ()) -> UserQuerySet:
    """Return who belongs to `account`, as `people_of` does, for a list; with types, who is in a course there as one.

    The people of a school are found by its enrollments: few among all by whose names the list is sorted. In a large
    part of the institution, those whose names come first are soon found (one statement more, for a sub-account).
    """
    people, there = User.objects.present().by_name(), Enrollment.objects.present().settled()
    if types:
        there = there.filter(type__in=types)
    if account.parent_id is not None:
        within = with_all_below(account)
        there = there.filter(section__course__account__in=within)
        if not Course.objects.filter(account__in=within)[FEW:].exists():
            return people.filter(OneOf(there.values("user")))
    elif not types:
        return people.whole()
    return people.whole().filter(Exists(there.filter(user=OuterRef("pk"))))


def people_sorted(
    people: UserQuerySet,
    sort: str,
    permissions: Collection[Permission],
    *,
    descending: bool = False,
    known: Q | Exists | None = None,
) -> UserQuerySet:
    """Return people sorted by this, or by name. Raises NotAllowed for what the reader may not see of them.

    `known`: the people of whom more than the name may be seen, if that is not everyone. The others come together.
    """
    key, needed = SORTS[sort or "username"]
    if needed and needed not in permissions:
        raise NotAllowed(_("You cannot see this of these people, so you cannot sort by it."))
    if needed and known is not None:
        people, key = people.annotate(known_key=Case(When(known, then=F(key)))), "known_key"
    keys = dict.fromkeys([key] if key == "pk" else [key, "sort_key", "pk"])
    return people.order_by(*(F(one).desc() if descending else F(one).asc() for one in keys))
