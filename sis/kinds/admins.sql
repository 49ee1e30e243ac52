-- statement: clash
SELECT n, concat_ws(' ', given.user_id, coalesce(given.account_id, root.sis_account_id)), true
FROM rows AS given JOIN accounts_account AS root ON root.id = %(root)s

-- part: problem
-- An admin made by hand is not for a file to remove.
CASE WHEN given.user_id IS NULL THEN 'no_user_id'
     WHEN given.status IS NULL OR given.status NOT IN ({states}) THEN 'bad_status'
     WHEN %(skip_deletes)s AND given.status = 'deleted' THEN 'skip'
     WHEN given.fault IS NOT NULL THEN split_part(given.fault, ':', 1)
     WHEN given.root_account IS NOT NULL THEN 'other_root_account'
     WHEN person.id IS NULL OR (person.state = 'deleted' AND given.status = 'active') THEN 'unknown_user'
     WHEN account.id IS NULL THEN 'unknown_account'
     WHEN role.id IS NULL THEN 'bad_admin_role'
     WHEN given.status = 'deleted' AND person.id = %(by)s THEN 'cannot_remove_self'
     WHEN given.status = 'deleted'
          AND (stored.id IS NULL OR (stored.sis_import_id IS NULL AND stored.workflow_state = 'active'))
          THEN 'not_a_sis_admin' END

-- part: ids
json_build_object(
    'id', given.user_id, 'user', given.user_id, 'account', given.account_id, 'status', given.status,
    'role', coalesce(given.role, given.role_id), 'root_account', given.root_account,
    'column', split_part(given.fault, ':', 2))

-- statement: look_up
-- Of roles with the same name one that was made in an account counts before a built-in one, the nearest first, and one
-- named by its number before all.
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows}
SELECT given.n, given.row, NULL AS caution, {problem} AS problem, {ids} AS ids, {info} AS info,
       person.id AS "user", account.id AS account, role.id AS role, stored.id AS found,
       stored.workflow_state AS before, given.status AS after
FROM rows AS given
LEFT JOIN LATERAL (
    SELECT id, state FROM accounts_user AS named WHERE named.sis_user_id = given.user_id LIMIT 1
) AS person ON true
LEFT JOIN LATERAL (
    SELECT id, ancestors FROM accounts_account AS named
    WHERE named.workflow_state = 'active'
      AND (named.sis_account_id = given.account_id OR (given.account_id IS NULL AND named.id = %(root)s))
    LIMIT 1
) AS account ON true
LEFT JOIN LATERAL (
    SELECT named.id FROM accounts_role AS named LEFT JOIN accounts_account AS owner ON owner.id = named.account_id
    WHERE named.workflow_state = 'active' AND named.base_type IN ('AccountAdmin', 'AccountMembership')
      AND (named.account_id IS NULL OR named.account_id = ANY({line_of account}))
      AND (named.id::text = given.role_id OR named.label = given.role
           OR (named.account_id IS NULL AND named.base_type = given.role))
    ORDER BY named.id::text IS NOT DISTINCT FROM given.role_id DESC, cardinality(owner.ancestors) DESC NULLS LAST
    LIMIT 1
) AS role ON true
LEFT JOIN LATERAL (
    SELECT * FROM accounts_accountadmin AS admin
    WHERE admin.user_id = person.id AND admin.account_id = account.id AND admin.role_id = role.id LIMIT 1
) AS stored ON true

-- statement: keep_by_hand
-- A role that people have taken or given since then is no import's.
{skip_again accounts_accountadmin, found} AND record.sis_import_id IS NULL

-- statement: read_changes
SELECT after, "user", account, role FROM looked_up
WHERE problem IS NULL AND before IS DISTINCT FROM after ORDER BY n

-- statement: update
UPDATE accounts_accountadmin AS admin SET workflow_state = given.after, sis_import_id = %(import)s
FROM looked_up AS given WHERE admin.id = given.found AND given.problem IS NULL

-- statement: unsettled
-- A role goes along with the person, and is stamped then. What people gave or took is no import's.
SELECT ARRAY[person.sis_user_id], NULL::text[]
FROM accounts_accountadmin AS admin JOIN accounts_user AS person ON person.id = admin.user_id
WHERE person.sis_user_id IS NOT NULL AND admin.sis_import_id IS NOT NULL
  AND (admin.sis_import_id > %(base)s
       OR admin.id IN ({states_since AccountUser})
       OR admin.id IN (SELECT unnest(records) FROM sis_statechange
                       WHERE kind = 'AccountUser' AND sis_import_id = %(base)s AND after = 'deleted'))
