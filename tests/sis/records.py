"""Records of a roster, by their SIS ids."""

from accounts.models import Account
from courses.models import Course, Section, Term


def account(sis_id):
    return Account.objects.get(sis_account_id=sis_id)


def term(sis_id="T"):
    return Term.objects.get(sis_term_id=sis_id)


def course(sis_id="C1"):
    return Course.objects.get(sis_course_id=sis_id)


def section(sis_id="S1"):
    return Section.objects.get(sis_section_id=sis_id)
