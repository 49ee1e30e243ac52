"""What an id in a path or a parameter means: a number, `self`, or an id of the school's (`sis_user_id:X`)."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404

from accounts.api.endpoints import Call
from accounts.api.parameters import BIGGEST_ID
from accounts.models import Account, User

LONGEST = 255
LOGINS = ("sis_login_id", "login_id")


def condition(text: str, prefixes: Mapping[str, str]) -> dict[str, int | str]:
    """What to filter by: `{"pk": 5}` for `5`, `{field: X}` for `prefix:X`. Raises Http404 otherwise."""
    if text.isascii() and text.isdecimal():
        # A longer one is nobody's, and more than the database can compare.
        if len(text) < 20 and int(text) <= BIGGEST_ID:
            return {"pk": int(text)}
        raise Http404
    prefix, colon, value = text.partition(":")
    if not colon or prefix not in prefixes or not value or len(value) > LONGEST or not value.isprintable():
        raise Http404
    return {prefixes[prefix]: value}


def person(call: Call, text: str) -> User:
    """Somebody who is here, by `self`, id, SIS id or login. Raises Http404."""
    if text == "self":
        return call.user
    prefixes = {"sis_user_id": "sis_user_id", "sis_integration_id": "integration_id"}
    prefixes |= dict.fromkeys(LOGINS, "login_id__iexact")
    found = User.objects.present().filter(**condition(text, prefixes)).first()
    if found is None:
        raise Http404
    # The caller as the same object, so that nothing is looked up twice.
    return call.user if call.user_or_nobody == found else found


def account(call: Call, text: str) -> Account:
    """An account of the tree, by `self` (the root), id or SIS id. Raises Http404."""
    if text in ("self", "default"):
        return call.root
    wanted = condition(text, {"sis_account_id": "sis_account_id", "sis_integration_id": "integration_id"})
    found = Account.objects.filter(workflow_state=Account.State.ACTIVE, **wanted).first()
    if found is None:
        raise Http404
    return found
