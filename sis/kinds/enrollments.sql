-- part: people
-- Whom the row names: used to see what to lock, and to look everything up.
LEFT JOIN LATERAL (
    SELECT named.id, named.state FROM accounts_user AS named
    WHERE named.integration_id = given.user_integration_id
       OR (given.user_integration_id IS NULL AND named.sis_user_id = given.user_id)
    LIMIT 1
) AS person ON true
LEFT JOIN LATERAL (
    SELECT named.id FROM accounts_user AS named WHERE named.sis_user_id = given.associated_user_id LIMIT 1
) AS student ON true

-- part: sections_and_courses
-- And where, in its own words; a course alone stands for its default section.
LEFT JOIN LATERAL (
    SELECT * FROM courses_section AS named WHERE named.sis_section_id = given.section_id LIMIT 1
) AS named_section ON true
LEFT JOIN LATERAL (
    SELECT * FROM courses_course AS named WHERE named.sis_course_id = given.course_id LIMIT 1
) AS named_course ON true
LEFT JOIN LATERAL (
    SELECT * FROM courses_section AS section
    WHERE given.section_id IS NULL AND coalesce(section.nonxlist_course_id, section.course_id) = named_course.id
      AND section.is_default
    LIMIT 1
) AS default_section ON true

-- statement: clash
-- Rows about one student in one section come one after the other, as do those that look at the rest of the course.
-- Where a chunk names both sections and courses, or people by either id, what they stand for is looked up first; most
-- chunks do not, and are spared the look-ups by the conditions on `mixed`.
SELECT n, concat_ws(' ', coalesce(section.id::text, given.section_id, 'course ' || given.course_id), one), true
FROM rows AS given
CROSS JOIN LATERAL (
    SELECT count(user_integration_id) > 0 AS people, count(section_id) NOT IN (0, count(*)) AS sections FROM rows
) AS mixed
LEFT JOIN LATERAL (
    SELECT named.id FROM accounts_user AS named
    WHERE mixed.people AND (named.integration_id = given.user_integration_id
                            OR (given.user_integration_id IS NULL AND named.sis_user_id = given.user_id))
    LIMIT 1
) AS person ON true
LEFT JOIN LATERAL (
    SELECT named.id FROM accounts_user AS named WHERE mixed.people AND named.sis_user_id = given.associated_user_id
    LIMIT 1
) AS student ON true
LEFT JOIN LATERAL (
    SELECT named.id FROM courses_section AS named
    WHERE mixed.sections AND named.sis_section_id = given.section_id
    UNION ALL
    SELECT of_course.id
    FROM courses_course AS named
    JOIN courses_section AS of_course ON coalesce(of_course.nonxlist_course_id, of_course.course_id) = named.id
    WHERE mixed.sections AND given.section_id IS NULL AND named.sis_course_id = given.course_id
      AND of_course.is_default
    LIMIT 1
) AS section ON true
CROSS JOIN unnest(ARRAY[coalesce(person.id::text, given.user_id, given.user_integration_id),
                        coalesce(student.id::text, given.associated_user_id)]) AS one
WHERE one IS NOT NULL
UNION ALL
SELECT n, 'in courses ' || coalesce(given.user_id, given.user_integration_id), given.status = 'deleted_last_completed'
FROM rows AS given WHERE EXISTS (SELECT 1 FROM rows WHERE status = 'deleted_last_completed')
  AND (EXISTS (SELECT 1 FROM courses_section AS named WHERE named.sis_section_id = given.section_id)
       OR EXISTS (SELECT 1 FROM courses_course AS named WHERE named.sis_course_id = given.course_id))

-- statement: lock
{rows}
SELECT person.id FROM accounts_user AS person
WHERE person.id IN (SELECT unnest(ARRAY[person.id, student.id]) FROM rows AS given {people})
ORDER BY person.id FOR NO KEY UPDATE

