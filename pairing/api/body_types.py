"""The shapes of what the API says of links: see accounts/api/body_types.py."""

# No postponed annotations here: Python 3.11 would not see which keys are NotRequired.
from typing import NotRequired

from accounts.api.body_types import OwnPermissions, UserBody


class LinkedBody(UserBody):
    """The other person of a link, and in which institution there is one."""

    observation_link_root_account_ids: list[int]


class NewUserBody(UserBody):
    """A person whose account was just created, and whether they have agreed to the terms of use."""

    terms_of_use: bool
    # For those who created their own account.
    locale: NotRequired[str | None]
    effective_locale: NotRequired[str]
    permissions: NotRequired[OwnPermissions]
