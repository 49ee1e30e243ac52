-- statement: clash
-- A course that is not there yet is copied from the first section that names it; one that is not there copies none.
SELECT n, key, true
FROM rows AS given
CROSS JOIN LATERAL (
    SELECT 'section ' || given.section_id
    UNION SELECT 'course ' || given.xlist_course_id
    WHERE NOT EXISTS (SELECT 1 FROM courses_course AS course WHERE course.sis_course_id = given.xlist_course_id)
      AND EXISTS (SELECT 1 FROM courses_section AS section WHERE section.sis_section_id = given.section_id)
) AS keys(key)

-- part: problem
-- Where somebody has moved the section, or deleted the course, by hand, the row is passed over without a word.
CASE WHEN given.xlist_course_id IS NULL THEN 'no_xlist_course_id'
     WHEN given.section_id IS NULL THEN 'no_section_id'
     WHEN given.status IS NULL OR given.status NOT IN ({states}) THEN 'bad_status'
     WHEN %(skip_deletes)s AND given.status = 'deleted' THEN 'skip'
     WHEN given.fault IS NOT NULL THEN split_part(given.fault, ':', 1)
     WHEN stored.id IS NULL THEN 'no_section'
     WHEN NOT %(override)s AND 'course' = ANY(stored.stuck_sis_fields) THEN 'skip'
     WHEN given.status = 'active' AND NOT %(override)s AND EXISTS (
         SELECT FROM courses_course AS course
         WHERE course.sis_course_id = given.xlist_course_id AND course.workflow_state = 'deleted'
           AND 'status' = ANY(course.stuck_sis_fields)) THEN 'skip' END

-- part: ids
json_build_object(
    'id', coalesce(given.section_id, given.xlist_course_id), 'section', given.section_id,
    'section_or_course', given.section_id,
    'status', given.status, 'column', split_part(given.fault, ':', 2))

-- part: changed
ARRAY[CASE WHEN CASE given.status
                     WHEN 'deleted' THEN stored.nonxlist_course_id IS NOT NULL
                     ELSE given.xlist_course_id IS DISTINCT FROM
                          (SELECT sis_course_id FROM courses_course AS course WHERE course.id = stored.course_id) END
           THEN 'course' END]

-- statement: look_up
-- `home` is the course that the section came from, `target` the one it goes to; null: that is yet to be made.
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows}
SELECT given.n, given.row, NULL AS caution, {problem} AS problem, {ids} AS ids, {info} AS info,
       given.xlist_course_id, given.status, stored.id AS section, stored.course_id AS course,
       coalesce(stored.nonxlist_course_id, stored.course_id) AS home,
       CASE given.status WHEN 'deleted' THEN coalesce(stored.nonxlist_course_id, stored.course_id)
            ELSE (SELECT course.id FROM courses_course AS course
                  WHERE course.sis_course_id = given.xlist_course_id) END AS target,
       {stuck stored.stuck_sis_fields, changed.fields} AS new_stuck
FROM rows AS given
LEFT JOIN LATERAL (
    SELECT * FROM courses_section AS section WHERE section.sis_section_id = given.section_id LIMIT 1
) AS stored ON true
CROSS JOIN LATERAL (SELECT {changed} AS fields) AS changed

-- statement: revive_courses
-- A deleted course that a section is cross-listed into comes back, as Canvas has it.
WITH revived AS (
    UPDATE courses_course AS course SET workflow_state = 'unpublished', sis_import_id = %(import)s
    FROM looked_up AS given
    WHERE course.sis_course_id = given.xlist_course_id AND given.problem IS NULL AND given.status = 'active'
      AND course.workflow_state = 'deleted'
    RETURNING course.id, 'deleted' AS before, 'unpublished' AS after, ARRAY['status'] AS fields
),
told AS ({tell_revived}),
noted AS ({note_changes Course, revived})
SELECT DISTINCT id FROM revived

-- statement: lock
SELECT person.id FROM accounts_user AS person WHERE person.id IN (
    SELECT enrollment.user_id
    FROM courses_enrollment AS enrollment JOIN looked_up AS given ON given.section = enrollment.section_id
    WHERE given.problem IS NULL)