-- part: courses_without_section
-- A course that rows name alone gets a default section first, unless all of those rows are refused.
{rows},
wanting AS (
    SELECT DISTINCT named_course.id, named_course.name
    FROM rows AS given {people} {sections_and_courses}
    WHERE given.section_id IS NULL AND named_course.id IS NOT NULL AND named_course.workflow_state <> 'deleted'
      AND default_section.id IS NULL AND person.id IS NOT NULL
      AND given.status IN ({states})
)

-- part: roles
-- The roles of an account are those made there or above, and the built-in ones; the nearest of a name counts. Chosen
-- once for each account and role asked for, not for each row. The words of built-in roles always mean these, whatever
-- roles there are (accounts/domain/roles.py).
asked AS (
    SELECT DISTINCT course.account_id, found.role, found.role_id
    FROM found JOIN courses_course AS course ON course.id = found.course
),
usable(id, label, base_type, account_id, depth) AS (
    SELECT role.id, role.label, role.base_type, account.id,
           cardinality(account.ancestors) - cardinality(owner.ancestors)
    FROM accounts_account AS account
    JOIN accounts_role AS role ON role.account_id = ANY({line_of account})
    JOIN accounts_account AS owner ON owner.id = role.account_id
    WHERE account.id IN (SELECT account_id FROM asked)
      AND role.workflow_state = 'active' AND role.base_type NOT IN ('AccountAdmin', 'AccountMembership')
),
roles AS (
    SELECT asked.account_id, asked.role, asked.role_id, chosen.* FROM asked
    CROSS JOIN LATERAL (
        SELECT id AS role_pk, base_type FROM (
            SELECT role.id, role.base_type, 1 AS rank, 0 AS depth FROM accounts_role AS role
            WHERE role.id::text = asked.role_id AND role.workflow_state = 'active'
              AND role.base_type NOT IN ('AccountAdmin', 'AccountMembership')
              AND (role.account_id IS NULL
                   OR EXISTS (SELECT 1 FROM usable WHERE usable.id = role.id AND usable.account_id = asked.account_id))
            UNION ALL
            SELECT role.id, role.base_type, 2, 0 FROM accounts_role AS role
            WHERE role.account_id IS NULL AND role.base_type = CASE lower(asked.role) {base_of_word} END
            UNION ALL
            SELECT usable.id, usable.base_type, 3, usable.depth FROM usable
            WHERE usable.account_id = asked.account_id AND usable.label = asked.role
            UNION ALL
            SELECT role.id, role.base_type, 4, 0 FROM accounts_role AS role
            WHERE role.account_id IS NULL AND role.base_type = CASE {base_of_beginning} END
        ) AS fitting ORDER BY rank, depth LIMIT 1
    ) AS chosen
)

-- part: over
-- What vanished from a data set ends; what has ended already must not be opened again, be it as completed.
(found.{was_added} AND (stored.state IN ('deleted', 'rejected')
                        OR (stored.state = 'inactive' AND found.status <> 'deleted')))

-- part: problem
-- In Canvas's order, which decides what is said of a row with several faults.
CASE WHEN found.course_id IS NULL AND found.section_id IS NULL THEN 'no_section_or_course'
     WHEN found.user_id IS NULL AND found.user_integration_id IS NULL THEN 'no_user'
     WHEN found.status IS NULL
          OR found.status NOT IN ({states})
          THEN 'bad_status'
     WHEN %(skip_deletes)s AND found.status IN ('deleted', 'deleted_last_completed') THEN 'skip'
     WHEN found.fault IS NOT NULL THEN split_part(found.fault, ':', 1)
     WHEN found.root_account IS NOT NULL THEN 'other_root_account'
     WHEN found.person IS NULL THEN 'user_not_found'
     WHEN found.section_id IS NOT NULL AND found.course_id IS NOT NULL
          AND found.named_section IS NULL AND found.named_course IS NULL THEN 'no_section_or_course_found'
     WHEN found.section_id IS NOT NULL AND found.named_section IS NULL THEN 'no_section'
     WHEN found.course_id IS NOT NULL AND found.named_course IS NULL THEN 'no_course'
     WHEN found.named_course NOT IN (found.course, found.home) AND NOT found.{was_added} THEN 'unrelated'
     WHEN role.role_pk IS NULL THEN 'bad_role'
     WHEN role.base_type = 'ObserverEnrollment' AND found.associated_user_id IS NOT NULL AND found.student IS NULL
          THEN 'no_associated_user'
     WHEN stored.state = 'deleted' AND found.person_state = 'deleted' AND found.status = 'active'
          THEN 'enroll_deleted_user'
     WHEN role.base_type = 'ObserverEnrollment' AND found.student = found.person THEN 'invalid_enrollment'
     WHEN {over} THEN 'skip'
     WHEN found.section IS NULL OR (found.status IN ('active', 'inactive') AND found.is_in_deleted
          AND found.person_state <> 'deleted') THEN 'invalid_enrollment' END

