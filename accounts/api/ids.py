"""What an id in a path or a parameter means: a number, or one of the school's ids (`sis_user_id:X`)."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404
from django.utils.crypto import salted_hmac

from accounts.models import User
from accounts.text.fields import LONGEST, plain_id

PEOPLE = {
    "sis_user_id": "sis_user_id",
    "sis_integration_id": "integration_id",
    "sis_login_id": "login_id__iexact",
    "login_id": "login_id__iexact",
}


def uuid_of(kind: str, number: int) -> str:
    """Return another id of a person or thing, as Canvas gives one: it is always the same, and says nothing.

    It is made from the site's secret, so it lasts as long as that.
    """
    return salted_hmac("accounts.api.ids", f"{kind} {number}", algorithm="sha256").hexdigest()[:40]


def condition(text: str, prefixes: Mapping[str, str]) -> dict[str, int | str]:
    """Return what to filter by: `{"pk": 5}` for `5`, `{field: X}` for `prefix:X`. Raises Http404 otherwise."""
    if (number := plain_id(text)) is not None:
        return {"pk": number}
    prefix, colon, value = text.partition(":")
    if not colon or prefix not in prefixes or not value or len(value) > LONGEST or not value.isprintable():
        raise Http404
    return {prefixes[prefix]: value}


def somebody(text: str) -> User | None:
    """Return the person with this id, SIS id or login; None if there is none. Raises Http404 for an invalid id."""
    wanted, people = condition(text, PEOPLE), User.objects.present()
    found = people.filter(**wanted).first()
    if found is None and (sis_id := wanted.get("sis_user_id")):
        found = people.filter(further_sis_ids__sis_user_id=sis_id, further_sis_ids__is_live=True).first()
    return found
