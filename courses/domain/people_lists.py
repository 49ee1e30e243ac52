"""How lists of people (courses/domain/rosters.py) are narrowed to enrollments, and sorted, as the API asks for it."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils.translation import gettext as _

from accounts.errors import NotAllowed
from accounts.models import Account, Role, User
from accounts.models.account import with_all_below
from accounts.models.ids import OneOf
from accounts.models.numbers import expected
from accounts.models.user import UserQuerySet
from accounts.permissions.registry import Permission
from accounts.text.collation import EmailKey
from courses.models import Course, Enrollment
from courses.models.enrollment import EnrollmentQuerySet

# What a list can be sorted by, and what it takes to know that of the people.
SORTS: dict[str, tuple[str, Permission | None]] = {
    "username": ("sort_key", None),
    "email": ("email_key", Permission.VIEW_USER_LOGINS),
    "sis_id": ("sis_user_id", Permission.READ_SIS),
    "integration_id": ("integration_id", Permission.READ_SIS),
    "last_login": ("last_login", Permission.VIEW_USER_LOGINS),
    "id": ("pk", None),
}
OF_ACCOUNTS_ONLY = ("integration_id", "id")


# Where one in N courses is meant, going along the list of everybody until a page is full takes as long as looking up
# the people of so many times N courses.
ALONG = 10
# Enrollments of a type, in the whole institution, that a list begins with.
RARE = 10_000


def people_listed(account: Account, types: Collection[str] = ()) -> UserQuerySet:
    """Return who belongs to `account`, as `people_of` does, for a list; with types, who is in a course there as one.

    The people of a school, and those of a type that few have, are found by their enrollments: few among all by whose
    names the list is sorted. In a large part of the institution, those whose names come first are soon found (a
    statement more for a sub-account, and another for types).
    """
    people, there = User.objects.present().by_name(), Enrollment.objects.present().settled()
    is_small = False
    if types:
        there, roles = there.filter(type__in=types), with_roles_of(types)
        if is_small := is_rare(Enrollment.objects.filter(roles)):
            there = there.filter(roles)
    if account.parent_id is not None:
        within = with_all_below(account)
        there = there.filter(section__course__account__in=within)
        is_small = is_small or _are_sooner_looked_up(Q(account__in=within))
    elif not types:
        return people.whole()
    if is_small:
        return people.filter(OneOf(there.values("user")))
    return people.whole().filter(Exists(there.filter(user=OuterRef("pk"))))


def _are_sooner_looked_up(there: Q) -> bool:
    """Return whether the people of these courses are sooner looked up than met along the list of everybody, by how many
    courses the database expects (one statement).
    """
    such, every = expected(Course.objects.all(), there, Q())
    return such * such <= ALONG * every


def with_roles_of(types: Collection[str]) -> Q:
    """Return the condition that enrollments are of these types, as the index of roles finds them."""
    return Q(role__in=Role.objects.filter(base_type__in=types).values("pk"))


def is_rare(there: EnrollmentQuerySet) -> bool:
    """Return whether there are so few of these enrollments that a list begins with them (one statement)."""
    return not there.order_by()[RARE:].exists()


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
    if key == "email_key":
        people = people.annotate(email_key=EmailKey("email"))
    if needed and known is not None:
        people, key = people.annotate(known_key=Case(When(known, then=F(key)))), "known_key"
    # Very many may have no address: for these, too, the index gives the order.
    keys = dict.fromkeys([key, "pk"] if key in ("pk", "email_key") else [key, "sort_key", "pk"])
    return people.order_by(*(F(one).desc() if descending else F(one).asc() for one in keys))
