-- statement: clash
-- Rows about the same two people come one after the other, whichever of them observes.
SELECT n, concat_ws(' and ', least(given.observer_id, given.student_id), greatest(given.observer_id, given.student_id)),
       true
FROM rows AS given

-- part: came_back
-- Whether this upload has brought one of the two back. Where links stand in the rows of people, they go and come with
-- them: that nobody has added, and what somebody ended by hand stays ended.
EXISTS (SELECT FROM sis_statechange AS came
        WHERE came.sis_import_id = %(import)s AND came.kind = 'Pseudonym' AND came.before = 'deleted'
          AND (o.id = ANY(came.records) OR s.id = ANY(came.records)))

-- part: problem
-- A row that comparing data sets has added ends only a link that a file made and no person since. It does so although
-- one of the two has been deleted: a student who comes back without the link must not find it standing.
CASE WHEN given.observer_id IS NULL THEN 'no_observer'
     WHEN given.student_id IS NULL THEN 'no_student'
     WHEN given.observer_id = given.student_id THEN 'self'
     WHEN given.status IS NULL OR given.status NOT IN ({states}) THEN 'bad_status'
     WHEN %(skip_deletes)s AND given.status = 'deleted' THEN 'skip'
     WHEN given.fault IS NOT NULL THEN split_part(given.fault, ':', 1)
     WHEN given.added AND (stored.state IS DISTINCT FROM 'active' OR stored.sis_import_id IS NULL) THEN 'skip'
     WHEN o.id IS NULL THEN 'unknown_observer'
     WHEN s.id IS NULL THEN 'unknown_student'
     WHEN given.status = 'deleted' AND stored.state IS DISTINCT FROM 'active' THEN 'no_link_to_delete'
     WHEN %(is_compared)s AND stored.state = 'deleted' AND stored.sis_import_id IS NULL AND {came_back} THEN 'skip' END

-- part: ids
json_build_object(
    'id', given.observer_id, 'observer', given.observer_id, 'student', given.student_id, 'status', given.status,
    'column', split_part(given.fault, ':', 2))

-- statement: lock
-- Both sides are held before their links are looked at.
{rows}
SELECT person.id FROM accounts_user AS person WHERE person.id IN (
    SELECT named.id FROM rows
    CROSS JOIN LATERAL (
        SELECT id FROM accounts_user AS side WHERE side.sis_user_id IN (rows.student_id, rows.observer_id)
    ) AS named)
ORDER BY person.id FOR NO KEY UPDATE

-- statement: look_up
-- The observer is `o` and the student `s`, as in the rules of who may observe whom (courses/access/observation.py),
-- which are asked of each row here, for a statement per row would be too many.
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows}
SELECT given.n, given.row, CASE WHEN given.status = 'active' THEN {who_may_observe} END AS caution,
       {problem} AS problem, {ids} AS ids, {info} AS info,
       given.status, o.id AS observer, s.id AS student, stored.id AS link, stored.state AS before, stored.scope
FROM (SELECT *, {was_added} AS added FROM rows) AS given
LEFT JOIN LATERAL (
    SELECT * FROM accounts_user AS person
    WHERE person.sis_user_id = given.observer_id AND (person.state <> 'deleted' OR given.added) LIMIT 1
) AS o ON true
LEFT JOIN LATERAL (
    SELECT * FROM accounts_user AS person
    WHERE person.sis_user_id = given.student_id AND (person.state <> 'deleted' OR given.added) LIMIT 1
) AS s ON true
LEFT JOIN LATERAL (
    SELECT * FROM accounts_observationlink AS link WHERE link.observer_id = o.id AND link.student_id = s.id LIMIT 1
) AS stored ON true

-- statement: keep_by_hand
-- A link that people have ended, or made anew, since then is no import's.
{skip_again accounts_observationlink, link} AND record.sis_import_id IS NULL

-- part: own_link
-- A link of the sender's that is not there yet, or opens more than it did.
given.observer = ANY(%(sender)s) AND given.status = 'active'
AND (given.before, given.scope) IS DISTINCT FROM ('active', 'all')

-- statement: read_pairs
-- What is linked already is repaired, for which the student is held; a dry run leaves that out.
SELECT status, observer, student FROM looked_up
WHERE problem IS NULL AND NOT (%(dry_run)s AND status = 'active' AND before IS NOT DISTINCT FROM 'active')

