"""Whom a sender may not change by a file, as they may not by hand: people whose admin roles reach further than theirs.

The command line may change everybody.
"""

from accounts.admins import Held, not_to_give, out_of_reach
from sis.applying.chunks import Round

HELD = """
SELECT DISTINCT w.found, m.role_id, m.account_id
FROM w JOIN accounts_accountadmin m ON m.user_id = w.found AND m.workflow_state = 'active'
JOIN accounts_role r ON r.id = m.role_id AND r.workflow_state = 'active'
WHERE w.problem IS NULL AND w.found <> %(by)s AND {0}
"""
REFUSE = "UPDATE w SET problem = 'reaches_further' WHERE found = ANY(%(people)s) AND problem IS NULL AND {0}"

WANTED = "SELECT DISTINCT role, account FROM w WHERE problem IS NULL"
REFUSE_ROLES = """
UPDATE w SET problem = 'role_reaches_further'
FROM unnest(%(roles)s::bigint[], %(accounts)s::bigint[]) AS refused(role, account)
WHERE w.role = refused.role AND w.account = refused.account AND w.problem IS NULL
"""


def refuse_people_out_of_reach(this: Round, *, where: str = "true") -> None:
    """Refuse the rows of w about such people, where the condition `where` holds; one statement if there are none."""
    by = this.run.by
    held = this.execute(HELD.format(where)) if by else []
    if by and held:
        beyond = out_of_reach({(role, account) for _user, role, account in held}, by=by)
        if people := {user for user, role, account in held if (role, account) in beyond}:
            this.execute(REFUSE.format(where), people=[*people])


def refuse_roles_out_of_reach(this: Round) -> None:
    """Refuse the rows of w that give or take a role, on an account, which the sender may not by hand."""
    if by := this.run.by:
        wanted: list[Held] = this.execute(WANTED)
        if refused := not_to_give(wanted, by=by):
            roles, accounts = zip(*refused, strict=True)
            this.execute(REFUSE_ROLES, roles=[*roles], accounts=[*accounts])
