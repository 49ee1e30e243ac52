"""admins.csv: who administers which account. Nobody gives or takes by a file what they may not by hand."""

from accounts.domain.audit import record_many
from accounts.models import AccountAdmin, Action
from accounts.models.account_tree import line_of
from sis.kinds.chunks import Applier, Round, ids, info, insert, noting_changes, rows
from sis.kinds.sender_limits import refuse_roles_out_of_reach

CLASH = """
SELECT n, concat_ws(' ', r.user_id, coalesce(r.account_id, root.sis_account_id)), true
FROM rows r JOIN accounts_account root ON root.id = %(root)s
"""

PROBLEM = """
CASE WHEN r.user_id IS NULL THEN 'no_user_id'
     WHEN r.status IS NULL OR r.status NOT IN ('active', 'deleted') THEN 'bad_status'
     WHEN %(skip_deletes)s AND r.status = 'deleted' THEN 'skip'
     WHEN r.fault IS NOT NULL THEN split_part(r.fault, ':', 1)
     WHEN r.root_account IS NOT NULL THEN 'other_root_account'
     WHEN u.id IS NULL OR (u.state = 'deleted' AND r.status = 'active') THEN 'unknown_user'
     WHEN a.id IS NULL THEN 'unknown_account'
     WHEN o.id IS NULL THEN 'bad_admin_role'
     WHEN r.status = 'deleted' AND u.id = %(by)s THEN 'cannot_remove_self'
     WHEN r.status = 'deleted' AND (m.id IS NULL OR (m.sis_import_id IS NULL AND m.workflow_state = 'active'))
          THEN 'not_a_sis_admin' END
"""

IDS = ids(
    id="r.user_id",
    user="r.user_id",
    account="r.account_id",
    status="r.status",
    role="coalesce(r.role, r.role_id)",
    root_account="r.root_account",
    column="split_part(r.fault, ':', 2)",
)

LOOK_UP = f"""
CREATE TEMP TABLE w ON COMMIT DROP AS
{rows("admin")}
SELECT r.n, r.row, NULL AS caution, {PROBLEM} AS problem, {IDS} AS ids, {info("admin")} AS info,
       u.id AS "user", a.id AS account, o.id AS role, m.id AS found, m.workflow_state AS before, r.status AS after
FROM rows r
LEFT JOIN LATERAL (SELECT id, state FROM accounts_user x WHERE x.sis_user_id = r.user_id LIMIT 1) u ON true
LEFT JOIN LATERAL (SELECT id, ancestors FROM accounts_account x
                   WHERE x.workflow_state = 'active'
                     AND (x.sis_account_id = r.account_id OR (r.account_id IS NULL AND x.id = %(root)s))
                   LIMIT 1) a ON true
LEFT JOIN LATERAL (
    SELECT x.id FROM accounts_role x
    WHERE x.workflow_state = 'active' AND x.base_type IN ('AccountAdmin', 'AccountMembership')
      AND (x.account_id IS NULL OR x.account_id = ANY({line_of("a")}))
      AND (x.id::text = r.role_id OR x.label = r.role OR (x.account_id IS NULL AND x.base_type = r.role))
    ORDER BY x.id::text IS NOT DISTINCT FROM r.role_id DESC, x.account_id NULLS LAST LIMIT 1
) o ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_accountadmin x
                   WHERE x.user_id = u.id AND x.account_id = a.id AND x.role_id = o.id LIMIT 1) m ON true
"""

CHANGES = """
SELECT after, "user", account, role FROM w WHERE problem IS NULL AND before IS DISTINCT FROM after ORDER BY n
"""

UPDATE = """
UPDATE accounts_accountadmin m SET workflow_state = w.after, sis_import_id = %(import)s
FROM w WHERE m.id = w.found AND w.problem IS NULL
"""


def apply(this: Round) -> None:
    """Make people admins of accounts, and end what an import has made them."""
    this.look_up(LOOK_UP, "accounts_accountadmin", has_other_names=True)
    refuse_roles_out_of_reach(this)
    this.execute(
        noting_changes("AccountUser", "SELECT found, before, after FROM w WHERE found IS NOT NULL AND problem IS NULL")
    )
    this.execute(UPDATE)
    made = insert(
        AccountAdmin,
        "w",
        "WHERE found IS NULL AND problem IS NULL ORDER BY n RETURNING id, workflow_state",
        user_id='"user"',
        account_id="account",
        role_id="role",
        workflow_state="after",
        sis_import_id="%(import)s",
    )
    this.execute(f"WITH made AS ({made}) {noting_changes('AccountUser', 'SELECT id, NULL, workflow_state FROM made')}")
    changes = this.execute(CHANGES)
    for action, state in ((Action.ADMIN_CREATED, "active"), (Action.ADMIN_REMOVED, "deleted")):
        about = [(user, {"account": account, "role": role}) for after, user, account, role in changes if after == state]
        record_many(action, about, by=this.run.by)


ADMINS = Applier("admin", CLASH, apply)
