-- statement: clash
-- The integration id that the course has now counts too: another row may take it.
SELECT n, key, true
FROM rows AS given
LEFT JOIN LATERAL (
    SELECT integration_id AS old_integration
    FROM courses_course AS course WHERE course.sis_course_id = given.course_id LIMIT 1
) AS stored ON true
CROSS JOIN LATERAL (
    SELECT 'course ' || given.course_id
    UNION SELECT 'integration ' || given.integration_id
    UNION SELECT 'integration ' || stored.old_integration
) AS keys(key)

-- part: foreign_roles
-- Custom roles in use that are none of the account the course moves to; null when there are none.
(SELECT string_agg(DISTINCT role.label, ', ')
 FROM courses_section AS section
 JOIN courses_enrollment AS enrollment ON enrollment.section_id = section.id
 JOIN accounts_role AS role ON role.id = enrollment.role_id
 WHERE section.course_id = stored.id AND enrollment.state NOT IN ('deleted', 'rejected')
   AND role.account_id <> ALL({line_of home}))

-- part: problem
-- Roles are looked at only where the course moves, for that costs a look at everybody in it.
CASE WHEN given.course_id IS NULL THEN 'no_course_id'
     WHEN given.short_name IS NULL THEN 'no_short_name'
     WHEN given.long_name IS NULL THEN 'no_long_name'
     WHEN given.status IS NULL OR given.status NOT IN ({states}) THEN 'bad_status'
     WHEN %(skip_deletes)s AND given.status = 'deleted' THEN 'skip'
     WHEN given.course_format NOT IN ({formats}) THEN 'bad_course_format'
     WHEN given.grade_passback_setting NOT IN ({passback_settings}) THEN 'bad_grade_passback_setting'
     WHEN given.fault IS NOT NULL THEN split_part(given.fault, ':', 1)
     WHEN given.account_id IS NOT NULL AND named_account.id IS NULL AND fallback.id IS NULL THEN 'no_account'
     WHEN given.status <> 'deleted' AND home.workflow_state = 'deleted' THEN 'no_account'
     WHEN home.id <> stored.account_id AND {foreign_roles} IS NOT NULL THEN 'strange_roles'
     WHEN same_integration.id <> coalesce(stored.id, -1) THEN 'integration_id_taken' END

-- part: ids
-- The roles are looked up once more: only rows that are refused name them.
json_build_object(
    'id', given.course_id, 'status', given.status,
    'account', coalesce(given.account_id, home.sis_account_id, home.name),
    'roles', CASE WHEN home.id <> stored.account_id THEN {foreign_roles} END,
    'integration_id', given.integration_id, 'column', split_part(given.fault, ':', 2),
    'value', coalesce(CASE WHEN given.course_format NOT IN ({formats})
                           THEN given.course_format END, given.grade_passback_setting))

-- part: is_target
-- Whether the course is no longer listed, while sections of other courses are in it: so far only these name it, and
-- whether it goes shows when their rows have been read (sis/kinds/xlists.sql).
(given.{was_added} AND EXISTS (
    SELECT FROM courses_section AS section
    WHERE section.course_id = stored.id AND section.nonxlist_course_id IS NOT NULL AND section.workflow_state = 'active'
      AND NOT 'course' = ANY(section.stuck_sis_fields)))

-- part: after
-- Once published a course stays so; a concluded one is opened again.
CASE WHEN {is_target} THEN 'unpublished'
     WHEN given.status IN ('completed', 'deleted') THEN given.status
     WHEN given.status = 'published' THEN 'available'
     WHEN stored.workflow_state IN ('available', 'completed') THEN 'available'
     ELSE 'unpublished' END

-- part: start
nullif(given.start_date, '<delete>')::timestamptz

-- part: end
nullif(given.end_date, '<delete>')::timestamptz

-- part: dates_free
-- If either date is stuck, neither is imported, nor whether they bind.
({free start_at} AND {free end_at})

-- part: new_start
CASE WHEN {dates_free} AND given.start_date IS NOT NULL THEN {start} ELSE stored.start_at END

