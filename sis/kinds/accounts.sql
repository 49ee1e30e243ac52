-- statement: clash
-- A child comes after its parent, and whoever moves within the tree moves alone.
SELECT n, key, writes
FROM rows AS given
LEFT JOIN LATERAL (
    SELECT account.id, account.integration_id AS old_integration, parent.sis_account_id AS old_parent,
           parent.sis_account_id IS DISTINCT FROM given.parent_account_id AS moves
    FROM accounts_account AS account LEFT JOIN accounts_account AS parent ON parent.id = account.parent_id
    WHERE account.sis_account_id = given.account_id LIMIT 1
) AS stored ON true
CROSS JOIN LATERAL (VALUES
    ('account ' || given.account_id, true), ('account ' || given.parent_account_id, false),
    ('account ' || stored.old_parent, false), (CASE WHEN stored.moves THEN 'tree' END, true),
    ('integration ' || given.integration_id, true), ('integration ' || stored.old_integration, true)
) AS keys(key, writes)
WHERE NOT (key = 'account ' || given.account_id AND NOT writes)

-- part: after
-- An account that people have deleted stays so.
CASE WHEN {free status} THEN coalesce(given.status, stored.workflow_state) ELSE stored.workflow_state END

-- part: problem
-- The first reason counts: what is missing or misspelt in the row comes before what it does not fit.
CASE WHEN given.account_id IS NULL THEN 'no_account_id'
     WHEN given.parent_account_id IS NOT NULL AND parent.id IS NULL THEN 'no_parent'
     WHEN {after} = 'active' AND above.workflow_state = 'deleted' THEN 'no_parent'
     WHEN given.status NOT IN ({states}) OR (given.status IS NULL AND stored.id IS NULL) THEN 'bad_status'
     WHEN given.name IS NULL AND stored.id IS NULL THEN 'no_name'
     WHEN %(skip_deletes)s AND given.status = 'deleted' THEN 'skip'
     WHEN given.fault IS NOT NULL THEN split_part(given.fault, ':', 1)
     WHEN stored.id = %(root)s OR stored.id = ANY({line_of parent}) THEN 'account_loop'
     WHEN same_integration.id <> coalesce(stored.id, -1) THEN 'integration_id_taken'
     WHEN given.status = 'deleted' AND (
         EXISTS (SELECT 1 FROM accounts_account AS below
                 WHERE below.parent_id = stored.id AND below.workflow_state = 'active')
         OR EXISTS (SELECT 1 FROM courses_course AS course
                    WHERE course.account_id = stored.id AND course.workflow_state <> 'deleted')
     ) THEN 'account_in_use' END

-- part: ids
json_build_object(
    'id', given.account_id, 'parent', coalesce(given.parent_account_id, above.sis_account_id, above.name),
    'status', given.status, 'integration_id', given.integration_id, 'column', split_part(given.fault, ':', 2))

-- part: new_parent
CASE WHEN {free parent} THEN coalesce(parent.id, %(root)s) ELSE stored.parent_id END

-- part: changed
ARRAY[CASE WHEN given.name IS NOT NULL AND given.name IS DISTINCT FROM stored.name THEN 'name' END,
      CASE WHEN coalesce(parent.id, %(root)s) IS DISTINCT FROM stored.parent_id THEN 'parent' END,
      CASE WHEN coalesce(given.status, stored.workflow_state) IS DISTINCT FROM stored.workflow_state
           THEN 'status' END]

-- statement: look_up
-- `parent` is the account that the row names, `above` the one it would be below, which may be that of before.
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows},
found AS (
    SELECT given.n, given.row, NULL AS caution, {problem} AS problem, {ids} AS ids, {info} AS info,
           given.account_id, stored.id AS found, stored.workflow_state AS before,
           {after} AS after,
           CASE WHEN {free name} THEN coalesce(given.name, stored.name) ELSE stored.name END AS new_name,
           {new_parent} AS new_parent, stored.parent_id AS old_parent,
           CASE WHEN 'integration_id' = ANY(%(given)s) THEN given.integration_id
                ELSE stored.integration_id END AS new_integration,
           stored.stuck_sis_fields AS old_stuck, {changed} AS changed
    FROM rows AS given
    LEFT JOIN LATERAL (
        SELECT * FROM accounts_account AS account WHERE account.sis_account_id = given.account_id LIMIT 1
    ) AS stored ON true
    LEFT JOIN LATERAL (
        SELECT * FROM accounts_account AS account WHERE account.sis_account_id = given.parent_account_id LIMIT 1
    ) AS parent ON true
    LEFT JOIN LATERAL (
        SELECT * FROM accounts_account AS account WHERE account.integration_id = given.integration_id LIMIT 1
    ) AS same_integration ON true
    LEFT JOIN LATERAL (
        SELECT * FROM accounts_account AS account WHERE account.id = {new_parent} LIMIT 1
    ) AS above ON true
)
SELECT *, {stuck old_stuck, changed} AS new_stuck FROM found

-- statement: read_moves
SELECT n, found, old_parent, new_parent FROM looked_up
WHERE problem IS NULL AND found IS NOT NULL AND new_parent IS DISTINCT FROM old_parent

-- statement: tell
{tell}

-- statement: update
{update}

-- statement: unsettled
{changed_since accounts_account, sis_account_id, Account}

-- statement: listed_by
{listed_by accounts_account, sis_account_id, account_id}
