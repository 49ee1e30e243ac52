-- statement: clash
-- The integration id that the term has now counts too: another row may take it.
SELECT n, key, true
FROM rows AS given
LEFT JOIN LATERAL (
    SELECT integration_id AS old_integration FROM courses_term AS term WHERE term.sis_term_id = given.term_id LIMIT 1
) AS stored ON true
CROSS JOIN LATERAL (
    SELECT 'term ' || given.term_id
    UNION SELECT 'integration ' || given.integration_id
    UNION SELECT 'integration ' || stored.old_integration
) AS keys(key)

-- part: problem
-- Rows with dates for one type of enrollment change nothing else of the term, so what else is wrong does not matter.
CASE WHEN given.term_id IS NULL THEN 'no_term_id'
     WHEN given.status IS NULL OR given.status NOT IN ({states}) THEN 'bad_status'
     WHEN given.name IS NULL AND given.date_override_enrollment_type IS NULL THEN 'no_name'
     WHEN %(skip_deletes)s AND given.status = 'deleted' THEN 'skip'
     WHEN given.fault IS NOT NULL THEN split_part(given.fault, ':', 1)
     WHEN given.date_override_enrollment_type IS NOT NULL AND stored.id IS NULL THEN 'no_override_term'
     WHEN given.date_override_enrollment_type IS NOT NULL AND NOT
          lower(given.date_override_enrollment_type) IN ({known_types}) THEN 'bad_override_type'
     WHEN given.date_override_enrollment_type IS NOT NULL THEN NULL
     WHEN same_integration.id <> coalesce(stored.id, -1) THEN 'integration_id_taken'
     WHEN given.status = 'deleted' AND EXISTS (
         SELECT 1 FROM courses_course AS course
         WHERE course.term_id = stored.id AND course.workflow_state <> 'deleted') THEN 'term_in_use' END

-- part: ids
json_build_object(
    'id', given.term_id, 'status', given.status, 'type', given.date_override_enrollment_type,
    'integration_id', given.integration_id, 'column', split_part(given.fault, ':', 2))

-- part: after
-- A term that people have deleted stays so.
CASE WHEN {free status} THEN given.status ELSE stored.workflow_state END

-- part: changed
ARRAY[CASE WHEN given.name IS DISTINCT FROM stored.name THEN 'name' END,
      CASE WHEN given.start_date::timestamptz IS DISTINCT FROM stored.start_at THEN 'start_at' END,
      CASE WHEN given.end_date::timestamptz IS DISTINCT FROM stored.end_at THEN 'end_at' END,
      CASE WHEN given.status IS DISTINCT FROM stored.workflow_state THEN 'status' END]

-- statement: look_up
-- Either a term or, where `type` is not null, the dates that it has for one type of enrollment.
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows},
found AS (
    SELECT given.n, given.row, given.note AS caution, {problem} AS problem, {ids} AS ids, {info} AS info,
           given.term_id, given.start_date::timestamptz AS start_date, given.end_date::timestamptz AS end_date,
           given.status, CASE lower(given.date_override_enrollment_type) {type_of_word} END AS type,
           stored.id AS found, stored.workflow_state AS before, {after} AS after,
           CASE WHEN {free name} THEN given.name ELSE stored.name END AS new_name,
           CASE WHEN {dates_free given} THEN given.start_date::timestamptz ELSE stored.start_at END AS new_start,
           CASE WHEN {dates_free given} THEN given.end_date::timestamptz ELSE stored.end_at END AS new_end,
           CASE WHEN 'integration_id' = ANY(%(given)s) THEN given.integration_id
                ELSE stored.integration_id END AS new_integration,
           stored.stuck_sis_fields AS old_stuck, {changed} AS changed
    FROM rows AS given
    LEFT JOIN LATERAL (
        SELECT * FROM courses_term AS term WHERE term.sis_term_id = given.term_id LIMIT 1
    ) AS stored ON true
    LEFT JOIN LATERAL (
        SELECT * FROM courses_term AS term WHERE term.integration_id = given.integration_id LIMIT 1
    ) AS same_integration ON true
)
SELECT *, {stuck old_stuck, changed} AS new_stuck FROM found

-- statement: note_changes
-- Dates for one type of enrollment change no state.
WITH changed AS (
    SELECT found AS id, before, after FROM looked_up WHERE found IS NOT NULL AND problem IS NULL AND type IS NULL
)
{note_changes EnrollmentTerm, changed}

-- statement: tell
{tell}

-- statement: update
{update}

-- statement: tell_dates
{tell_dates}

-- statement: override_dates
UPDATE courses_term AS record SET {new_dates}
FROM looked_up AS given WHERE record.id = given.found AND given.problem IS NULL AND given.type IS NOT NULL

-- statement: unsettled
{changed_since courses_term, sis_term_id, EnrollmentTerm}

-- statement: listed_by
{listed_by courses_term, sis_term_id, term_id}