-- part: ids
-- A course stands for its default section, so messages name whichever of the two the row gives.
json_build_object(
    'id', coalesce(found.user_id, found.user_integration_id),
    'user', coalesce(found.user_id, found.user_integration_id),
    'course', found.course_id, 'section', found.section_id,
    'section_or_course', coalesce(found.section_id, found.course_id),
    'role', coalesce(found.role, found.role_id), 'status', found.status, 'associated', found.associated_user_id,
    'observer', coalesce(found.user_id, found.user_integration_id), 'student', found.associated_user_id,
    'root_account', found.root_account, 'column', split_part(found.fault, ':', 2),
    'reason', CASE WHEN found.student = found.person THEN 'self' ELSE 'deleted_section_or_course' END)

-- part: records
-- What the records of the enrollment say once the row has been heard; those of one that has ended count no more. A
-- record with a date that cannot be read stays as it was: what it had ended by that date would begin again.
CASE WHEN found.record_id IS NULL THEN coalesce(stored.sis_records, '{}')
     ELSE (CASE WHEN stored.state NOT IN ('deleted', 'rejected') THEN stored.sis_records ELSE '{}' END - found.record_id)
          || CASE WHEN found.status IN ('deleted', 'deleted_last_completed') THEN '{}'
                  WHEN starts_with(found.note, 'bad_date') AND found.status = 'active'
                       AND stored.state NOT IN ('deleted', 'rejected') AND stored.sis_records ? found.record_id
                  THEN jsonb_build_object(found.record_id, stored.sis_records -> found.record_id)
                  ELSE jsonb_build_object(found.record_id,
                                          jsonb_build_array(found.status, found.start_date, found.end_date)) END
     END

-- part: best_record
-- Of several records of one enrollment the most open state counts, from the first begin to the last end of those in it;
-- where a row names no record, or the last one goes, the row.
SELECT record.value ->> 0 AS status,
       CASE WHEN bool_and(record.value ->> 1 IS NOT NULL) THEN min((record.value ->> 1)::timestamptz) END AS start_at,
       CASE WHEN bool_and(record.value ->> 2 IS NOT NULL) THEN max((record.value ->> 2)::timestamptz) END AS end_at
FROM jsonb_each(records.known) AS record
WHERE found.record_id IS NOT NULL
GROUP BY record.value ->> 0
ORDER BY array_position(ARRAY['active', 'inactive', 'completed'], record.value ->> 0) LIMIT 1

-- part: status
coalesce(best.status, found.status)

-- part: start
CASE WHEN best.status IS NULL THEN found.start_date::timestamptz ELSE best.start_at END

-- part: end
CASE WHEN best.status IS NULL THEN found.end_date::timestamptz ELSE best.end_at END

-- part: observed
-- The student whom the enrollment is to observe.
CASE WHEN role.base_type = 'ObserverEnrollment' THEN found.student END

