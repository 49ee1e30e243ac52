"""accounts.csv: the tree of accounts."""

from accounts.domain.accounts import PERMISSION
from accounts.models import Account
from accounts.models.account_tree import line_of
from sis.kinds.chunks import Applier, Round, free, ids, info, insert, noting_changes, rows, stuck
from sis.kinds.sender_limits import refuse_moves

# A child comes after its parent, and whoever moves within the tree moves alone.
CLASH = """
SELECT n, key, writes FROM rows r
LEFT JOIN LATERAL (SELECT a.id, a.integration_id AS old_integration, p.sis_account_id AS old_parent,
                          p.sis_account_id IS DISTINCT FROM r.parent_account_id AS moves
                   FROM accounts_account a LEFT JOIN accounts_account p ON p.id = a.parent_id
                   WHERE a.sis_account_id = r.account_id LIMIT 1) f ON true
CROSS JOIN LATERAL (VALUES
    ('account ' || r.account_id, true), ('account ' || r.parent_account_id, false),
    ('account ' || f.old_parent, false), (CASE WHEN f.moves THEN 'tree' END, true),
    ('integration ' || r.integration_id, true), ('integration ' || f.old_integration, true)
) keys(key, writes)
WHERE NOT (key = 'account ' || r.account_id AND NOT writes)
"""

PROBLEM = f"""
CASE WHEN r.account_id IS NULL THEN 'no_account_id'
     WHEN r.parent_account_id IS NOT NULL AND p.id IS NULL THEN 'no_parent'
     WHEN coalesce(r.status, f.workflow_state) = 'active' AND above.workflow_state = 'deleted' THEN 'no_parent'
     WHEN r.status NOT IN ('active', 'deleted') OR (r.status IS NULL AND f.id IS NULL) THEN 'bad_status'
     WHEN r.name IS NULL AND f.id IS NULL THEN 'no_name'
     WHEN %(skip_deletes)s AND r.status = 'deleted' THEN 'skip'
     WHEN r.fault IS NOT NULL THEN split_part(r.fault, ':', 1)
     WHEN f.id = %(root)s OR f.id = ANY({line_of("p")}) THEN 'account_loop'
     WHEN i.id <> coalesce(f.id, -1) THEN 'integration_id_taken'
     WHEN r.status = 'deleted' AND (
         EXISTS (SELECT 1 FROM accounts_account a WHERE a.parent_id = f.id AND a.workflow_state = 'active')
         OR EXISTS (SELECT 1 FROM courses_course c WHERE c.account_id = f.id AND c.workflow_state <> 'deleted')
     ) THEN 'account_in_use' END
"""

IDS = ids(
    id="r.account_id",
    parent="coalesce(r.parent_account_id, above.sis_account_id, above.name)",
    status="r.status",
    integration_id="r.integration_id",
    column="split_part(r.fault, ':', 2)",
)

PARENT = f"CASE WHEN {free('parent')} THEN coalesce(p.id, %(root)s) ELSE f.parent_id END"

LOOK_UP = f"""
CREATE TEMP TABLE w ON COMMIT DROP AS
{rows("account")}
SELECT r.n, r.row, NULL AS caution, {PROBLEM} AS problem, {IDS} AS ids, {info("account")} AS info,
       r.account_id, f.id AS found, f.workflow_state AS before, coalesce(r.status, f.workflow_state) AS after,
       CASE WHEN {free("name")} THEN coalesce(r.name, f.name) ELSE f.name END AS new_name,
       {PARENT} AS new_parent, f.parent_id AS old_parent,
       CASE WHEN 'integration_id' = ANY(%(given)s) THEN r.integration_id ELSE f.integration_id END AS new_integration,
       {
    stuck(
        {
            "name": "r.name IS NOT NULL AND r.name IS DISTINCT FROM f.name",
            "parent": "coalesce(p.id, %(root)s) IS DISTINCT FROM f.parent_id",
        }
    )
} AS new_stuck
FROM rows r
LEFT JOIN LATERAL (SELECT * FROM accounts_account a WHERE a.sis_account_id = r.account_id LIMIT 1) f ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_account a WHERE a.sis_account_id = r.parent_account_id LIMIT 1) p ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_account a WHERE a.integration_id = r.integration_id LIMIT 1) i ON true
LEFT JOIN LATERAL (SELECT * FROM accounts_account a WHERE a.id = {PARENT} LIMIT 1) above ON true
"""

MOVES = """
SELECT n, found, old_parent, new_parent FROM w
WHERE problem IS NULL AND found IS NOT NULL AND new_parent IS DISTINCT FROM old_parent
"""

UPDATE = """
UPDATE accounts_account a
SET name = w.new_name, parent_id = w.new_parent, workflow_state = w.after, integration_id = w.new_integration,
    stuck_sis_fields = w.new_stuck, sis_import_id = %(import)s
FROM w WHERE a.id = w.found AND w.problem IS NULL
"""


def apply(this: Round) -> None:
    """Make, rename, move and delete accounts."""
    this.look_up(LOOK_UP, "accounts_account")
    refuse_moves(this, MOVES, PERMISSION)
    this.execute(
        noting_changes("Account", "SELECT found, before, after FROM w WHERE found IS NOT NULL AND problem IS NULL")
    )
    this.execute(UPDATE)
    made = insert(
        Account,
        "w",
        "WHERE found IS NULL AND problem IS NULL ORDER BY n RETURNING id, workflow_state",
        name="new_name",
        parent_id="new_parent",
        default_time_zone="(SELECT default_time_zone FROM accounts_account above WHERE above.id = new_parent)",
        sis_account_id="account_id",
        integration_id="new_integration",
        workflow_state="after",
        stuck_sis_fields="new_stuck",
        sis_import_id="%(import)s",
    )
    this.execute(f"WITH made AS ({made}) {noting_changes('Account', 'SELECT id, NULL, workflow_state FROM made')}")


ACCOUNTS = Applier("account", CLASH, apply)