ORDER BY person.id FOR NO KEY UPDATE

-- statement: move
-- The course is looked up anew, for it may have been made since the sections were.
WITH moved AS (
    UPDATE courses_section AS section
    SET course_id = target.id, nonxlist_course_id = nullif(given.home, target.id), stuck_sis_fields = given.new_stuck,
        sis_import_id = %(import)s
    FROM looked_up AS given
    CROSS JOIN LATERAL (
        SELECT course.id FROM courses_course AS course
        WHERE course.sis_course_id = given.xlist_course_id AND given.status = 'active'
        UNION ALL SELECT given.home WHERE given.status = 'deleted'
    ) AS target
    WHERE section.id = given.section AND given.problem IS NULL
    RETURNING section.id, section.course_id, section.name, given.course AS was_in, ARRAY['course'] AS fields
)
{tell_moved}

-- statement: read_moved
SELECT section, course FROM looked_up WHERE problem IS NULL

-- part: homes
-- What a course that only cross-listings name is like: the course that the first of its sections came from.
SELECT DISTINCT ON (target.id) target.id AS found, origin.name, origin.course_code, origin.account_id, origin.term_id,
       origin.start_at, origin.end_at, origin.restrict_enrollments_to_course_dates
FROM courses_course AS target
JOIN courses_section AS section ON section.course_id = target.id AND section.workflow_state = 'active'
JOIN courses_course AS origin ON origin.id = section.nonxlist_course_id
WHERE target.only_cross_listed AND target.workflow_state <> 'deleted' AND target.stuck_sis_fields = '{}'
ORDER BY target.id, section.sis_section_id COLLATE "C"

-- part: like_home
-- Which differ from that. One whose people have roles that the account has not stays where it is.
given AS ({homes}),
differing AS (
    SELECT record.id, NULL::text AS before, NULL::text AS after, {home_fields} AS fields
    FROM given JOIN courses_course AS record ON record.id = given.found
    JOIN accounts_account AS home ON home.id = given.account_id
    WHERE {home_differs} AND (given.account_id = record.account_id OR NOT EXISTS (
        SELECT FROM courses_section AS section
        JOIN courses_enrollment AS enrollment ON enrollment.section_id = section.id
        JOIN accounts_role AS role ON role.id = enrollment.role_id
        WHERE section.course_id = record.id AND enrollment.state NOT IN ('deleted', 'rejected')
          AND role.account_id <> ALL({line_of home})))
)

-- statement: follow_homes
WITH {like_home},
told AS ({tell_like_home})
UPDATE courses_course AS record SET {home_columns}, sis_import_id = %(import)s
FROM given JOIN differing ON differing.id = given.found
WHERE record.id = given.found

-- statement: end_empty
-- What people have changed, or filled, stays. A section that was made for people whose course alone a row names, and has
-- nobody in it, fills nothing.
WITH empty AS (
    SELECT id, name, workflow_state AS before, 'deleted' AS after FROM courses_course AS course
    WHERE only_cross_listed AND workflow_state <> 'deleted' AND stuck_sis_fields = '{}' AND sis_import_id IS NOT NULL
      AND front_page = '' AND syllabus_body = ''
      AND NOT ({is_filled})
      AND NOT EXISTS (
          SELECT FROM courses_section AS section
          WHERE section.course_id = course.id AND section.workflow_state = 'active'
            AND (NOT section.is_default OR section.sis_section_id IS NOT NULL OR section.stuck_sis_fields <> '{}'
                 OR EXISTS (SELECT FROM courses_enrollment AS enrollment
                            WHERE enrollment.section_id = section.id
                              AND enrollment.state NOT IN ('deleted', 'rejected'))))
    FOR NO KEY UPDATE
),
ended AS (
    UPDATE courses_course AS course SET workflow_state = 'deleted', sis_import_id = %(import)s
    FROM empty WHERE course.id = empty.id
),
told AS ({tell_ended})
{note_changes Course, empty}

-- statement: unsettled
{changed_since courses_section, sis_section_id, CourseSection}