-- part: new_end
CASE WHEN {dates_free} AND given.end_date IS NOT NULL THEN {end} ELSE stored.end_at END

-- part: restrict
-- Dates that the row gives bind. Once it has cleared both, those of the term do: a course that none bind never ends.
CASE WHEN coalesce({start}, {end}) IS NOT NULL THEN true
     WHEN '<delete>' IN (given.start_date, given.end_date) AND coalesce({new_start}, {new_end}) IS NULL THEN false
     ELSE coalesce(stored.restrict_enrollments_to_course_dates, false) END

-- part: passback
CASE given.grade_passback_setting WHEN 'not_set' THEN ''
     ELSE coalesce(given.grade_passback_setting, stored.grade_passback_setting, '') END

-- part: changed
-- Compared with what the row gives, not with what is kept of it: what may not be set does not change what is stuck.
ARRAY[CASE WHEN given.long_name IS DISTINCT FROM stored.name THEN 'name' END,
      CASE WHEN given.short_name IS DISTINCT FROM stored.course_code THEN 'course_code' END,
      CASE WHEN given.start_date IS NOT NULL AND {start} IS DISTINCT FROM stored.start_at THEN 'start_at' END,
      CASE WHEN given.end_date IS NOT NULL AND {end} IS DISTINCT FROM stored.end_at THEN 'end_at' END,
      CASE WHEN {restrict} IS DISTINCT FROM coalesce(stored.restrict_enrollments_to_course_dates, false)
           THEN 'restrict_enrollments_to_course_dates' END,
      CASE WHEN term.id IS NOT NULL AND term.id IS DISTINCT FROM stored.term_id THEN 'term' END,
      CASE WHEN home.id IS DISTINCT FROM stored.account_id THEN 'account' END,
      CASE WHEN {passback} IS DISTINCT FROM coalesce(stored.grade_passback_setting, '')
           THEN 'grade_passback_setting' END,
      CASE WHEN {after} IS DISTINCT FROM stored.workflow_state THEN 'status' END]

-- statement: look_up
-- `home` is the account that the course would be of: the one named, the one to fall back to, that of before or the
-- root. A course that goes may be of an account that is gone. A blank date keeps what is stored; `<delete>` clears it.
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows},
found AS (
    SELECT given.n, given.row,
           coalesce(given.note, CASE WHEN (given.term_id IS NOT NULL AND term.id IS NULL)
                                       OR (given.account_id IS NOT NULL AND named_account.id IS NULL)
                                     THEN 'not_yet' END) AS caution,
           {problem} AS problem, {ids} AS ids, {info} AS info,
           given.course_id, stored.id AS found, stored.workflow_state AS before,
           CASE WHEN {free status} THEN {after} ELSE stored.workflow_state END AS after,
           CASE WHEN {free name} THEN given.long_name ELSE stored.name END AS new_name,
           CASE WHEN {free course_code} THEN given.short_name ELSE stored.course_code END AS new_code,
           home.id AS new_account, stored.account_id AS old_account,
           CASE WHEN {free term} THEN coalesce(term.id, stored.term_id) ELSE stored.term_id END AS new_term,
           {new_start} AS new_start, {new_end} AS new_end,
           CASE WHEN {free restrict_enrollments_to_course_dates} AND {dates_free} THEN {restrict}
                ELSE coalesce(stored.restrict_enrollments_to_course_dates, false) END AS new_restrict,
           CASE WHEN 'course_format' = ANY(%(given)s) THEN coalesce(given.course_format, '')
                ELSE coalesce(stored.course_format, '') END AS new_format,
           CASE WHEN {free grade_passback_setting} THEN {passback}
                ELSE coalesce(stored.grade_passback_setting, '') END AS new_passback,
           CASE WHEN 'integration_id' = ANY(%(given)s) THEN given.integration_id
                ELSE stored.integration_id END AS new_integration,
           given.{was_added} AS only_cross_listed,
           stored.stuck_sis_fields AS old_stuck, {changed} AS changed
    FROM rows AS given
    LEFT JOIN LATERAL (
        SELECT * FROM courses_course AS course WHERE course.sis_course_id = given.course_id LIMIT 1
    ) AS stored ON true
    LEFT JOIN LATERAL (
        SELECT * FROM courses_course AS course WHERE course.integration_id = given.integration_id LIMIT 1
    ) AS same_integration ON true
    LEFT JOIN LATERAL (
        SELECT id FROM accounts_account AS account
        WHERE account.sis_account_id = given.account_id
          AND (account.workflow_state = 'active' OR given.status = 'deleted')
        LIMIT 1
    ) AS named_account ON true
    LEFT JOIN LATERAL (
        SELECT id FROM accounts_account AS account
        WHERE account.sis_account_id = given.fallback_account_id
          AND (account.workflow_state = 'active' OR given.status = 'deleted')
        LIMIT 1
    ) AS fallback ON true
    LEFT JOIN LATERAL (
        SELECT * FROM accounts_account AS account
        WHERE account.id = CASE WHEN {free account}
                                THEN coalesce(named_account.id, fallback.id, stored.account_id, %(root)s)
                                ELSE stored.account_id END
        LIMIT 1
    ) AS home ON true
    LEFT JOIN LATERAL (
        SELECT id FROM courses_term AS term
        WHERE term.sis_term_id = given.term_id AND term.workflow_state = 'active' LIMIT 1
    ) AS term ON true
)
SELECT *, {stuck old_stuck, changed} AS new_stuck FROM found

