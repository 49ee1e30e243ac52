-- What the statements of several kinds need.

-- part: going
-- What comparing data sets has added goes too, whatever status it was given.
((given.status IN ('deleted', 'deleted_last_completed') AND NOT %(skip_deletes)s)
 OR (given.{was_added} AND given.status NOT IN ('deleted', 'deleted_last_completed')))

-- part: leaving
-- The people whom rows of users delete or suspend, found as the rows are applied: by user_id; or, when nobody has that,
-- by the login. Two joins by what is equal, where one with OR would go through everybody for each row.
leaving AS (
    SELECT person.id, person.state, given.status
    FROM user_rows AS given JOIN accounts_user AS person ON person.sis_user_id = given.user_id
    WHERE ({going} OR given.status = 'suspended')
      AND NOT (given.{was_added} AND EXISTS (
          SELECT 1 FROM change_sis_id_rows AS renamed
          WHERE renamed.type = 'user' AND renamed.old_id = given.user_id AND renamed.new_id IS NOT NULL))
    UNION
    SELECT person.id, person.state, given.status
    FROM user_rows AS given
    JOIN accounts_user AS person ON accounts_login_key(person.login_id) = accounts_login_key(given.login_id)
    LEFT JOIN accounts_user AS same_id ON same_id.sis_user_id = given.user_id
    WHERE ({going} OR given.status = 'suspended') AND NOT given.{was_added} AND same_id.id IS NULL
      AND person.state <> 'deleted'
      AND (person.sis_user_id IS NULL OR %(update_sis_id)s)
)

-- part: closing_courses
-- Batch mode removes what is live in its terms, came from a file once, and is in none now.
batch_courses AS (
    SELECT course.* FROM courses_course AS course LEFT JOIN courses_term AS term ON term.id = course.term_id
    WHERE %(batch)s
      AND (course.term_id = %(term)s OR (%(multi)s AND term.sis_term_id IN (SELECT term_id FROM term_rows)))
),
closing_courses AS (
    SELECT course.id FROM course_rows AS given JOIN courses_course AS course ON course.sis_course_id = given.course_id
    WHERE {going} AND course.workflow_state <> 'deleted'
    UNION
    SELECT course.id FROM batch_courses AS course
    WHERE %(batch_courses)s AND course.sis_import_id IS NOT NULL AND course.workflow_state <> 'deleted'
      AND course.sis_course_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM course_rows AS given WHERE given.course_id = course.sis_course_id)
)

-- part: in_batch_terms
-- Whether a course is in a term that batch mode is about: the one asked for, or all that the import's own files list.
(course.term_id = %(term)s OR (%(multi)s AND course.term_id IN (
    SELECT id FROM courses_term WHERE sis_import_id = %(import)s)))

-- part: same_people
-- The people who have the id, the login or the integration id of the row `given`: each by a join of its own, and so by the
-- index of that column. The login of somebody deleted is free.
LEFT JOIN LATERAL (
    SELECT * FROM accounts_user AS person WHERE person.sis_user_id = given.user_id LIMIT 1
) AS same_id ON true
LEFT JOIN LATERAL (
    SELECT * FROM accounts_user AS person
    WHERE accounts_login_key(person.login_id) = accounts_login_key(given.login_id) AND person.state <> 'deleted' LIMIT 1
) AS same_login ON true
LEFT JOIN LATERAL (
    SELECT * FROM accounts_user AS person WHERE person.integration_id = given.integration_id LIMIT 1
) AS same_integration ON true
