"""What must always hold in the courses tables and Django cannot declare: SQL for the initial migration."""

SQL = """
ALTER TABLE courses_enrollment ADD CONSTRAINT enrollment_type_is_the_roles_base_type
    FOREIGN KEY (role_id, type) REFERENCES accounts_role (id, base_type);
"""

REVERSE = "ALTER TABLE courses_enrollment DROP CONSTRAINT enrollment_type_is_the_roles_base_type;"
