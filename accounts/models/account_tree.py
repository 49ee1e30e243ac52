"""Up and down the tree of accounts."""

from collections import defaultdict
from collections.abc import Collection

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

UPWARDS = """
WITH RECURSIVE up(start, id, parent_id, depth) AS (
    SELECT id, id, parent_id, 0 FROM accounts_account WHERE id = ANY(%s)
    UNION ALL
    SELECT up.start, a.id, a.parent_id, depth + 1 FROM accounts_account a JOIN up ON a.id = up.parent_id
)
SELECT start, id FROM up ORDER BY depth
"""


def with_all_below(account: Account) -> list[int]:
    """The ids of `account` and of every account below it (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(BELOW, [account.pk])
        return [pk for (pk,) in cursor.fetchall()]


def above(account: Account) -> list[Account]:
    """The accounts above `account`, the root first (one statement)."""
    return list(Account.objects.raw(ABOVE, [account.pk]))


def upwards(accounts: Collection[int]) -> dict[int, list[int]]:
    """By account id, the ids of each of these and of all above it, the root last (one statement)."""
    found: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(UPWARDS, [[*accounts]])
        for start, pk in cursor.fetchall():
            found[start].append(pk)
    return found
