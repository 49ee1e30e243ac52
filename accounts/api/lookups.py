"""The person or thing that an id means to a caller: a number, `self`, or a school's id. Each raises Http404."""

from __future__ import annotations

from django.http import Http404

from accounts.api.endpoints import ApiRequest, allow
from accounts.api.ids import condition, somebody
from accounts.models import Account, User
from accounts.permissions.resolver import account_permissions


def person(request: ApiRequest, text: str) -> User:
    """Return a person who is not deleted, by `self`, id, SIS id or login. Raises Http404."""
    if text == "self":
        return request.user
    found = somebody(text)
    if found is None:
        raise Http404
    # The caller as the same object, so that nothing is looked up twice.
    return request.user if request.user_or_nobody == found else found


def check_is_own(request: ApiRequest, text: str) -> None:
    """Raise NotAllowed where an id is not the caller's own, Http404 where it is nobody's, or is another's login or SIS
    id: these can be guessed.
    """
    is_own = person(request, text) == request.user
    if ":" in text and not is_own:
        raise Http404
    allow(is_own)


def account(request: ApiRequest, text: str) -> Account:
    """Return an account of the tree, by `self` (the root) or id; by SIS id for people with permissions there. Raises
    Http404.
    """
    if text in ("self", "default"):
        return request.root
    wanted = condition(text, {"sis_account_id": "sis_account_id", "sis_integration_id": "integration_id"})
    found = Account.objects.filter(workflow_state=Account.State.ACTIVE, **wanted).first()
    who = request.user_or_nobody
    # A SIS id can be guessed, so not everyone may learn that an account has it.
    if found is None or (":" in text and not (who and account_permissions(who, found))):
        raise Http404
    return found