-- part: changed
ARRAY[CASE WHEN {start} IS DISTINCT FROM stored.start_at THEN 'start_at' END,
      CASE WHEN {end} IS DISTINCT FROM stored.end_at THEN 'end_at' END]

-- statement: look_up
-- In steps, each of which needs what the one before has found: the people, section and course that a row names
-- (`found`, with `course` that of the section, be it cross-listed, and `home` the one it came from); the role, which
-- depends on the course's account; the enrollment that is there (`stored`), which depends on the role, and with it what
-- is wrong; and at last whether anything changes.
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
{rows},
found AS (
    SELECT given.*, {info} AS info, person.id AS person, person.state AS person_state, student.id AS student,
           named_section.id AS named_section, named_course.id AS named_course, section.id AS section,
           coalesce(section.course_id, named_course.id) AS course,
           coalesce(section.nonxlist_course_id, section.course_id) AS home,
           section.workflow_state = 'deleted' OR course.workflow_state = 'deleted' AS is_in_deleted
    FROM rows AS given {people} {sections_and_courses}
    LEFT JOIN LATERAL (
        SELECT * FROM courses_section AS named
        WHERE named.id = coalesce(named_section.id, default_section.id) LIMIT 1
    ) AS section ON true
    LEFT JOIN LATERAL (
        SELECT * FROM courses_course AS named WHERE named.id = section.course_id LIMIT 1
    ) AS course ON true
),
{roles},
compared AS (
    SELECT found.n, found.row, found.note, {status} AS status, found.person, found.person_state, found.section,
           found.record_id, records.known AS records,
           {problem} AS problem, {ids} AS ids, found.info, role.role_pk AS role, role.base_type AS type,
           {observed} AS other,
           CASE WHEN role.base_type = 'ObserverEnrollment' AND found.student IS NOT NULL AND found.status = 'active'
                THEN (SELECT {who_may_observe} FROM accounts_user AS o, accounts_user AS s
                      WHERE o.id = found.person AND s.id = found.student) END AS wrong_way,
           stored.id AS found, stored.state AS before, stored.start_at AS old_start, stored.end_at AS old_end,
           stored.limit_privileges_to_course_section AS old_limit,
           CASE WHEN {status} = 'active' AND found.person_state = 'deleted' THEN 'deleted'
                WHEN {status} = 'deleted_last_completed' AND elsewhere.id IS NOT NULL THEN 'deleted'
                WHEN {status} = 'deleted_last_completed' THEN 'completed'
                ELSE {status} END AS after,
           CASE WHEN {dates_free found} THEN {start} ELSE stored.start_at END AS start_at,
           CASE WHEN {dates_free found} THEN {end} ELSE stored.end_at END AS end_at,
           coalesce(found.limit_section_privileges::boolean, stored.limit_privileges_to_course_section,
                    starts_with(found.note, 'bad_flag'), false)
               AS "limit",
           stored.stuck_sis_fields AS old_stuck, {changed} AS changed_fields
    FROM found
    LEFT JOIN courses_course AS course ON course.id = found.course
    LEFT JOIN roles AS role ON role.account_id = course.account_id AND role.role IS NOT DISTINCT FROM found.role
                            AND role.role_id IS NOT DISTINCT FROM found.role_id
    LEFT JOIN LATERAL (
        SELECT * FROM courses_enrollment AS enrollment
        WHERE enrollment.section_id = found.section AND enrollment.user_id = found.person
          AND enrollment.type = role.base_type
          AND (enrollment.role_id = role.role_pk
               OR (enrollment.associated_user_id IS NOT NULL AND enrollment.state NOT IN ('deleted', 'rejected')))
          AND enrollment.associated_user_id IS NOT DISTINCT FROM {observed}
        ORDER BY enrollment.state IN ('deleted', 'rejected'), enrollment.role_id <> role.role_pk LIMIT 1
    ) AS stored ON true
    LEFT JOIN LATERAL (
        SELECT enrollment.id
        FROM courses_enrollment AS enrollment JOIN courses_section AS other ON other.id = enrollment.section_id
        WHERE found.status = 'deleted_last_completed' AND enrollment.user_id = found.person
          AND other.course_id = found.course AND enrollment.role_id = role.role_pk
          AND enrollment.id IS DISTINCT FROM stored.id
          AND enrollment.state IN ('active', 'invited', 'creation_pending')
          AND enrollment.associated_user_id IS NOT DISTINCT FROM {observed}
        LIMIT 1
    ) AS elsewhere ON true
    CROSS JOIN LATERAL (SELECT {records} AS known) AS records
    LEFT JOIN LATERAL ({best_record}) AS best ON true
),
decided AS (
    SELECT *, found IS NULL OR (before, old_start, old_end) IS DISTINCT FROM (after, start_at, end_at) AS changed
    FROM compared
)
SELECT n, row, problem, ids, info, person, section, other, role, type, found, before, after, start_at, end_at,
       record_id, records,
       "limit", {stuck old_stuck, changed_fields} AS new_stuck, changed,
       changed OR "limit" IS DISTINCT FROM old_limit AS differs,
       CASE WHEN person_state = 'deleted' AND status = 'active' THEN 'enroll_deleted_user'
            WHEN wrong_way IN ('observed_back', 'never_student') THEN wrong_way ELSE note END AS caution,
       coalesce(changed AND (before IS NULL OR before IN ('inactive', 'completed', 'deleted', 'rejected')), false)
           AS returned
