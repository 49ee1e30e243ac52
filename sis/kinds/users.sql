-- statement: clash
-- Rows about one person in any words: by id, login or integration id, those that the row gives and those that are now
-- with whom it names. Both sides are looked up per row, for a chunk is small and all of these ids are unique indexes.
SELECT n, key, true
FROM rows AS given
LEFT JOIN LATERAL (
    SELECT login_id AS old_login, integration_id AS old_integration
    FROM accounts_user AS person WHERE person.sis_user_id = given.user_id LIMIT 1
) AS named ON true
LEFT JOIN LATERAL (
    SELECT sis_user_id AS holder
    FROM accounts_user AS person
    WHERE accounts_login_key(person.login_id) = accounts_login_key(given.login_id) AND person.state <> 'deleted' LIMIT 1
) AS login_holder ON true
LEFT JOIN LATERAL (
    SELECT person.sis_user_id AS own_id
    FROM accounts_furthersisid AS further JOIN accounts_user AS person ON person.id = further.user_id
    WHERE further.sis_user_id = given.user_id LIMIT 1
) AS by_further_id ON true
CROSS JOIN LATERAL (
    SELECT DISTINCT 'user ' || one FROM unnest(ARRAY[given.user_id, holder, own_id]) AS one
    UNION ALL SELECT DISTINCT 'login ' || accounts_login_shape(one) FROM unnest(ARRAY[login_id, old_login]) AS one
    UNION ALL SELECT DISTINCT 'integration ' || one FROM unnest(ARRAY[integration_id, old_integration]) AS one
) AS keys(key)

-- part: stays
-- Whether whoever has the row's login stands in this upload under another id: then it is somebody else. Of a data set
-- only what differs is staged; who came by it and is not mentioned is in it as before.
(EXISTS (SELECT FROM sis_standing AS standing WHERE standing.user_id = stored.sis_user_id AND standing.stays)
 OR EXISTS (SELECT FROM sis_standing AS standing
            JOIN accounts_furthersisid AS further ON further.sis_user_id = standing.user_id
            WHERE further.user_id = stored.id AND standing.stays)
 OR (%(is_compared)s
     AND NOT EXISTS (SELECT FROM sis_standing AS standing WHERE standing.user_id = stored.sis_user_id)
     AND EXISTS (SELECT FROM sis_sisimport AS last
                 WHERE last.id = stored.sis_import_id AND {chain_of last} = %(chain)s)))

-- part: gone
(given.status = 'deleted' OR given.{was_added})

-- part: is_further
-- Whether the row's id is a further one of somebody here, and no more than that: not their own one, which comes back.
(by_further_id.state <> 'deleted' AND by_further_id.sis_user_id IS NOT NULL AND (NOT by_further_id.was_own OR {gone}))

-- part: problem
-- Whose login it is comes before what the row says of them: it may be about somebody else. Nobody has shown that an
-- account of this address is the address's owner's: no account is taken over by it.
CASE WHEN given.user_id IS NULL THEN 'no_user_id'
     WHEN given.login_id IS NULL AND by_further_id.user_id IS NULL
          AND (given.status IS DISTINCT FROM 'deleted' OR same_id.id IS NULL) THEN 'no_login_id'
     WHEN given.status IS NULL THEN 'no_status'
     WHEN given.status NOT IN ({states}) THEN 'bad_status'
     WHEN %(skip_deletes)s AND given.status = 'deleted' THEN 'skip'
     WHEN given.fault IS NOT NULL THEN split_part(given.fault, ':', 1)
     WHEN {is_further} THEN NULL
     WHEN given.status <> 'deleted' AND same_integration.id <> coalesce(stored.id, -1) THEN 'integration_id_claimed'
     WHEN same_id.id IS NULL AND by_further_id.user_id IS NULL AND stored.sis_user_id IS NOT NULL
          AND (NOT %(update_sis_id)s OR given.login_is_email IS NOT NULL) THEN 'login_claimed'
     WHEN same_id.id IS NULL AND by_further_id.user_id IS NULL AND stored.sis_user_id IS NOT NULL AND {stays}
          THEN 'two_people'
     WHEN same_id.id IS NULL AND by_further_id.user_id IS NULL AND same_login.id IS NOT NULL
          AND given.login_is_email IS NOT NULL THEN 'login_is_email'
     WHEN given.status <> 'deleted' AND same_login.id <> coalesce(stored.id, -1) THEN 'login_claimed'
     WHEN given.status <> 'deleted' AND login_alike.id <> coalesce(stored.id, -1) THEN 'login_alike'
     WHEN has_old_login.id IS NOT NULL THEN 'login_claimed'
     WHEN given.status = 'deleted' AND stored.id = %(by)s THEN 'cannot_remove_self'
     WHEN given.authentication_provider_id NOT IN ({providers}) THEN 'unknown_auth_provider'
     WHEN given.declared_user_type NOT IN ({types}) THEN 'bad_declared_user_type'
     WHEN (given.status = 'deleted' OR given.{was_added}) AND stored.state = 'deleted' THEN 'skip' END

