"""Accounts with what is asked for besides: for any number of accounts in the same few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_noop

from accounts.api.bodies import account_body
from accounts.api.body_types import AccountBody
from accounts.api.endpoints import ApiRequest
from accounts.api.parameter_types import Includes
from accounts.domain.accounts import count_sub_accounts
from accounts.models import Account
from accounts.permissions.registry import Permission

INCLUDE = Includes(
    words={
        "course_count": "how many courses are directly in it, for whoever sees its list of courses",
        "sub_account_count": "how many accounts are directly below it",
    },
    refused={
        "lti_guid": gettext_noop("No outside tools are launched from here."),
        "registration_settings": gettext_noop("Who may sign up says accounts/:id/terms_of_service."),
        "services": gettext_noop("There are no outside services here."),
    },
)


def account_bodies(
    request: ApiRequest, accounts: Sequence[Account], keys: Mapping[int, frozenset[Permission]]
) -> list[AccountBody]:
    """Return accounts with what `include[]` asks for; `keys` are the caller's permissions in each, by its id."""
    include = request.include
    below = count_sub_accounts(accounts) if "sub_account_count" in include else {}
    courses = _count_courses(accounts) if "course_count" in include else {}
    found = []
    for account in accounts:
        body = account_body(account, request.root, keys[account.pk])
        if "sub_account_count" in include:
            body["sub_account_count"] = below.get(account.pk, 0)
        if "course_count" in include and Permission.READ_COURSE_LIST in keys[account.pk]:
            body["course_count"] = courses.get(account.pk, 0)
        found.append(body)
    return found


def _count_courses(accounts: Sequence[Account]) -> dict[int, int]:
    """Ask the app that knows courses: see COUNT_COURSES in config/settings.py."""
    found: dict[int, int] = import_string(settings.COUNT_COURSES)(accounts)
    return found