FROM decided

-- statement: keep_by_hand
-- What imports change is updated at a moment that their changes note; of those that are noted no more the time while an
-- import ran must do. Who has only been invited by hand is enrolled all the same.
{skip_again courses_enrollment, found}
  AND looked_up.before <> looked_up.after AND looked_up.before NOT IN ('invited', 'creation_pending')
  AND NOT EXISTS (SELECT 1 FROM sis_statechange AS noted
                  WHERE noted.kind = 'Enrollment' AND noted.created_at = record.updated_at)
  AND NOT (record.updated_at < now() - %(keep_days)s * interval '1 day'
           AND EXISTS (SELECT 1 FROM sis_sisimport AS one
                       WHERE record.updated_at BETWEEN one.started_at AND one.ended_at))

-- statement: read_own
-- Where the sender would be one of the staff, or an observer, and is not yet, or would see more than their section.
SELECT given.n, section.course_id, given.role, given.type, given.other IS NOT NULL
FROM looked_up AS given
JOIN courses_section AS section ON section.id = given.section
LEFT JOIN courses_enrollment AS stored ON stored.id = given.found
WHERE given.problem IS NULL AND given.person = ANY(%(sender)s) AND given.type <> %(student)s
  AND (given.after = 'active' OR (given.after = 'completed' AND given.before IS DISTINCT FROM 'active'))
  AND (given.changed OR (stored.limit_privileges_to_course_section AND NOT given."limit"))

-- statement: tell
-- Before anything of it is stored: of what is there and changes, and of whom new ones let observe too.
WITH changed AS (
    SELECT found AS id, person AS user_id, other AS associated_user_id, section AS section_id, after AS state,
           false AS only_by_link, %(import)s::bigint AS sis_import_id, type, start_at, end_at,
           "limit" AS limit_privileges_to_course_section
    FROM looked_up AS given
    WHERE problem IS NULL AND given.differs AND (found IS NOT NULL OR other IS NOT NULL)
),
told AS ({tell_enrollments})
{tell_who_observes}