-- part: ids
-- The holder is whoever has what the row wants, by the id that the school knows.
json_build_object(
    'user', given.user_id, 'login', CASE WHEN has_old_login.id IS NULL THEN given.login_id ELSE stored.login_id END,
    'integration_id', given.integration_id, 'other', coalesce(still.sis_user_id, by_further_id.sis_user_id),
    'holder', coalesce(
        CASE WHEN given.status <> 'deleted' AND same_integration.id <> coalesce(stored.id, -1)
             THEN coalesce(same_integration.sis_user_id, same_integration.id::text) END,
        has_old_login.sis_user_id, has_old_login.id::text, same_login.sis_user_id, same_login.id::text,
        login_alike.sis_user_id, login_alike.id::text),
    'provider', given.authentication_provider_id, 'email', given.email, 'id', given.user_id, 'status', given.status,
    'column', split_part(given.fault, ':', 2), 'type', given.declared_user_type)

-- part: aside
-- Rows that do not say what the account is. 'further': their id is a further one, which they begin or end. 'leaves': the
-- person's own id ends, but another of theirs does not, which becomes their own. Rows that are 'returns' or 'alone' do
-- say it: their further id becomes the own one of a deleted person, who comes back, of one whose own it was before, or
-- of one who has none.
CASE WHEN %(skip_deletes)s AND given.status = 'deleted' THEN NULL
     WHEN by_further_id.user_id IS NOT NULL AND by_further_id.sis_user_id IS NULL THEN 'alone'
     WHEN {is_further} THEN 'further'
     WHEN by_further_id.user_id IS NOT NULL AND NOT {gone} THEN 'returns'
     WHEN still.sis_user_id IS NOT NULL THEN 'leaves' END

