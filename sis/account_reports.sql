-- The columns are those of Canvas's provisioning reports. Deleted records come on request only: %(deleted)s is true
-- then. Nothing is joined that could make two rows of one record.

-- statement: users
SELECT person.id AS canvas_user_id, person.sis_user_id AS user_id, person.integration_id,
       'canvas' AS authentication_provider_id, person.login_id,
       split_part(person.sortable_name, ', ', 2) AS first_name, split_part(person.sortable_name, ', ', 1) AS last_name,
       person.name AS full_name, person.sortable_name, person.short_name, person.email,
       CASE person.state WHEN 'deleted' THEN 'deleted' WHEN 'suspended' THEN 'suspended' ELSE 'active' END AS status,
       person.sis_import_id IS NOT NULL AS created_by_sis
FROM accounts_user AS person
WHERE %(deleted)s OR person.state <> 'deleted'
ORDER BY person.id

-- statement: accounts
SELECT account.id AS canvas_account_id, account.sis_account_id AS account_id, parent.id AS canvas_parent_id,
       parent.sis_account_id AS parent_account_id, account.name, account.workflow_state AS status,
       account.sis_import_id IS NOT NULL AS created_by_sis
FROM accounts_account AS account JOIN accounts_account AS parent ON parent.id = account.parent_id
WHERE %(deleted)s OR account.workflow_state <> 'deleted'
ORDER BY account.id

-- statement: terms
SELECT id AS canvas_term_id, sis_term_id AS term_id, name, workflow_state AS status, start_at AS start_date,
       end_at AS end_date, sis_import_id IS NOT NULL AS created_by_sis
FROM courses_term
WHERE %(deleted)s OR workflow_state <> 'deleted'
ORDER BY id

-- statement: courses
SELECT course.id AS canvas_course_id, course.sis_course_id AS course_id, course.integration_id,
       course.course_code AS short_name, course.name AS long_name, account.id AS canvas_account_id,
       account.sis_account_id AS account_id, term.id AS canvas_term_id, term.sis_term_id AS term_id,
       CASE course.workflow_state WHEN 'available' THEN 'active' ELSE course.workflow_state END AS status,
       course.start_at AS start_date, course.end_at AS end_date, course.course_format,
       course.sis_import_id IS NOT NULL AS created_by_sis
FROM courses_course AS course
JOIN accounts_account AS account ON account.id = course.account_id
LEFT JOIN courses_term AS term ON term.id = course.term_id
WHERE %(deleted)s OR course.workflow_state <> 'deleted'
ORDER BY course.id

-- statement: sections
SELECT section.id AS canvas_section_id, section.sis_section_id AS section_id, course.id AS canvas_course_id,
       course.sis_course_id AS course_id, section.integration_id, section.name, section.workflow_state AS status,
       section.start_at AS start_date, section.end_at AS end_date, account.id AS canvas_account_id,
       account.sis_account_id AS account_id, section.sis_import_id IS NOT NULL AS created_by_sis
FROM courses_section AS section
JOIN courses_course AS course ON course.id = section.course_id
JOIN accounts_account AS account ON account.id = course.account_id
WHERE %(deleted)s OR (section.workflow_state <> 'deleted' AND course.workflow_state <> 'deleted')
ORDER BY section.id

-- statement: enrollments
SELECT course.id AS canvas_course_id, course.sis_course_id AS course_id, person.id AS canvas_user_id,
       person.sis_user_id AS user_id,
       CASE WHEN role.account_id IS NULL THEN lower(replace(enrollment.type, 'Enrollment', '')) ELSE role.label END AS role,
       role.id AS role_id, section.id AS canvas_section_id, section.sis_section_id AS section_id,
       enrollment.state AS status, student.id AS canvas_associated_user_id, student.sis_user_id AS associated_user_id,
       enrollment.sis_import_id IS NOT NULL AS created_by_sis, enrollment.type AS base_role_type,
       enrollment.limit_privileges_to_course_section AS limit_section_privileges, enrollment.id AS canvas_enrollment_id
FROM courses_enrollment AS enrollment
JOIN accounts_user AS person ON person.id = enrollment.user_id
JOIN accounts_role AS role ON role.id = enrollment.role_id
JOIN courses_section AS section ON section.id = enrollment.section_id
JOIN courses_course AS course ON course.id = section.course_id
LEFT JOIN accounts_user AS student ON student.id = enrollment.associated_user_id
WHERE %(deleted)s OR (enrollment.state <> 'deleted' AND person.state <> 'deleted'
                    AND section.workflow_state <> 'deleted' AND course.workflow_state <> 'deleted')
ORDER BY enrollment.id

-- statement: xlist
SELECT course.id AS canvas_xlist_course_id, course.sis_course_id AS xlist_course_id, section.id AS canvas_section_id,
       section.sis_section_id AS section_id, section.workflow_state AS status, home.id AS canvas_nonxlist_course_id,
       home.sis_course_id AS nonxlist_course_id
FROM courses_section AS section
JOIN courses_course AS course ON course.id = section.course_id
JOIN courses_course AS home ON home.id = section.nonxlist_course_id
WHERE %(deleted)s OR section.workflow_state <> 'deleted'
ORDER BY section.id

-- statement: user_observers
-- A link that opens only some courses would open all in any system that took the file.
SELECT observer.id AS canvas_observer_id, observer.sis_user_id AS observer_id, student.id AS canvas_student_id,
       student.sis_user_id AS student_id, link.state AS status, link.sis_import_id IS NOT NULL AS created_by_sis
FROM accounts_observationlink AS link
JOIN accounts_user AS observer ON observer.id = link.observer_id
JOIN accounts_user AS student ON student.id = link.student_id
WHERE link.scope = 'all' AND (%(deleted)s OR (link.state = 'active' AND observer.state <> 'deleted'
                                            AND student.state <> 'deleted'))
ORDER BY link.id

-- statement: admins
SELECT person.id AS canvas_user_id, person.sis_user_id AS user_id, account.id AS canvas_account_id,
       account.sis_account_id AS account_id, role.id AS role_id,
       CASE WHEN role.account_id IS NULL THEN role.base_type ELSE role.label END AS role, admin.workflow_state AS status,
       admin.sis_import_id IS NOT NULL AS created_by_sis
FROM accounts_accountadmin AS admin
JOIN accounts_user AS person ON person.id = admin.user_id
JOIN accounts_account AS account ON account.id = admin.account_id
JOIN accounts_role AS role ON role.id = admin.role_id
WHERE %(deleted)s OR (admin.workflow_state <> 'deleted' AND person.state <> 'deleted')
ORDER BY admin.id
