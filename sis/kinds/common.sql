-- What the statements of several kinds need.

-- part: going
-- What comparing data sets has added goes too, whatever status it was given.
((given.status IN ('deleted', 'deleted_last_completed') AND NOT %(skip_deletes)s)
 OR (given.{was_added} AND given.status NOT IN ('deleted', 'deleted_last_completed')))

-- part: may_end
-- Whether the row `given` ends what the import `last` touched last: what comparing data sets has added ends nothing of
-- another source's, as PASS_OVER says too (sis/kinds/chunks.py).
(NOT given.{was_added} OR coalesce(last.chain, '') IN ('', %(chain)s))

-- part: named_people
-- Who has which id while the rows are applied: the one they have, or a further one where they have none of their own, and
-- that of a row which finds them by their login, since nobody has its id. Two joins by what is equal, where one with OR
-- would go through everybody for each row.
claimed AS (
    SELECT person.id, given.user_id AS name
    FROM user_rows AS given
    LEFT JOIN accounts_user AS same_id ON same_id.sis_user_id = given.user_id
    JOIN accounts_user AS person ON accounts_login_key(person.login_id) = accounts_login_key(given.login_id)
    WHERE same_id.id IS NULL AND given.user_id IS NOT NULL AND given.login_is_email IS NULL AND NOT given.{was_added}
      AND person.state <> 'deleted'
      AND (person.sis_user_id IS NULL OR %(update_sis_id)s)
),
named_people AS NOT MATERIALIZED (
    SELECT id, sis_user_id AS name FROM accounts_user WHERE sis_user_id IS NOT NULL
    UNION ALL
    SELECT person.id, further.sis_user_id
    FROM accounts_furthersisid AS further
    JOIN accounts_user AS person ON person.id = further.user_id AND person.sis_user_id IS NULL
    UNION ALL SELECT id, name FROM claimed
)

-- part: leaving
-- The people whom rows of users delete or suspend.
{named_people},
leaving AS (
    SELECT person.id, person.state, given.status, given.{was_added} AS added
    FROM user_rows AS given
    JOIN named_people AS named ON named.name = given.user_id
    JOIN accounts_user AS person ON person.id = named.id
    LEFT JOIN sources AS last ON last.id = person.sis_import_id
    WHERE ({going} OR given.status = 'suspended') AND {may_end}
)

-- part: is_listed_by_sections
-- A course that only cross-listings name is listed as long as a section is in it.
course.only_cross_listed AND EXISTS (
    SELECT FROM courses_section AS inside
    WHERE inside.course_id = course.id AND inside.workflow_state = 'active' AND inside.nonxlist_course_id IS NOT NULL)

-- part: closing_courses
-- Batch mode removes what is live in its terms, came from a file once, and is in none now.
batch_courses AS (
    SELECT course.* FROM courses_course AS course LEFT JOIN courses_term AS term ON term.id = course.term_id
    WHERE %(batch)s
      AND (course.term_id = %(term)s OR (%(multi)s AND term.sis_term_id IN (SELECT term_id FROM term_rows)))
),
closing_courses AS (
    SELECT course.id, given.{was_added} AS added
    FROM course_rows AS given
    JOIN courses_course AS course ON course.sis_course_id = given.course_id AND course.workflow_state <> 'deleted'
    LEFT JOIN sources AS last ON last.id = course.sis_import_id
    WHERE {going} AND {may_end}
    UNION
    SELECT course.id, false FROM batch_courses AS course
    WHERE %(batch_courses)s AND course.sis_import_id IS NOT NULL AND course.workflow_state <> 'deleted'
      AND course.sis_course_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM course_rows AS given WHERE given.course_id = course.sis_course_id)
      AND NOT ({is_listed_by_sections})
)

-- part: closing_sections
-- Those that rows delete, those of courses that go, and in batch mode those that no file lists.
{closing_courses},
closing_sections AS (
    SELECT section.id, given.{was_added} AS added
    FROM section_rows AS given
    JOIN courses_section AS section ON section.sis_section_id = given.section_id
    LEFT JOIN sources AS last ON last.id = section.sis_import_id
    WHERE {going} AND {may_end}
    UNION
    SELECT section.id, course.added
    FROM closing_courses AS course JOIN courses_section AS section ON section.course_id = course.id
    UNION
    SELECT section.id, false
    FROM batch_courses AS course
    JOIN courses_section AS section ON coalesce(section.nonxlist_course_id, section.course_id) = course.id
    WHERE %(batch_sections)s AND section.sis_import_id IS NOT NULL AND section.sis_section_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM section_rows AS given WHERE given.section_id = section.sis_section_id)
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

-- part: by_further_id
-- The person of whom the row's id is a further one (accounts/models/user.py); needs `same_id`.
LEFT JOIN LATERAL (
    SELECT further.user_id, further.is_live, further.was_own, person.sis_user_id, person.state
    FROM accounts_furthersisid AS further JOIN accounts_user AS person ON person.id = further.user_id
    WHERE further.sis_user_id = given.user_id AND same_id.id IS NULL LIMIT 1
) AS by_further_id ON true
