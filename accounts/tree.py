"""Up and down the tree of accounts."""

from django.db import connection

from accounts.models import Account

BELOW = """
WITH RECURSIVE below(id) AS (
    SELECT %s::bigint
    UNION ALL
    SELECT a.id FROM accounts_account a JOIN below ON a.parent_id = below.id WHERE a.workflow_state = 'active'
)
SELECT id FROM below
"""

ABOVE = """
WITH RECURSIVE up(id, parent_id, depth) AS (
    SELECT id, parent_id, 0 FROM accounts_account WHERE id = %s
    UNION ALL
    SELECT a.id, a.parent_id, depth + 1 FROM accounts_account a JOIN up ON a.id = up.parent_id
)
SELECT a.* FROM accounts_account a JOIN up USING (id) WHERE up.depth > 0 ORDER BY up.depth DESC
"""


def with_all_below(account: Account) -> list[int]:
    """The ids of `account` and of every account below it (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(BELOW, [account.pk])
        return [pk for (pk,) in cursor.fetchall()]


def above(account: Account) -> list[Account]:
    """The accounts above `account`, the root first (one statement)."""
    return list(Account.objects.raw(ABOVE, [account.pk]))
