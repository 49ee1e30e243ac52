"""In whose time people read who have chosen no time zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db.models import F, Subquery
from django.db.models.functions import Coalesce

from accounts.domain.time_zones import zone_named
from accounts.models import Account, AccountAdmin, User
from courses.models import Enrollment


def default_zone(person: User) -> ZoneInfo:
    """Return the time zone of `person` as long as they choose none: see `zone_of_school` (one statement)."""
    found = Account.objects.filter(parent=None).values_list(zone_of_school(person), flat=True)
    return zone_named(found.first() or "")


def zone_of_school(person: User) -> Coalesce:
    """Return the zone's name, in a query of the root account: that of the school where `person` was enrolled last.

    Else that of the account they are an admin of; else the institution's.
    """
    enrolled = Enrollment.objects.live().filter(user=person).order_by("-id")
    managing = AccountAdmin.objects.filter(user=person, workflow_state=AccountAdmin.State.ACTIVE).order_by("id")
    return Coalesce(
        Subquery(enrolled.values("section__course__account__default_time_zone")[:1]),
        Subquery(managing.values("account__default_time_zone")[:1]),
        F("default_time_zone"),
    )