-- statement: look_up
-- `has_old_login` is whoever has the login, meanwhile, of somebody who comes back and keeps the one they had.
-- In three steps, so that what is worked out is written once: `found` is what the row and the record say, `new` what
-- the record would hold, and at last which fields the row changes by that. All that the row may be about is looked up
-- beside it, each by its own index and at most once (LIMIT 1): joins of sets would have to be planned for a table that
-- the database has never measured.
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows},
found AS (
    SELECT given.n, given.row, given.secret, given.sorts_as, given.user_id, given.email, given.status,
           given.note AS caution, stored.id AS found,
           CASE WHEN same_integration.id IS NULL OR same_integration.id = stored.id THEN given.integration_id END
               AS integration_id,
           stored.state AS before, stored.stuck_sis_fields AS old_stuck, {info} AS info, {problem} AS problem,
           {ids} AS ids, {aside} AS aside, still.sis_user_id AS other_id, {gone} AS gone,
           by_further_id.is_live IS NOT DISTINCT FROM {gone} AS turns,
           CASE WHEN {free status} THEN
                CASE given.status
                     WHEN 'active' THEN CASE WHEN stored.state = 'pre_registered' THEN stored.state
                                             ELSE 'registered' END
                     ELSE given.status END
                ELSE stored.state END AS after,
           CASE WHEN {free login_id} THEN coalesce(given.login_id, stored.login_id) ELSE stored.login_id END
               AS new_login,
           CASE WHEN {free name} THEN
                rtrim(left(coalesce(given.full_name, nullif(concat_ws(' ', given.first_name, given.last_name), ''),
                                    stored.name, given.sortable_name, given.short_name, given.login_id), {longest}))
                ELSE stored.name END AS new_name,
           CASE WHEN {free sortable_name} THEN
                coalesce(given.sortable_name, CASE WHEN given.full_name IS NOT NULL THEN given.sorts_as END,
                         nullif(concat_ws(', ', given.last_name, given.first_name), ''), stored.sortable_name)
                ELSE stored.sortable_name END AS new_sortable,
           CASE WHEN NOT {free short_name} THEN stored.short_name
                WHEN given.short_name IS NULL AND stored.short_name <> stored.name THEN stored.short_name
                ELSE given.short_name END AS new_short,
           CASE WHEN NOT {free pronouns} THEN stored.pronouns WHEN given.pronouns = '<delete>' THEN ''
                ELSE coalesce(given.pronouns, stored.pronouns, '') END AS new_pronouns,
           CASE given.declared_user_type WHEN '<delete>' THEN ''
                ELSE coalesce(given.declared_user_type, stored.declared_user_type, '') END AS new_type,
           stored.name AS old_name, stored.sortable_name AS old_sortable, stored.short_name AS old_short,
           stored.pronouns AS old_pronouns, stored.login_id AS old_login
    FROM rows AS given
    {same_people}
    {by_further_id}
    LEFT JOIN LATERAL (
        SELECT id, sis_user_id FROM accounts_user AS person
        WHERE same_login.id IS NULL AND person.state <> 'deleted'
          AND accounts_login_shape(person.login_id) = accounts_login_shape(given.login_id)
        LIMIT 1
    ) AS login_alike ON true
    LEFT JOIN LATERAL (
        SELECT * FROM accounts_user AS person
        WHERE person.id = coalesce(same_id.id, by_further_id.user_id,
                                   CASE WHEN NOT given.{was_added} THEN same_login.id END)
        LIMIT 1
    ) AS stored ON true
    LEFT JOIN LATERAL (
        SELECT further.sis_user_id FROM accounts_furthersisid AS further
        WHERE {gone} AND further.user_id = same_id.id AND further.is_live AND stored.state <> 'deleted'
          AND {free status}
        ORDER BY further.id LIMIT 1
    ) AS still ON true
    LEFT JOIN LATERAL (
        SELECT id, sis_user_id FROM accounts_user AS person
        WHERE stored.state = 'deleted' AND given.status <> 'deleted' AND NOT {free login_id}
          AND person.state <> 'deleted'
          AND accounts_login_shape(person.login_id) = accounts_login_shape(stored.login_id)
        LIMIT 1
    ) AS has_old_login ON true
),
new AS (
    SELECT n, row, secret, user_id, integration_id, email, status, problem, caution, ids, info, found, before, after,
           aside, other_id, gone, turns,
           new_login, new_name,
           rtrim(left(coalesce(new_sortable, sorts_as), {longest})) AS new_sortable,
           coalesce(new_short, new_name) AS new_short, new_pronouns, new_type, old_stuck, old_name, old_sortable,
           old_short, old_pronouns, old_login
    FROM found
),
changed AS (
    SELECT *, ARRAY[
        CASE WHEN new_name IS DISTINCT FROM old_name THEN 'name' END,
        CASE WHEN new_sortable IS DISTINCT FROM old_sortable THEN 'sortable_name' END,
        CASE WHEN new_short IS DISTINCT FROM old_short THEN 'short_name' END,
        CASE WHEN new_pronouns IS DISTINCT FROM coalesce(old_pronouns, '') THEN 'pronouns' END,
        CASE WHEN new_login IS DISTINCT FROM old_login THEN 'login_id' END,
        CASE WHEN after IS DISTINCT FROM before THEN 'status' END] AS changed_fields
    FROM new
)
SELECT *, NULL::text AS password, NULL::text AS mark, {stuck old_stuck, changed_fields} AS new_stuck
FROM changed

-- statement: lock
SELECT person.id FROM accounts_user AS person
JOIN looked_up AS given ON given.found = person.id AND given.problem IS NULL AND given.after <> given.before
ORDER BY person.id FOR NO KEY UPDATE OF person

-- statement: read_aside
-- Whoever touched the person last, an id that is listed no more has ended.
SELECT n, found, aside FROM looked_up
WHERE aside IS NOT NULL AND (problem IS NULL OR (problem = 'skip' AND aside = 'further'))

-- statement: change_own_ids
-- A further id becomes the person's own, and the other way round. What was theirs first is remembered: the others only
-- take its place.
UPDATE accounts_furthersisid AS further
SET sis_user_id = person.sis_user_id, is_live = (given.aside = 'returns' AND given.before <> 'deleted'),
    was_own = NOT EXISTS (SELECT FROM accounts_furthersisid AS first WHERE first.user_id = given.found AND first.was_own),
    sis_import_id = %(import)s
