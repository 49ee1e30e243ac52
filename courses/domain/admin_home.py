"""First steps of an institution that its own settings take: see accounts/domain/admin_home.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.domain.admin_home import AccountContext, Step
from accounts.permissions.registry import Permission


def first_steps(posts: Sequence[AccountContext]) -> Iterator[Step]:
    """Yield the time zone, and who may create an account: for people who manage the institution's settings."""
    for here in posts:
        if here.is_root and Permission.MANAGE_ACCOUNT_SETTINGS in here.permissions:
            root = here.account
            yield Step(
                _("Set the time zone"),
                _("New people get this time zone until they choose their own."),
                reverse("edit_account", args=[root.pk]),
                root.default_time_zone != "UTC",
            )
            yield Step(
                _("Decide who can create an account"),
                _("Self registration turns pairing on. Until then, nobody can create a pairing code."),
                reverse("authentication", args=[root.pk]),
                root.pairing_is_on or root.self_registration_changed_at is not None,
            )
