"""Access tokens: made here, shown once, kept as digests."""

from django.db import transaction
from knox.crypto import hash_token

from accounts.auditing import record
from accounts.models import AccessToken, Action, User


def make_token(user: User, purpose: str, *, by: User | None) -> str:
    """Make a token with which the API acts as `user`; returns its text, which cannot be had again."""
    with transaction.atomic():
        _token, text = AccessToken.objects.create(user, purpose=purpose)
        record(Action.TOKEN_CREATED, by=by, subject=user, purpose=purpose)
    return str(text)


# Every request to the API begins with this: plain SQL, since putting it together anew each time took longer than
# running it. What comes along of the institution saves most requests another statement.
OWNER = """
SELECT u.*, root.id AS root_account_id
FROM accounts_accesstoken t
JOIN accounts_user u ON u.id = t.user_id
LEFT JOIN accounts_account root ON root.parent_id IS NULL
WHERE t.digest = %s AND (t.expiry IS NULL OR t.expiry > now())
"""


def token_owner(text: str) -> User | None:
    """Whose token this is; None for one unknown, run out, or of somebody suspended or deleted (one statement).

    The person comes with `root_account_id`, the id of the institution's root account.
    """
    found = next(iter(User.objects.raw(OWNER, [hash_token(text)])), None)
    return found if found and found.is_active else None