FROM looked_up AS given JOIN accounts_user AS person ON person.id = given.found
WHERE given.problem IS NULL AND given.aside IN ('leaves', 'returns')
  AND further.user_id = given.found AND further.sis_user_id = coalesce(given.other_id, given.user_id)

-- statement: forget_further_ids
DELETE FROM accounts_furthersisid AS further USING looked_up AS given
WHERE given.problem IS NULL AND given.aside = 'alone' AND further.sis_user_id = given.user_id

-- statement: keep_people
UPDATE accounts_user AS person
SET sis_user_id = given.other_id, sis_import_id = %(import)s, sis_changed_id = %(import)s
FROM looked_up AS given WHERE given.problem IS NULL AND given.aside = 'leaves' AND person.id = given.found

-- statement: turn_further_ids
-- Told is only of those that turn by it.
WITH turned AS (
    SELECT DISTINCT further.user_id AS id, ARRAY['sis_user_id'] AS fields
    FROM looked_up AS given JOIN accounts_furthersisid AS further ON further.sis_user_id = given.user_id
    WHERE given.n = ANY(%(ns)s) AND given.aside = 'further' AND further.is_live = given.gone
),
told AS ({tell_turned})
UPDATE accounts_furthersisid AS further SET is_live = NOT given.gone, sis_import_id = %(import)s
FROM looked_up AS given WHERE given.n = ANY(%(ns)s) AND given.aside = 'further' AND further.sis_user_id = given.user_id

-- statement: set_aside
UPDATE looked_up SET problem = 'aside',
    caution = CASE WHEN aside = 'leaves' OR (turns AND gone) THEN 'one_of_two_ids' END
WHERE n = ANY(%(ns)s) AND aside IN ('further', 'leaves')

-- statement: take_back
UPDATE looked_up SET problem = NULL WHERE problem = 'aside'

-- statement: read_passwords
SELECT n, secret, coalesce(person.password, ''), coalesce(person.sis_password_mark, '')
FROM looked_up AS given LEFT JOIN accounts_user AS person ON person.id = given.found
WHERE secret IS NOT NULL AND problem IS NULL

-- statement: keep_passwords
UPDATE looked_up SET password = kept.password, mark = kept.mark
FROM unnest(%(ns)s::bigint[], %(passwords)s::text[], %(marks)s::text[]) AS kept(n, password, mark)
WHERE looked_up.n = kept.n RETURNING looked_up.found

-- statement: end_enrollments
-- Deleting somebody ends what they are here; the links stay (reference 1.1), and open nothing. Those of their observers
-- go too. The old states are read before the update, which would return the new.
WITH leaving AS (
    SELECT found FROM looked_up WHERE problem IS NULL AND after = 'deleted' AND before <> 'deleted'
),
ending AS (
    SELECT enrollment.id, enrollment.state
    FROM courses_enrollment AS enrollment JOIN leaving ON enrollment.user_id = leaving.found
    WHERE enrollment.state <> 'deleted'
    UNION
    SELECT enrollment.id, enrollment.state
    FROM courses_enrollment AS enrollment JOIN leaving ON enrollment.associated_user_id = leaving.found
    WHERE enrollment.state <> 'deleted' AND enrollment.type = 'ObserverEnrollment'
),
changed AS (
    UPDATE courses_enrollment AS enrollment SET state = 'deleted', updated_at = now()
    FROM ending WHERE enrollment.id = ending.id
    RETURNING {of_changed enrollment}, ending.state AS before, 'deleted' AS after
),
noted AS ({note_changes Enrollment, changed}),
told AS ({tell_enrollments})
{tell_who_observes}

-- statement: end_admins
-- The old state is known, for only active ones are ended: no join with what was.
WITH ended AS (
    UPDATE accounts_accountadmin AS admin SET workflow_state = 'deleted', sis_import_id = %(import)s
    FROM looked_up AS given
    WHERE given.problem IS NULL AND given.after = 'deleted' AND given.before <> 'deleted'
      AND admin.user_id = given.found AND admin.workflow_state = 'active'
    RETURNING admin.id, admin.user_id, admin.account_id, admin.role_id, 'active' AS before, 'deleted' AS after
),
noted AS (
    {note_changes AccountUser, ended}
)
SELECT user_id, account_id, role_id FROM ended

