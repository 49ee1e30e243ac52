-- statement: clash
-- The integration id that the section has now counts too: another row may take it.
SELECT n, key, true
FROM rows AS given
LEFT JOIN LATERAL (
    SELECT integration_id AS old_integration
    FROM courses_section AS section WHERE section.sis_section_id = given.section_id LIMIT 1
) AS stored ON true
CROSS JOIN LATERAL (
    SELECT 'section ' || given.section_id
    UNION SELECT 'integration ' || given.integration_id
    UNION SELECT 'integration ' || stored.old_integration
) AS keys(key)

-- part: problem
-- A name is needed where there is none yet, and for whatever stays open.
CASE WHEN given.section_id IS NULL THEN 'no_section_id'
     WHEN given.course_id IS NULL THEN 'no_course_id'
     WHEN given.status IS NULL OR given.status NOT IN ({states}) THEN 'bad_status'
     WHEN given.name IS NULL AND (given.status = 'active' OR stored.id IS NULL) THEN 'no_name'
     WHEN %(skip_deletes)s AND given.status = 'deleted' THEN 'skip'
     WHEN given.fault IS NOT NULL THEN split_part(given.fault, ':', 1)
     WHEN course.id IS NULL THEN 'no_course'
     WHEN same_integration.id <> coalesce(stored.id, -1) THEN 'integration_id_taken' END

-- part: ids
json_build_object(
    'id', given.section_id, 'section', given.section_id,
    'section_or_course', given.section_id, 'course', given.course_id,
    'status', given.status, 'integration_id', given.integration_id, 'column', split_part(given.fault, ':', 2))

-- part: moves
-- A cross-listed section stays where it is while its row names the course it came from.
({free course} AND stored.id IS NOT NULL AND course.id <> coalesce(stored.nonxlist_course_id, stored.course_id))

-- part: after
-- A section that people have deleted stays so.
CASE WHEN {free status} THEN given.status ELSE stored.workflow_state END

-- part: restrict
-- Dates that the row gives bind, and without any those of the course do: a section that none bind never ends.
(coalesce(given.start_date, given.end_date) IS NOT NULL)

-- part: changed
-- Compared with what the row gives, not with what is kept of it: what may not be set does not change what is stuck.
ARRAY[CASE WHEN stored.id IS NULL OR {moves} THEN 'course' END,
      CASE WHEN given.name IS NOT NULL AND given.name IS DISTINCT FROM stored.name THEN 'name' END,
      CASE WHEN given.start_date::timestamptz IS DISTINCT FROM stored.start_at THEN 'start_at' END,
      CASE WHEN given.end_date::timestamptz IS DISTINCT FROM stored.end_at THEN 'end_at' END,
      CASE WHEN {restrict} <> coalesce(stored.restrict_enrollments_to_section_dates, false)
           THEN 'restrict_enrollments_to_section_dates' END,
      CASE WHEN given.status IS DISTINCT FROM stored.workflow_state THEN 'status' END]

-- statement: look_up
-- `course` is the one that the row names.
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows},
found AS (
    SELECT given.n, given.row, given.note AS caution, {problem} AS problem, {ids} AS ids, {info} AS info,
           given.section_id, stored.id AS found, stored.workflow_state AS before, {after} AS after,
           {moves} AS moves,
           CASE WHEN {moves} OR stored.id IS NULL THEN course.id ELSE stored.course_id END AS new_course,
           CASE WHEN {moves} THEN NULL ELSE stored.nonxlist_course_id END AS new_nonxlist,
           stored.is_default AND NOT {moves} AND {after} <> 'deleted' AS new_default,
           CASE WHEN {free name} THEN coalesce(given.name, stored.name) ELSE stored.name END AS new_name,
           CASE WHEN {dates_free given} THEN given.start_date::timestamptz ELSE stored.start_at END AS new_start,
           CASE WHEN {dates_free given} THEN given.end_date::timestamptz ELSE stored.end_at END AS new_end,
           CASE WHEN {free restrict_enrollments_to_section_dates} AND {dates_free given} THEN {restrict}
                ELSE coalesce(stored.restrict_enrollments_to_section_dates, false) END AS new_restrict,
           CASE WHEN 'integration_id' = ANY(%(given)s) THEN given.integration_id
                ELSE stored.integration_id END AS new_integration,
           stored.stuck_sis_fields AS old_stuck, {changed} AS changed
    FROM rows AS given
    LEFT JOIN LATERAL (
        SELECT * FROM courses_section AS section WHERE section.sis_section_id = given.section_id LIMIT 1
    ) AS stored ON true
    LEFT JOIN LATERAL (
        SELECT * FROM courses_section AS section WHERE section.integration_id = given.integration_id LIMIT 1
    ) AS same_integration ON true
    LEFT JOIN LATERAL (
        SELECT id FROM courses_course AS named WHERE named.sis_course_id = given.course_id LIMIT 1
    ) AS course ON true
)
SELECT *, {stuck old_stuck, changed} AS new_stuck FROM found

