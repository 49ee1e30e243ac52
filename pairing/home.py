"""The first step of an institution that concerns pairing codes: see accounts/home.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.home import Post, Step
from accounts.models import RoleOverride
from pairing.gates import PERMISSION


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