-- statement: read_changes
-- Record who changes, and in what, and give whose state or email does: that has the same consequences as by hand.
WITH differing AS MATERIALIZED (
    SELECT given.n, person.id, given.before, given.after, {changed_fields} AS fields,
           person.email AS old_email, {new_email} AS new_email, person.sis_user_id AS old_id, given.user_id AS new_id,
           person.integration_id AS old_integration, {new_integration} AS new_integration
    FROM looked_up AS given JOIN accounts_user AS person ON person.id = given.found
    WHERE given.problem IS NULL AND {told_columns_differ}
),
told AS ({tell}),
renamed AS ({note_changed_ids}),
addresses AS (
    SELECT id, CASE WHEN old_email <> '' THEN CASE before WHEN 'deleted' THEN before ELSE 'active' END END AS before,
           CASE after WHEN 'deleted' THEN after ELSE 'active' END AS after
    FROM differing WHERE old_email <> '' OR (new_email <> '' AND after <> 'deleted')
),
noted AS ({note_changes CommunicationChannel, addresses})
SELECT id, before, after, 'email' = ANY(fields) FROM differing
WHERE before <> after OR 'email' = ANY(fields) ORDER BY n

-- part: note_new_addresses
addresses AS (
    SELECT id, NULL AS before, 'active' AS after FROM made WHERE email <> '' AND state <> 'deleted'
),
noted AS ({note_changes CommunicationChannel, addresses})

-- statement: update
-- A dry run holds only those whom it would change: the others sign in meanwhile.
UPDATE accounts_user AS person
SET {new_columns}, sis_import_id = %(import)s,
    sis_changed_id = CASE WHEN {differs} THEN %(import)s ELSE person.sis_changed_id END
FROM looked_up AS given
WHERE person.id = given.found AND given.problem IS NULL AND (NOT %(dry_run)s OR {differs})

-- part: would_change
-- Rows about a further id change whether it has ended. A password is a change even where it is the one they have: else
-- a warning would tell whether it is.
CASE WHEN given.aside = 'further' THEN given.turns ELSE given.secret IS NOT NULL
     OR EXISTS (SELECT FROM accounts_user AS person WHERE person.id = given.found AND {differs}) END

-- part: account_differs
-- Whether it changes how somebody signs in, or as whom they are known: more than a name.
CASE WHEN given.aside = 'further' THEN given.turns ELSE given.secret IS NOT NULL
     OR EXISTS (SELECT FROM accounts_user AS person WHERE person.id = given.found AND {account_columns_differ}) END

-- part: own_id
given.found = ANY(%(sender)s) AND given.aside IS DISTINCT FROM 'further'
AND EXISTS (SELECT FROM accounts_user AS person
            WHERE person.id = given.found AND person.sis_user_id IS DISTINCT FROM given.user_id)

-- statement: unsettled
{changed_since accounts_user, sis_user_id, Pseudonym, sis_changed_id}

-- statement: listed_by
{listed_by accounts_user, sis_user_id, user_id, state}

-- part: words
-- Of a name, in any order.
array_remove(regexp_split_to_array(lower(name), '[\s,.;()-]+'), '')

-- part: replaced
-- Those whose row has another login and another email address, and no word of their name: somebody else has their id, and
-- would get their record with everybody who observes them. A name that is only the login is none.
replaced AS (
    SELECT person.id
    FROM user_rows AS given
    JOIN accounts_user AS person ON person.sis_user_id = given.user_id AND person.state NOT IN ('suspended', 'deleted')
    CROSS JOIN LATERAL (SELECT {words} AS words FROM (SELECT person.name) AS its(name)) AS before
    CROSS JOIN LATERAL (
        SELECT {words} AS words FROM (
            SELECT coalesce(given.full_name, nullif(concat_ws(' ', given.first_name, given.last_name), ''),
                            given.sortable_name, given.short_name)) AS its(name)
    ) AS now
    WHERE given.status = 'active' AND given.fault IS NULL AND NOT given.{was_added}
      AND given.login_id <> person.login_id AND lower(person.name) <> lower(person.login_id)
      AND accounts_login_key(given.login_id) <> accounts_login_key(person.login_id)
      AND NOT coalesce(lower(given.email) = lower(person.email), false) AND NOT now.words && before.words
)

-- part: brake
{leaving},
{replaced},
live AS (SELECT id, sis_import_id FROM accounts_user WHERE state NOT IN ('suspended', 'deleted')),
going AS (SELECT id, added FROM leaving UNION ALL SELECT id, false FROM replaced)