-- statement: stamp
UPDATE accounts_observationlink AS link SET sis_import_id = %(import)s
FROM looked_up AS given
WHERE given.problem IS NULL AND link.observer_id = given.observer AND link.student_id = given.student

-- part: links
FROM looked_up AS given
JOIN accounts_observationlink AS link ON link.observer_id = given.observer AND link.student_id = given.student
WHERE given.problem IS NULL

-- statement: note_states
WITH changed AS (SELECT link.id, given.before, link.state AS after {links})
{note_changes UserObserver, changed}

-- statement: note_scopes
-- A row opens all courses, also where a link was there that opened only some.
WITH widened AS (
    SELECT link.id, given.scope AS before, link.scope AS after {links}
      AND given.before = 'active' AND link.state = 'active'
)
{note_changes UserObserverScope, widened}

-- statement: listed_by
SELECT link.id, jsonb_build_object('observer_id', observer.sis_user_id, 'student_id', student.sis_user_id)
FROM accounts_observationlink AS link
JOIN accounts_user AS observer ON observer.id = link.observer_id AND observer.sis_user_id IS NOT NULL
JOIN accounts_user AS student ON student.id = link.student_id AND student.sis_user_id IS NOT NULL
WHERE link.sis_import_id = ANY(%(deltas)s) AND link.state = 'active'

-- statement: unsettled
-- Links that an import has changed since, and those of people who were deleted: when they return, so do the enrollments
-- that their links make. A link that somebody has ended by hand stays ended.
WITH left_or_came AS (
    {states_since Pseudonym}
    UNION SELECT unnest(records) FROM sis_statechange
    WHERE kind = 'Pseudonym' AND sis_import_id = %(base)s AND after = 'deleted'
)
SELECT ARRAY[observer.sis_user_id], ARRAY[student.sis_user_id]
FROM accounts_observationlink AS link
JOIN accounts_user AS observer ON observer.id = link.observer_id AND observer.sis_user_id IS NOT NULL
JOIN accounts_user AS student ON student.id = link.student_id AND student.sis_user_id IS NOT NULL
WHERE NOT (link.state = 'deleted' AND link.sis_import_id IS NULL)
  AND ((link.sis_import_id > %(base)s AND link.updated_at >= %(since)s)
       OR link.id IN ({states_since UserObserver}) OR link.id IN ({states_since UserObserverScope})
       OR link.observer_id IN (SELECT * FROM left_or_came) OR link.student_id IN (SELECT * FROM left_or_came))

-- part: brake
-- A link goes by a row, unless another lists it under new ids, or with either of the two, for whom it then opens nothing;
-- one made by hand is not for a data set to end.
{leaving},
live AS (
    SELECT link.id, link.sis_import_id, link.observer_id, link.student_id
    FROM accounts_observationlink AS link
    JOIN accounts_user AS observer ON observer.id = link.observer_id AND observer.state <> 'deleted'
    JOIN accounts_user AS student ON student.id = link.student_id AND student.state <> 'deleted'
    WHERE link.state = 'active'
),
listed AS (
    SELECT live.id, {going} AND {may_end} AND (NOT given.{was_added} OR live.sis_import_id IS NOT NULL) AS going,
           given.{was_added} AS added, given.status = 'active' AND NOT given.{was_added} AS stands
    FROM user_observer_rows AS given
    JOIN named_people AS observer ON observer.name = given.observer_id
    JOIN named_people AS student ON student.name = given.student_id
    JOIN live ON live.observer_id = observer.id AND live.student_id = student.id
    LEFT JOIN sources AS last ON last.id = live.sis_import_id
),
going AS (
    SELECT id, bool_and(added) AS added FROM listed
    GROUP BY id HAVING bool_or(going AND NOT added) OR (bool_or(going) AND NOT bool_or(stands))
    UNION ALL
    SELECT live.id, leaving.added FROM leaving JOIN live ON live.observer_id = leaving.id
    WHERE leaving.status = 'deleted'
    UNION ALL
    SELECT live.id, leaving.added FROM leaving JOIN live ON live.student_id = leaving.id
    WHERE leaving.status = 'deleted'
)