-- statement: update
-- Somebody enrolled by the institution need not accept, and what a link alone has made is a roster's from now on.
UPDATE courses_enrollment AS enrollment
SET state = given.after, start_at = given.start_at, end_at = given.end_at,
    limit_privileges_to_course_section = given."limit",
    completed_at = CASE WHEN given.after = 'completed' THEN coalesce(enrollment.completed_at, now()) END,
    accepted_at = CASE WHEN given.after = 'deleted' THEN enrollment.accepted_at
                       ELSE coalesce(enrollment.accepted_at, now()) END,
    accepted_through = CASE WHEN given.after = 'deleted' THEN enrollment.accepted_through ELSE 'institution' END,
    stuck_sis_fields = given.new_stuck, sis_import_id = %(import)s, sis_records = given.records,
    only_by_link = enrollment.only_by_link AND given.after = 'deleted',
    updated_at = CASE WHEN given.changed THEN now() ELSE enrollment.updated_at END
FROM looked_up AS given WHERE enrollment.id = given.found AND given.problem IS NULL

-- statement: stamp_observers
-- An observer enrollment that a file once listed counts as listed again with its student (reference 2.1).
UPDATE courses_enrollment AS observing SET sis_import_id = %(import)s
FROM looked_up AS given
WHERE given.problem IS NULL AND given.type = 'StudentEnrollment' AND given.after <> 'deleted'
  AND observing.associated_user_id = given.person AND observing.section_id = given.section
  AND observing.type = 'ObserverEnrollment'
  AND observing.sis_import_id IS NOT NULL AND observing.sis_import_id <> %(import)s

-- statement: read_changed_students
SELECT person, section, returned FROM looked_up WHERE problem IS NULL AND type = 'StudentEnrollment' AND changed

-- statement: listed_by
-- Each record of an enrollment is one of a row. Of people with several ids it is not known by which rows name them.
SELECT enrollment.id, jsonb_build_object(
    'section_id', section.sis_section_id, 'user_id', person.sis_user_id,
    'role', CASE enrollment.type {word_of_base} END, 'record_id', record.id)
FROM courses_enrollment AS enrollment
JOIN courses_section AS section ON section.id = enrollment.section_id AND section.sis_section_id IS NOT NULL
JOIN accounts_user AS person ON person.id = enrollment.user_id AND person.sis_user_id IS NOT NULL
LEFT JOIN LATERAL jsonb_object_keys(enrollment.sis_records) AS record(id) ON true
WHERE enrollment.sis_import_id = ANY(%(deltas)s) AND enrollment.state NOT IN ('deleted', 'rejected')
  AND enrollment.associated_user_id IS NULL
  AND NOT EXISTS (SELECT FROM accounts_furthersisid AS further WHERE further.user_id = person.id)

-- statement: unsettled
-- What ended along with a person, section or course when the data set before was imported, or was changed by an import
-- since: in other words than its own row's, and as it was left then, for what people have changed after that stays. Those
-- of observers follow their students, which changes no state that is noted: the moment tells.
WITH later AS ({imports_since}),
noted AS (
    SELECT sis_import_id, after, created_at, records, sis_import_id IN (SELECT id FROM later WHERE was_undone) AS undone
    FROM sis_statechange
    WHERE kind = 'Enrollment' AND (sis_import_id = %(base)s OR sis_import_id IN (SELECT id FROM later))
),
unsettled AS (
    SELECT enrollment.id, enrollment.user_id, enrollment.section_id
    FROM noted CROSS JOIN LATERAL unnest(noted.records) AS one(id)
    JOIN courses_enrollment AS enrollment ON enrollment.id = one.id
    WHERE (noted.undone OR noted.created_at = enrollment.updated_at)
      AND (noted.sis_import_id <> %(base)s
           OR (noted.after <> 'active' AND (enrollment.sis_import_id IS DISTINCT FROM %(base)s
                                            OR enrollment.type = 'ObserverEnrollment')))
    UNION
    SELECT id, user_id, section_id FROM courses_enrollment
    WHERE type = 'ObserverEnrollment' AND sis_import_id IS NOT NULL AND state <> 'active'
      AND updated_at IN (SELECT created_at FROM noted)
    UNION
    SELECT id, user_id, section_id FROM courses_enrollment
    WHERE sis_import_id > %(base)s AND updated_at >= %(since)s AND state NOT IN ('deleted', 'rejected')
)
SELECT array_remove(ARRAY[person.sis_user_id, person.integration_id], NULL),
       array_remove(ARRAY[section.sis_section_id, course.sis_course_id], NULL)
