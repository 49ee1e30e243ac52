"""What pairing shows on an admin's dashboard: see accounts/domain/admin_home.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.domain.admin_home import AccountContext, Step, Waiting
from accounts.domain.events import SiteRestored
from accounts.domain.time_zones import day_and_clock
from accounts.models import AuditEvent, RoleOverride
from accounts.permissions.registry import Permission
from pairing.domain.eligibility import PERMISSION
from pairing.domain.events import GuessingNoticed
from pairing.domain.institution_limit import WEEK
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
    """Yield last week's notices to people who manage the institution's settings: guessed codes, a restored database."""
    for here in posts:
        if not here.is_root or Permission.MANAGE_ACCOUNT_SETTINGS not in here.permissions:
            continue
        notices = list(AuditEvent.objects.notices(since=timezone.now() - WEEK))
        for notice in notices:
            if isinstance(event := notice.data, SiteRestored):
                yield Waiting(_restored(event, notice.at), reverse("account_users", args=[here.account.pk]))
        if count := sum(isinstance(notice.data, GuessingNoticed) for notice in notices):
            text = ngettext(
                "%(count)d alert in the last seven days: many wrong pairing codes were tried.",
                "%(count)d alerts in the last seven days: many wrong pairing codes were tried.",
                count,
            )
            yield Waiting(text % {"count": count}, reverse("authentication", args=[here.account.pk]))


def _restored(event: SiteRestored, at: datetime) -> str:
    text = _(
        "The database was restored from a backup on %(at)s. Changes after %(until)s are lost: observer links that were "
        "removed since then are active again, and so are accounts that were suspended and admin roles that were taken "
        "away. Remove them again. Everyone has to sign in again and needs a new pairing code or access token."
    )
    until = day_and_clock(localtime(datetime.fromisoformat(event.until))) if event.until else _("its beginning")
    return text % {"at": day_and_clock(localtime(at)), "until": until}


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
