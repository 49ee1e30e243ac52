-- statement: clash
-- Rows that name the same record by its other id clash too.
SELECT n, type || key, true
FROM rows AS given
CROSS JOIN LATERAL (
    SELECT ' id ' || one FROM unnest(ARRAY[given.old_id, given.new_id]) AS one
    UNION
    SELECT ' integration ' || one FROM unnest(ARRAY[given.old_integration_id, given.new_integration_id]) AS one
    UNION
    {other_ids}
) AS keys(key)

-- part: problem
-- Both old ids must name one record, and no other may have either of the new ones.
CASE WHEN coalesce(given.old_id, given.old_integration_id) IS NULL THEN 'no_old_id'
     WHEN coalesce(given.new_id, given.new_integration_id) IS NULL THEN 'no_new_id'
     WHEN given.type IS NULL OR given.type NOT IN ({types}) THEN 'bad_type'
     WHEN given.fault IS NOT NULL THEN split_part(given.fault, ':', 1)
     WHEN (given.old_id IS NOT NULL AND coalesce(by_id.id, further.user_id) IS NULL)
          OR (given.old_integration_id IS NOT NULL AND by_integration.id IS NULL) THEN 'old_id_unknown'
     WHEN coalesce(by_id.id, further.user_id) <> by_integration.id THEN 'old_ids_differ'
     WHEN has_new_id.id <> coalesce(by_id.id, CASE WHEN further.id IS NULL THEN by_integration.id END, -1)
          OR EXISTS (SELECT FROM accounts_furthersisid AS taken
                     WHERE given.type = 'user' AND taken.sis_user_id = given.new_id
                       AND taken.id IS DISTINCT FROM further.id)
          OR has_new_integration.id <> coalesce(by_id.id, further.user_id, by_integration.id)
          THEN 'new_id_taken' END

-- part: ids
json_build_object(
    'id', coalesce(given.old_id, given.old_integration_id), 'user', coalesce(given.old_id, given.old_integration_id),
    'integration_id', given.old_integration_id, 'new', coalesce(given.new_id, given.new_integration_id),
    'type', given.type, 'column', split_part(given.fault, ':', 2))

-- statement: look_up
-- The record may be in any of five tables; the condition on the row's type leaves one of each UNION to be read.
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows}
SELECT given.n, given.row, NULL AS caution, {problem} AS problem, {ids} AS ids, {info} AS info,
       given.type, given.new_id, given.new_integration_id, further.id AS further,
       coalesce(by_id.id, further.user_id, by_integration.id) AS found
FROM rows AS given
LEFT JOIN LATERAL (SELECT * FROM ({with_old_id}) AS one LIMIT 1) AS by_id ON true
LEFT JOIN LATERAL (
    SELECT id, user_id FROM accounts_furthersisid AS further
    WHERE given.type = 'user' AND further.sis_user_id = given.old_id AND by_id.id IS NULL LIMIT 1
) AS further ON true
LEFT JOIN LATERAL (SELECT * FROM ({with_old_integration_id}) AS one LIMIT 1) AS by_integration ON true
LEFT JOIN LATERAL (SELECT * FROM ({with_new_id}) AS one LIMIT 1) AS has_new_id ON true
LEFT JOIN LATERAL (SELECT * FROM ({with_new_integration_id}) AS one LIMIT 1) AS has_new_integration ON true
