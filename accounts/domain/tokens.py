"""Access tokens: made here, shown once, kept as digests; they end when they say so, and when nobody uses them."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from accounts.domain.audit import record
from accounts.domain.events import TokenCreated
from accounts.models import AccessToken, Account, User


def make_token(user: User, purpose: str, *, by: User | None, expires_at: datetime | None = None) -> str:
    """Create a token with which the API acts as `user`; return its text, which is not stored.

    It ends at `expires_at`, if that is given, and once it has not been used for ACCESS_TOKEN_UNUSED_DAYS.
    """
    text = secrets.token_hex(32)
    with transaction.atomic():
        AccessToken.objects.create(user=user, digest=digest(text), purpose=purpose, expires_at=expires_at)
        record(TokenCreated(purpose), by=by, subject=user)
    return text


def digest(text: str) -> bytes:
    """Return what is stored of a token.

    One round of SHA-256 is enough, where a password needs a slow hash: the text is 256 random bits, so nobody who has
    the digest can try them all. The database finds a digest by its index. How long that takes may tell how far a
    guess's digest agrees with a stored one, and nobody can choose the digest of a guess.
    """
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


END = """
UPDATE accounts_accesstoken SET revoked_at = now() WHERE user_id = ANY(%s) AND revoked_at IS NULL RETURNING user_id
"""


def end_tokens(people: Collection[int]) -> list[int]:
    """End every access token of these people (their ids); return their owners, one id for each token."""
    with connection.cursor() as cursor:
        cursor.execute(END, [list(people)])
        return [user for (user,) in cursor.fetchall()]


def has_tokens(user: User) -> bool:
    """Return whether `user` has a token that has not been revoked."""
    return AccessToken.objects.filter(user=user, revoked_at=None).exists()


# Every request to the API begins with this: plain SQL, since putting it together anew each time took longer than
# running it. The root account comes along and saves most requests another statement.
OF_USER = [field.attname for field in User._meta.concrete_fields]
OWNER = f"""
SELECT {", ".join(f"u.{name}" for name in OF_USER)}, {", ".join(f"root.{name}" for name in Account.columns())},
       t.last_used_at < now() - interval '1 day' AS is_used_again
FROM accounts_accesstoken t
JOIN accounts_user u ON u.id = t.user_id
LEFT JOIN accounts_account root ON root.parent_id IS NULL
WHERE t.digest = %(digest)s AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
  AND (%(unused)s = 0 OR t.last_used_at > now() - make_interval(days => %(unused)s))
"""  # noqa: S608 built from the names of columns
# One update a day is enough, and saves every other request a write.
USED = "UPDATE accounts_accesstoken SET last_used_at = now() WHERE digest = %s"


def token_owner(text: str) -> User | None:
    """Return the owner of this token; None if it is unknown, expired or revoked, or its owner suspended or deleted.

    One statement; once a day another notes that the token is in use.

    The person comes with `root_account_id`, the id of the institution's root account.
    """
    sent = digest(text)
    with connection.cursor() as cursor:
        cursor.execute(OWNER, {"digest": sent, "unused": settings.ACCESS_TOKEN_UNUSED_DAYS})
        row = cursor.fetchone()
        if row is None:
            return None
        found, root, is_used_again = row[: len(OF_USER)], row[len(OF_USER) : -1], row[-1]
        owner = User.from_db(connection.alias, OF_USER, found)
        if not owner.is_active:
            return None
        if is_used_again:
            cursor.execute(USED, [sent])
    owner.root_account_id = root[0]  # type: ignore[attr-defined]
    if owner.root_account_id is not None:  # type: ignore[attr-defined]
        Account.objects.root_is(root)
    return owner
