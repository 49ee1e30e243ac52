"""Locks: on people, which orders everything that happens to a student's links, codes and enrollments; on accounts."""

from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import Account


def lock_users(user_ids: Iterable[int]) -> None:
    """Hold these people's rows until the transaction ends, always in the same order (one statement).

    Without it a link made while the student is being enrolled elsewhere would miss the new course.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_user WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted(set(user_ids))],
        )


def hold_account(account: Account) -> None:
    """Keep `account` from being deleted until the transaction ends. Raises Invalid where it has been."""
    held = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if held.workflow_state != Account.State.ACTIVE:
        raise Invalid({"account_id": [("invalid", _("This account has been deleted."))]})
