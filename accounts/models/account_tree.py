"""Up and down the tree of accounts. Whatever asks what stands above an account, or below, asks here.

Each account keeps the ids of those above it, from the root down, in `ancestors`; the database writes them
(accounts/guards.py). An object that was read before somebody moved the account still has the old ones, so these
functions ask the database.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import BigIntegerField, Func, Q, QuerySet

from accounts.advisory_locks import AdvisoryLock, hold
from accounts.models import Account

# SQL: the accounts from each of %(accounts)s upwards, as up(start_id, id, depth); at depth 0 stands the account itself.
UPWARDS = """
WITH up(start_id, id, depth) AS (
    SELECT start.id, step.id, cardinality(start.ancestors) + 1 - step.number
    FROM accounts_account start
    CROSS JOIN LATERAL unnest(start.ancestors || start.id) WITH ORDINALITY AS step(id, number)
    WHERE start.id = ANY(%(accounts)s)
)
"""

# The depth orders the way from the root down; ids do not, because accounts can move.
ABOVE = """
SELECT a.* FROM accounts_account start
CROSS JOIN LATERAL unnest(start.ancestors) WITH ORDINALITY AS step(id, number)
JOIN accounts_account a ON a.id = step.id
WHERE start.id = %s ORDER BY step.number
"""


class Unnest(Func):
    """The ids in a column of many, a row for each."""

    function = "unnest"
    output_field = BigIntegerField()
    set_returning = True


def line_of(alias: str) -> str:
    """Return SQL for the ids from the root down to the account with this alias: `x = ANY({line_of("a")})`."""
    return f"({alias}.ancestors || {alias}.id)"


def with_all_below(account: Account) -> QuerySet[Account, int]:
    """Return the ids of `account` and of every active account below it, for use within another query."""
    below = Q(ancestors__contains=[account.pk], workflow_state=Account.State.ACTIVE)
    return Account.objects.filter(Q(pk=account.pk) | below).values_list("pk", flat=True)


def with_all_above(account: Account) -> Q:
    """Return the condition that `account`, a column of this name, is this account or one above it."""
    up = Account.objects.filter(pk=account.pk).values_list(Unnest("ancestors"), flat=True)
    return Q(account=account) | Q(account__in=up)


def above(account: Account) -> list[Account]:
    """Return the accounts above `account`, the root first (one statement)."""
    return list(Account.objects.raw(ABOVE, [account.pk]))


def upwards(accounts: Collection[int]) -> dict[int, list[int]]:
    """Return, by account id, the ids of each of these and of all above it, the root last (one statement)."""
    found = Account.objects.filter(pk__in=accounts).values_list("pk", "ancestors")
    return {pk: [pk, *reversed(ancestors)] for pk, ancestors in found}


def hold_tree() -> None:
    """Let nobody else make or move accounts until the transaction ends.

    The database takes this lock whenever that is done. Take it first where other locks are held when it happens.
    """
    hold(AdvisoryLock.TREE, 0)
