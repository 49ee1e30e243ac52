-- statement: clash
-- By all words in which rows can name a person, for the second row may be about whom the first has renamed.
SELECT n, key, true
FROM rows AS given
CROSS JOIN LATERAL (
    SELECT 'user ' || one FROM unnest(ARRAY[given.user_id, given.existing_user_id]) AS one
    UNION SELECT 'login ' || accounts_login_shape(given.login_id)
    UNION SELECT 'integration ' || one FROM unnest(ARRAY[given.integration_id, given.existing_integration_id]) AS one
    UNION SELECT 'id ' || given.existing_canvas_user_id
) AS keys(key)

-- part: adds
-- Whether the row gives a further id to somebody who has one.
(stored.sis_user_id <> given.user_id)

-- part: adopts
-- Adding the very login that somebody without a SIS id has already gives them the ids of the row.
(stored.sis_user_id IS NULL AND accounts_login_key(stored.login_id) = accounts_login_key(given.login_id)
 AND same_id.id IS NULL)

-- part: problem
-- A further id that has ended can be given to somebody else; nobody's own can. That there is somebody with the login
-- comes before that nobody is to get it.
CASE WHEN given.user_id IS NULL THEN 'no_user_id'
     WHEN given.login_id IS NULL THEN 'no_login_id'
     WHEN given.fault IS NOT NULL THEN split_part(given.fault, ':', 1)
     WHEN given.root_account IS NOT NULL THEN 'other_root_account'
     WHEN coalesce(given.existing_user_id, given.existing_integration_id, given.existing_canvas_user_id) IS NULL
          THEN 'no_existing_user_ref'
     WHEN same_id.id <> coalesce(stored.id, -1) OR same_login.id <> coalesce(stored.id, -1)
          OR (by_further_id.is_live AND by_further_id.user_id <> coalesce(stored.id, -1)) THEN 'login_exists'
     WHEN stored.id IS NULL THEN 'existing_user_not_found'
     WHEN (given.existing_user_id IS NOT NULL AND by_id.id IS DISTINCT FROM stored.id)
          OR (given.existing_integration_id IS NOT NULL AND by_integration.id IS DISTINCT FROM stored.id)
          OR (given.existing_canvas_user_id IS NOT NULL AND by_number.id IS DISTINCT FROM stored.id)
          THEN 'existing_user_mismatch'
     WHEN stored.sis_user_id IS NULL AND NOT {adopts} THEN 'one_login'
     WHEN same_integration.id <> stored.id THEN 'integration_id_claimed' END

-- part: ids
-- Whatever the row names the owner by.
json_build_object(
    'user', given.user_id, 'id', given.user_id, 'login', given.login_id,
    'existing', coalesce(given.existing_user_id, given.existing_integration_id, given.existing_canvas_user_id),
    'current', stored.login_id, 'integration_id', given.integration_id,
    'holder', coalesce(same_integration.sis_user_id, same_integration.id::text),
    'root_account', given.root_account, 'column', split_part(given.fault, ':', 2))

-- part: caution
-- What the person keeps instead of what the row gives; said once.
CASE WHEN NOT coalesce({adds}, false) OR (by_further_id.is_live AND by_further_id.user_id = stored.id) THEN NULL
     WHEN stored.integration_id <> given.integration_id THEN 'integration_id_not_added'
     WHEN accounts_login_key(stored.login_id) <> accounts_login_key(given.login_id) THEN 'login_not_added' END

-- statement: look_up
-- Three ways to name who gets the login, and three ids that somebody else may have already: each is looked up beside
-- the row by its own index.
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows}
SELECT given.n, given.row, {caution} AS caution, {problem} AS problem, {ids} AS ids, {info} AS info,
       given.user_id, given.integration_id, stored.id AS found, coalesce({adds}, false) AS adds,
       coalesce(by_further_id.user_id = stored.id AND by_further_id.is_live, false) AS known
FROM rows AS given
LEFT JOIN LATERAL (
    SELECT * FROM accounts_user AS person
    WHERE person.sis_user_id = given.existing_user_id AND person.state <> 'deleted' LIMIT 1
) AS by_id ON true
LEFT JOIN LATERAL (
    SELECT * FROM accounts_user AS person
    WHERE person.integration_id = given.existing_integration_id AND person.state <> 'deleted' LIMIT 1
) AS by_integration ON true
LEFT JOIN LATERAL (
    SELECT * FROM accounts_user AS person
    WHERE person.state <> 'deleted'
      AND person.id = CASE WHEN given.existing_canvas_user_id ~ '^[0-9]{1,18}$'
                           THEN given.existing_canvas_user_id::bigint END
    LIMIT 1
) AS by_number ON true
LEFT JOIN LATERAL (
    SELECT * FROM accounts_user AS person
    WHERE person.id = coalesce(by_id.id, by_integration.id, by_number.id) LIMIT 1
) AS stored ON true
{same_people}
{by_further_id}

-- statement: tell
{tell}

-- statement: update
{update}

-- statement: add
INSERT INTO accounts_furthersisid (user_id, sis_user_id, sis_import_id)
SELECT found, user_id, %(import)s FROM looked_up WHERE problem IS NULL AND adds ORDER BY n
ON CONFLICT (sis_user_id) DO UPDATE
SET user_id = excluded.user_id, is_live = true, was_own = false, sis_import_id = excluded.sis_import_id

-- statement: read_added
SELECT found FROM looked_up WHERE problem IS NULL AND adds AND NOT known ORDER BY n
