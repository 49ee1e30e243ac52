"""What must always hold in the courses tables and Django cannot declare: SQL for the initial migration."""

SQL = """
ALTER TABLE courses_enrollment ADD CONSTRAINT enrollment_type_is_the_roles_base_type
    FOREIGN KEY (role_id, type) REFERENCES accounts_role (id, base_type);
ALTER TABLE courses_assignment ADD CONSTRAINT assignment_is_in_a_group_of_its_course
    FOREIGN KEY (course_id, group_id) REFERENCES courses_assignmentgroup (course_id, id) DEFERRABLE INITIALLY DEFERRED;
"""

REVERSE = """
ALTER TABLE courses_assignment DROP CONSTRAINT assignment_is_in_a_group_of_its_course;
ALTER TABLE courses_enrollment DROP CONSTRAINT enrollment_type_is_the_roles_base_type;
"""
