"""What pairing has to say on the home of whoever runs the institution: see accounts/home.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.home import Post, Step, Waiting
from accounts.models import RoleOverride
from pairing.alarm import alarms_of_the_week
from pairing.gates import PERMISSION
from pairing.objections import PERMISSION as OBJECTIONS
from pairing.objections import open_objections


def reports(posts: Sequence[Post]) -> Iterator[Waiting]:
    """What students have reported about who observes them: for those who manage observers, in the institution."""
    for post in posts:
        if post.is_root and OBJECTIONS in post.permissions and (count := open_objections(post.account).count()):
            text = ngettext(
                "%(count)d student of %(account)s reports an observer who should not be one.",
                "%(count)d reports of students of %(account)s about observers who should not be theirs.",
                count,
            )
            names = {"count": count, "account": post.account.name}
            yield Waiting(text % names, reverse("observer_reports", args=[post.account.pk]))


def waiting(posts: Sequence[Post]) -> Iterator[Waiting]:
    """The alarms of the last week about guessed codes: for those who manage the institution's settings."""
    for post in posts:
        if post.is_root and "manage_account_settings" in post.permissions and (alarms := alarms_of_the_week()):
            text = ngettext(
                "There was %(count)d alarm in the last seven days: many codes that do not exist were tried.",
                "There were %(count)d alarms in the last seven days: many codes that do not exist were tried.",
                len(alarms),
            )
            yield Waiting(text % {"count": len(alarms)}, reverse("authentication", args=[post.account.pk]))


def first_steps(posts: Sequence[Post]) -> Iterator[Step]:
    """Who makes codes for students: for those who manage permissions in the institution."""
    for post in posts:
        if post.is_root and "manage_role_overrides" in post.permissions:
            yield Step(
                _("Decide whether teachers make pairing codes"),
                _("Students always make their own. For others only admins can, until a role is given the permission."),
                reverse("account_permission", args=[post.account.pk, PERMISSION]),
                RoleOverride.objects.filter(permission=PERMISSION).exists(),
            )