-- statement: read_moves
SELECT n, old_account, new_account FROM looked_up
WHERE problem IS NULL AND found IS NOT NULL AND new_account <> old_account

-- statement: read_gone_and_back
-- By whether they come back, which courses are deleted and which return.
SELECT before = 'deleted', array_agg(found) FROM looked_up
WHERE problem IS NULL AND found IS NOT NULL AND (before = 'deleted') <> (after = 'deleted') GROUP BY before = 'deleted'

-- statement: tell
{tell}

-- statement: update
{update}

-- statement: unsettled
{changed_since courses_course, sis_course_id, Course}

-- statement: listed_by
{listed_by courses_course, sis_course_id, course_id}

-- part: brake
-- Those that only cross-listings name go with the last of them.
{closing_sections},
live AS (SELECT id, sis_import_id FROM courses_course WHERE workflow_state <> 'deleted'),
leaving AS (
    SELECT section.id, section.course_id, section.nonxlist_course_id IS NOT NULL AND coalesce({going}, false) AS moves,
           given.{was_added} AS added
    FROM courses_section AS section
    JOIN courses_course AS course ON course.id = section.course_id AND course.only_cross_listed
    LEFT JOIN xlist_rows AS given ON given.section_id = section.sis_section_id AND {going}
    WHERE section.workflow_state = 'active' AND section.sis_section_id IS NOT NULL AND course.stuck_sis_fields = '{}'
),
emptied AS (
    SELECT leaving.course_id AS id, coalesce(bool_and(coalesce(closing.added, leaving.added)), false) AS added
    FROM leaving LEFT JOIN closing_sections AS closing ON closing.id = leaving.id
    GROUP BY leaving.course_id HAVING bool_and(leaving.moves OR closing.id IS NOT NULL)
),
going AS (SELECT id, added FROM closing_courses UNION ALL SELECT id, added FROM emptied)

-- part: live_in_batch
FROM courses_course AS x JOIN courses_course AS course ON course.id = x.id
WHERE x.workflow_state <> 'deleted' AND x.sis_import_id IS NOT NULL AND x.sis_course_id IS NOT NULL
  AND {in_batch_terms} AND NOT ({is_listed_by_sections})

-- part: tell_in_batch
{end_of_courses}

-- part: remove_in_batch
UPDATE courses_course AS x SET workflow_state = 'deleted', only_cross_listed = true, sis_import_id = %(import)s
FROM courses_course AS old WHERE x.id = ANY(%(ids)s) AND old.id = x.id
RETURNING x.id, old.workflow_state AS before, x.workflow_state AS after, NULL::bigint, NULL::bigint
