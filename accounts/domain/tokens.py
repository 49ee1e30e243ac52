"""Access tokens: made here, shown once, kept as digests; they end when they say so, and when nobody uses them."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from knox.crypto import hash_token

from accounts.domain.audit import record
from accounts.models import AccessToken, Action, User


def make_token(user: User, purpose: str, *, by: User | None, expires_at: datetime | None = None) -> str:
    """Make a token with which the API acts as `user`; returns its text, which cannot be had again.

    It ends at `expires_at`, if that is given, and once it has not been used for ACCESS_TOKEN_UNUSED_DAYS.
    """
    with transaction.atomic():
        token, text = AccessToken.objects.create(user, purpose=purpose)
        if expires_at:
            token.expiry = expires_at
            token.save(update_fields=["expiry"])
        record(Action.TOKEN_CREATED, by=by, subject=user, purpose=purpose)
    return str(text)


def end_tokens(people: Collection[int]) -> list[int]:
    """End every access token of these people (their ids); gives whose they were, once for each."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_accesstoken WHERE user_id = ANY(%s) RETURNING user_id", [list(people)])
        return [user for (user,) in cursor.fetchall()]


# Every request to the API begins with this: plain SQL, since putting it together anew each time took longer than
# running it. What comes along of the institution saves most requests another statement.
OWNER = """
SELECT u.*, root.id AS root_account_id, t.last_used_at < now() - interval '1 day' AS is_used_again
FROM accounts_accesstoken t
JOIN accounts_user u ON u.id = t.user_id
LEFT JOIN accounts_account root ON root.parent_id IS NULL
WHERE t.digest = %(digest)s AND (t.expiry IS NULL OR t.expiry > now())
  AND (%(unused)s = 0 OR t.last_used_at > now() - make_interval(days => %(unused)s))
"""
# To the day is enough, and spares every other request a write.
USED = "UPDATE accounts_accesstoken SET last_used_at = now() WHERE digest = %s"


def token_owner(text: str) -> User | None:
    """Whose token this is; None for one unknown, run out, or of somebody suspended or deleted.

    One statement; once a day another notes that the token is in use.

    The person comes with `root_account_id`, the id of the institution's root account.
    """
    digest = hash_token(text)
    wanted = {"digest": digest, "unused": settings.ACCESS_TOKEN_UNUSED_DAYS}
    found = next(iter(User.objects.raw(OWNER, wanted)), None)
    if found is None or not found.is_active:
        return None
    if found.is_used_again:
        with connection.cursor() as cursor:
            cursor.execute(USED, [digest])
    return found
