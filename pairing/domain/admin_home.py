"""What pairing shows on an admin's dashboard: see accounts/domain/admin_home.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.domain.admin_home import AccountContext, Step, Waiting
from accounts.models import RoleOverride
from accounts.permissions.registry import Permission
from pairing.domain.eligibility import PERMISSION
from pairing.domain.institution_limit import alarms_of_the_week
from pairing.domain.objections import PERMISSION as OBJECTIONS
from pairing.domain.objections import open_objections


def reports(posts: Sequence[AccountContext]) -> Iterator[Waiting]:
    """Yield students' reports about their observers, for people who manage observers in the institution."""
    for here in posts:
        if here.is_root and OBJECTIONS in here.permissions and (count := open_objections(here.account).count()):
            text = ngettext(
                "%(count)d report by a student of %(account)s about someone who should not observe them.",
                "%(count)d reports by students of %(account)s about people who should not observe them.",
                count,
            )
            names = {"count": count, "account": here.account.name}
            yield Waiting(text % names, reverse("observer_reports", args=[here.account.pk]))


def waiting(posts: Sequence[AccountContext]) -> Iterator[Waiting]:
    """Yield last week's alerts about guessed codes, for people who manage the institution's settings."""
    for here in posts:
        if here.is_root and Permission.MANAGE_ACCOUNT_SETTINGS in here.permissions and (alarms := alarms_of_the_week()):
            text = ngettext(
                "%(count)d alert in the last seven days: many wrong pairing codes were tried.",
                "%(count)d alerts in the last seven days: many wrong pairing codes were tried.",
                len(alarms),
            )
            yield Waiting(text % {"count": len(alarms)}, reverse("authentication", args=[here.account.pk]))


def first_steps(posts: Sequence[AccountContext]) -> Iterator[Step]:
    """Yield the decision whether teachers create codes, for people who manage permissions in the institution."""
    for here in posts:
        if here.is_root and Permission.MANAGE_ROLE_OVERRIDES in here.permissions:
            yield Step(
                _("Decide whether teachers create pairing codes"),
                _(
                    "Students can always create their own. Until you grant the permission to a role, only "
                    "admins can create codes for others."
                ),
                reverse("account_permission", args=[here.account.pk, PERMISSION]),
                RoleOverride.objects.filter(permission=PERMISSION).exists(),
            )