-- statement: lock
-- Whoever enrolls or links somebody there at this moment holds their row: in the same order as everybody does.
SELECT person.id FROM accounts_user AS person WHERE person.id IN (
    SELECT enrollment.user_id
    FROM courses_enrollment AS enrollment JOIN looked_up AS given ON given.found = enrollment.section_id
    WHERE given.problem IS NULL AND (given.moves OR (given.after = 'deleted' AND given.before <> 'deleted')))
ORDER BY person.id FOR NO KEY UPDATE

-- statement: lock_people_of
-- The same, of all in the sections of rows that are tried again: these are held before it shows which of them move.
SELECT person.id FROM accounts_user AS person WHERE person.id IN (
    SELECT enrollment.user_id
    FROM sis_staged AS given
    JOIN courses_section AS section ON section.sis_section_id = given.{section_cell}
    JOIN courses_enrollment AS enrollment ON enrollment.section_id = section.id
    WHERE given.n = ANY(%(ns)s))
ORDER BY person.id FOR NO KEY UPDATE

-- statement: lock_sections
-- After the people and before what is in the sections changes: that is the order of accounts/domain/locks.py.
SELECT section.id FROM courses_section AS section
JOIN looked_up AS given ON given.found = section.id AND given.problem IS NULL
ORDER BY section.id FOR NO KEY UPDATE OF section

-- statement: end_enrollments
-- Joined with itself as it was, for RETURNING gives the new state.
WITH changed AS (
    UPDATE courses_enrollment AS enrollment SET state = 'deleted', updated_at = now()
    FROM looked_up AS given, courses_enrollment AS old
    WHERE given.problem IS NULL AND given.after = 'deleted' AND enrollment.section_id = given.found
      AND old.id = enrollment.id AND enrollment.state <> 'deleted'
    RETURNING {of_changed enrollment}, old.state AS before, 'deleted' AS after
),
noted AS ({note_changes Enrollment, changed}),
told AS ({tell_enrollments})
{tell_who_observes}

-- statement: read_moves
-- Which sections move to another course, and from which.
SELECT given.found, section.course_id
FROM looked_up AS given JOIN courses_section AS section ON section.id = given.found
WHERE given.moves AND given.problem IS NULL

-- statement: tell
{tell}

-- statement: update
{update}

-- statement: unsettled
{changed_since courses_section, sis_section_id, CourseSection}

-- statement: listed_by
{listed_by courses_section, sis_section_id, section_id}

-- part: brake
{closing_sections},
live AS (SELECT id, sis_import_id FROM courses_section WHERE workflow_state <> 'deleted'),
going AS (SELECT id, added FROM closing_sections)

-- part: live_in_batch
FROM courses_section AS x
JOIN courses_course AS course ON course.id = coalesce(x.nonxlist_course_id, x.course_id)
WHERE x.workflow_state <> 'deleted' AND x.sis_import_id IS NOT NULL AND x.sis_section_id IS NOT NULL
  AND {in_batch_terms}

-- part: along_with_course
course.workflow_state <> 'deleted' AND course.sis_course_id IS NOT NULL AND course.sis_import_id <> %(import)s

-- part: people_in_batch
SELECT user_id FROM courses_enrollment WHERE section_id = ANY(%(ids)s)

-- part: lock_in_batch
-- Before what is in them: that is the order of accounts/domain/locks.py.
SELECT id FROM courses_section WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE

-- part: end_in_batch
-- Joined with itself as it was, for RETURNING gives the new state.
WITH changed AS (
    UPDATE courses_enrollment AS enrollment SET state = 'deleted', updated_at = now()
    FROM courses_enrollment AS old
    WHERE enrollment.section_id = ANY(%(ids)s) AND old.id = enrollment.id AND enrollment.state <> 'deleted'
    RETURNING {of_changed enrollment}, old.state AS before, 'deleted' AS after
),
noted AS ({note_batch_changes Enrollment, changed}),
told AS ({tell_enrollments})
{tell_who_observes}

-- part: remove_in_batch
UPDATE courses_section AS x SET workflow_state = 'deleted', is_default = false, sis_import_id = %(import)s
FROM courses_section AS old WHERE x.id = ANY(%(ids)s) AND old.id = x.id
RETURNING x.id, old.workflow_state AS before, x.workflow_state AS after, NULL::bigint, NULL::bigint
