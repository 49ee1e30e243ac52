"""Roster files as text, for tests."""

from accounts.models import User

USERS = "user_id,login_id,status"
COURSES = "course_id,short_name,long_name,term_id,status"
SECTIONS = "section_id,course_id,name,status"
ENROLLMENTS = "section_id,user_id,role,status"
LINKS = "observer_id,student_id,status"
ADMINS = "user_id,account_id,role,status"
ACCOUNTS = "account_id,parent_account_id,name,status"


def table(header, *rows):
    return "\n".join([header, *rows])


def people(*names, status="active"):
    return table(USERS, *(f"{name},{name.lower()},{status}" for name in names))


def state_of(sis_id):
    return User.objects.get(sis_user_id=sis_id).state