FROM unsettled
JOIN accounts_user AS person ON person.id = unsettled.user_id
JOIN courses_section AS section ON section.id = unsettled.section_id
JOIN courses_course AS course ON course.id = coalesce(section.nonxlist_course_id, section.course_id)

-- part: brake
-- Enrollments named by their rows; in batch mode those that came from a file once and are in none now; those of
-- observers with their students; and all that are in a section or course, or of a person, that goes. Each is a join by
-- what is equal, put together by UNION: one with OR would go through all enrollments for each row. What a link alone has
-- made counts as of the source of the student's enrollment.
{leaving},
{closing_sections},
enrolled AS (
    SELECT id, user_id, section_id, associated_user_id, type, sis_import_id FROM courses_enrollment
    WHERE state IN ('active', 'invited', 'creation_pending')
),
live AS (
    SELECT id, sis_import_id FROM enrolled WHERE sis_import_id IS NOT NULL OR associated_user_id IS NULL
    UNION ALL
    SELECT beside.id, max(student.sis_import_id)
    FROM enrolled AS beside
    LEFT JOIN enrolled AS student ON student.user_id = beside.associated_user_id
         AND student.section_id = beside.section_id AND student.type = 'StudentEnrollment'
    WHERE beside.sis_import_id IS NULL AND beside.associated_user_id IS NOT NULL GROUP BY beside.id
),
people AS (
    SELECT given.n, named.id
    FROM enrollment_rows AS given JOIN named_people AS named ON named.name = given.user_id
    WHERE given.user_integration_id IS NULL
    UNION ALL
    SELECT given.n, person.id
    FROM enrollment_rows AS given JOIN accounts_user AS person ON person.integration_id = given.user_integration_id
),
sections AS (
    SELECT given.n, named.id
    FROM enrollment_rows AS given JOIN courses_section AS named ON named.sis_section_id = given.section_id
    UNION ALL
    SELECT given.n, section.id
    FROM enrollment_rows AS given
    JOIN courses_course AS named ON named.sis_course_id = given.course_id
    JOIN courses_section AS section ON coalesce(section.nonxlist_course_id, section.course_id) = named.id
                                    AND section.is_default
    WHERE given.section_id IS NULL
),
types AS (
    SELECT concat_ws('/', asked.role, '', asked.role_id) AS words,
           coalesce((SELECT role.base_type FROM accounts_role AS role WHERE role.id::text = asked.role_id),
                    CASE lower(asked.role) {base_of_word} END,
                    (SELECT CASE WHEN min(role.base_type) = max(role.base_type) THEN min(role.base_type) END
                     FROM accounts_role AS role WHERE role.label = asked.role),
                    CASE {base_of_beginning} END) AS type
    FROM (SELECT DISTINCT role, role_id FROM enrollment_rows) AS asked
),
listed AS (
    SELECT people.id AS user_id, sections.id AS section_id, student.id AS other, types.type,
           {going} OR given.status = 'inactive' AS going, given.{was_added} AS added,
           given.status IN ('active', 'completed') AND NOT given.{was_added} AND given.fault IS NULL
               AND given.root_account IS NULL AS stands
    FROM enrollment_rows AS given JOIN people ON people.n = given.n JOIN sections ON sections.n = given.n
    JOIN types ON types.words = concat_ws('/', given.role, '', given.role_id)
    LEFT JOIN named_people AS student ON student.name = given.associated_user_id
),
named AS (
    SELECT enrolled.id, enrolled.user_id, enrolled.section_id, listed.added
    FROM listed JOIN enrolled USING (user_id, section_id)
    LEFT JOIN sources AS last ON last.id = enrolled.sis_import_id
    WHERE going AND coalesce(listed.type = enrolled.type, true)
      AND (enrolled.type <> 'ObserverEnrollment' OR enrolled.associated_user_id IS NOT DISTINCT FROM listed.other)
      AND NOT (added AND (
          coalesce(last.chain, '') NOT IN ('', %(chain)s)
          OR EXISTS (
              SELECT 1 FROM listed AS same
              WHERE same.stands AND same.user_id = enrolled.user_id AND same.section_id = enrolled.section_id
                AND same.type = enrolled.type AND coalesce(same.other, 0) = coalesce(listed.other, 0))))
    UNION
    SELECT enrolled.id, enrolled.user_id, enrolled.section_id, false
    FROM enrolled
    JOIN courses_section AS section ON section.id = enrolled.section_id
    JOIN batch_courses AS course ON course.id = section.course_id
    WHERE enrolled.sis_import_id IS NOT NULL AND %(batch_enrollments)s
      AND NOT EXISTS (SELECT 1 FROM listed AS same
                      WHERE same.section_id = enrolled.section_id AND same.user_id = enrolled.user_id)
      AND NOT EXISTS (SELECT 1 FROM listed AS same
                      WHERE same.section_id = enrolled.section_id AND same.user_id = enrolled.associated_user_id)
),
going AS (
    SELECT id, added FROM named
    UNION ALL
    SELECT enrolled.id, named.added
    FROM named JOIN enrolled ON enrolled.associated_user_id = named.user_id AND enrolled.section_id = named.section_id
    UNION ALL
    SELECT enrolled.id, closing.added
    FROM closing_sections AS closing JOIN enrolled ON enrolled.section_id = closing.id
    UNION ALL
    SELECT enrolled.id, leaving.added FROM leaving JOIN enrolled ON enrolled.user_id = leaving.id
    WHERE leaving.status = 'deleted'
    UNION ALL
    SELECT enrolled.id, leaving.added FROM leaving JOIN enrolled ON enrolled.associated_user_id = leaving.id
    WHERE leaving.status = 'deleted'
)

