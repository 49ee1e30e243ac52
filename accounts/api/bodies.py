"""The bodies of people and accounts, with the keys Canvas's clients read."""

from __future__ import annotations

from collections.abc import Collection

from accounts.api.body_types import (
    AccountBody,
    OwnBody,
    OwnPermissions,
    ProfileBody,
    ProviderBody,
    ShownUserBody,
    TermsBody,
    UserBody,
)
from accounts.api.ids import uuid_of
from accounts.models import Account, User
from accounts.permissions.registry import Permission

# The only authentication provider.
PROVIDER = "canvas"
PROVIDER_ID = 1


# What `include[]` can add to a person, wherever one is listed.
ADDED_TO_PEOPLE = {"email": "the email address, for whoever may read it", "avatar_url": "always null"}
UUID = {"uuid": "a name of the person that no other has"}
ADDED_TO_RECORDS = {
    **ADDED_TO_PEOPLE,
    **UUID,
    "last_login": "when they last signed in, for whoever may read it",
    "time_zone": "the time zone they have chosen, likewise",
}


def user_body(user: User, keys: Collection[Permission] = (), include: Collection[str] = ()) -> UserBody:
    """Return a person. `keys` are the reader's permissions: without them only names and pronouns, no SIS id and no
    login.
    """
    body: UserBody = {
        "id": user.pk,
        "name": user.name,
        "created_at": user.created_at,
        "sortable_name": user.sortable_name,
        "short_name": user.short_name,
    }
    # As in Canvas: present only if the person has set them.
    if user.pronouns:
        body["pronouns"] = user.pronouns
    if Permission.READ_SIS in keys:
        body |= {"sis_user_id": user.sis_user_id, "integration_id": user.integration_id}
    if Permission.VIEW_USER_LOGINS in keys:
        body["login_id"] = user.login_id
        if "email" in include:
            body["email"] = user.email or None
    if "avatar_url" in include:
        body["avatar_url"] = None
    if "uuid" in include:
        body["uuid"] = uuid_of("user", user.pk)
    if Permission.VIEW_USER_LOGINS in keys and "last_login" in include:
        body["last_login"] = user.last_login
    if Permission.VIEW_USER_LOGINS in keys and "time_zone" in include:
        body["time_zone"] = user.time_zone or None
    return body


# What people may change of themselves in the apps.
OWN_PERMISSIONS: OwnPermissions = {
    "can_update_name": False,
    "can_update_avatar": False,
    "limit_parent_app_web_access": False,
}


def own_body(user: User, keys: Collection[Permission], include: Collection[str] = ()) -> OwnBody:
    """Return what people read about themselves; `keys` are fewer while someone else acts as them."""
    return {
        **user_body(user, keys, {*include, "email", "avatar_url"}),
        "locale": user.locale or None,
        "effective_locale": user.locale or "en",
        "permissions": OWN_PERMISSIONS,
    }


def shown_body(user: User, keys: Collection[Permission], include: Collection[str] = ()) -> ShownUserBody:
    """Return the record of another person: whoever may read the login gets email and settings without asking."""
    body: ShownUserBody = {**user_body(user, keys, {*include, "email", "avatar_url"})}
    if Permission.VIEW_USER_LOGINS in keys:
        body["locale"] = user.locale or None
        body["effective_locale"] = user.locale or "en"
        body["permissions"] = OWN_PERMISSIONS
    return body


def profile_body(user: User, keys: Collection[Permission]) -> ProfileBody:
    """Return the profile that the apps read at start-up."""
    body: ProfileBody = {
        **user_body(user, keys, ("avatar_url",)),
        "locale": user.locale or None,
        "effective_locale": user.locale or "en",
        "time_zone": user.time_zone or None,
        "pronouns": user.pronouns or None,
        "title": None,
        "bio": None,
        "k5_user": False,
    }
    if Permission.VIEW_USER_LOGINS in keys:
        body["primary_email"] = user.email or None
    return body


def account_body(account: Account, root: Account, keys: Collection[Permission]) -> AccountBody:
    """Return an account, for a reader with these permissions in it."""
    body: AccountBody = {
        "id": account.pk,
        "name": account.name,
        "workflow_state": account.workflow_state,
        "parent_account_id": account.parent_id,
        "root_account_id": None if account.parent_id is None else root.pk,
        "default_time_zone": account.default_time_zone,
        "course_template_id": None,
        "uuid": uuid_of("account", account.pk),
        # No files are kept here.
        "default_storage_quota_mb": 0,
        "default_user_storage_quota_mb": 0,
        "default_group_storage_quota_mb": 0,
    }
    if Permission.READ_SIS in keys:
        body |= {"sis_account_id": account.sis_account_id, "integration_id": account.integration_id}
    return body


def terms_body(root: Account) -> TermsBody:
    """Return the terms of use, and who may create an account."""
    return {
        "id": root.pk,
        "terms_type": "custom" if root.terms_of_use else "default",
        "passive": False,
        "account_id": root.pk,
        "content": root.terms_of_use or None,
        "self_registration_type": root.self_registration,
    }


def provider_body(root: Account) -> ProviderBody:
    """Return the only way to sign in, as an authentication provider."""
    return {
        "id": PROVIDER_ID,
        "auth_type": PROVIDER,
        "account_id": root.pk,
        "position": 1,
        "self_registration": root.self_registration,
        "jit_provisioning": root.pairing_is_on,
    }