-- part: live_in_batch
FROM courses_enrollment AS x
JOIN courses_section AS section ON section.id = x.section_id
JOIN courses_course AS course ON course.id = section.course_id
WHERE x.state NOT IN ('deleted', 'rejected', %(drop)s) AND NOT (x.state = 'inactive' AND %(drop)s = 'completed')
  AND x.sis_import_id IS NOT NULL AND {in_batch_terms}

-- part: along_with_section
section.workflow_state <> 'deleted' AND section.sis_section_id IS NOT NULL AND section.sis_import_id <> %(import)s

-- part: along_with_course
course.workflow_state <> 'deleted' AND course.sis_course_id IS NOT NULL AND course.sis_import_id <> %(import)s

-- part: people_in_batch
SELECT user_id FROM courses_enrollment WHERE id = ANY(%(ids)s)

-- part: tell_in_batch
-- Before they are removed.
WITH changed AS (
    SELECT id, user_id, associated_user_id, section_id, only_by_link, sis_import_id, type, start_at, end_at,
           limit_privileges_to_course_section,
           CASE WHEN state IN ('invited', 'creation_pending') THEN 'deleted' ELSE %(drop)s END AS state
    FROM courses_enrollment WHERE id = ANY(%(ids)s)
),
told AS ({tell_enrollments})
{tell_who_observes}

-- part: remove_in_batch
-- Nobody completes what they were only invited to.
UPDATE courses_enrollment AS x
SET state = CASE WHEN x.state IN ('invited', 'creation_pending') THEN 'deleted' ELSE %(drop)s END,
    updated_at = now(),
    completed_at = CASE WHEN %(drop)s = 'completed' THEN now() ELSE x.completed_at END
FROM courses_enrollment AS old WHERE x.id = ANY(%(ids)s) AND old.id = x.id
RETURNING x.id, old.state AS before, x.state AS after,
          CASE WHEN x.type = 'StudentEnrollment' THEN x.user_id END, x.section_id
