"""What people have deleted stays deleted, whatever makes all rows of a roster count again."""

from collections.abc import Callable

import pytest

from accounts.domain.accounts import create_sub_account, edit_account
from accounts.models import Account
from courses.domain.accounts import delete_sub_account
from courses.domain.courses import delete_course
from courses.domain.sections import delete_section
from courses.domain.terms import delete_term, save_term
from courses.models import Course, Section, Term
from sis.options import Options
from tests.sis.conftest import warnings
from tests.sis.texts import ACCOUNTS, COURSES, SECTIONS, table

TERMS = "term_id,name,status"
SCHOOL = {
    "accounts": table(ACCOUNTS, "HS,,High School,active", "MS,,Middle School,active"),
    "terms": table(TERMS, "T1,Fall,active", "T2,Spring,active"),
    "courses": table(COURSES, "C1,b,Biology,T1,published", "C2,c,Chemistry,T1,published"),
    "sections": table(SECTIONS, "S1,C2,A,active", "S2,C2,B,active"),
}
# What is deleted by hand, by whom, and what else its row could say.
KINDS: dict[str, tuple[type[Account | Term | Course | Section], str, str, Callable[..., object], tuple[str, str]]] = {
    "accounts": (Account, "sis_account_id", "HS", delete_sub_account, ("High School", "Upper School")),
    "terms": (Term, "sis_term_id", "T2", delete_term, ("Spring", "Summer")),
    "courses": (Course, "sis_course_id", "C1", delete_course, ("Biology", "Botany")),
    "sections": (Section, "sis_section_id", "S1", delete_section, ("A,", "AA,")),
}
ALL = pytest.mark.parametrize("kind", KINDS)


def nightly(**more):
    return Options(ignore_deletion_brake=True, diffing_data_set_identifier="nightly", **more)


def state(kind: str) -> str:
    model, field, sis_id, _delete, _names = KINDS[kind]
    return model.objects.get(**{field: sis_id}).workflow_state


@pytest.fixture
def delete(load, admin):
    """Delete by hand what an upload of all of it has made."""

    def delete(kind: str, options: Options) -> None:
        load(options=options, **SCHOOL)
        model, field, sis_id, by_hand, _names = KINDS[kind]
        by_hand(model.objects.get(**{field: sis_id}), by=admin)

    return delete


@ALL
def test_when_the_same_is_uploaded_every_night(load, delete, kind):
    delete(kind, nightly())
    made = load(options=nightly(), **SCHOOL)
    assert (warnings(made), state(kind)) == ([], "deleted")


@ALL
def test_when_ids_were_changed_and_so_all_rows_are_applied(load, delete, kind):
    delete(kind, nightly())
    load(changes="old_id,new_id,type\nMS,MS-2,account")
    made = load(options=nightly(), **{**SCHOOL, "accounts": SCHOOL["accounts"].replace("MS", "MS-2")})
    assert (warnings(made), state(kind)) == ([], "deleted")
    assert made.data["counts"]["sections"] == 2, "not all rows were applied"


@ALL
def test_when_uploads_are_not_compared(load, delete, kind):
    delete(kind, Options())
    made = load(options=Options(), **SCHOOL)
    assert (warnings(made), state(kind)) == ([], "deleted")


@ALL
def test_when_its_row_says_something_else(load, delete, kind):
    delete(kind, nightly())
    made = load(options=nightly(), **{**SCHOOL, kind: SCHOOL[kind].replace(*KINDS[kind][4])})
    assert (warnings(made), state(kind)) == ([], "deleted")


@ALL
def test_until_an_upload_overrides_what_people_did(load, delete, kind):
    delete(kind, nightly())
    load(options=nightly(override_sis_stickiness=True), **SCHOOL)
    assert state(kind) != "deleted"


@ALL
def test_what_a_roster_deleted_comes_back_with_it(load, kind):
    load(options=nightly(), **SCHOOL)
    header, *rows = SCHOOL[kind].split("\n")
    load(options=nightly(), **{**SCHOOL, kind: table(header, *(one for one in rows if KINDS[kind][2] not in one))})
    assert state(kind) == "deleted"
    load(options=nightly(), **SCHOOL)
    assert state(kind) != "deleted"


def test_a_section_cross_listed_into_it_brings_no_course_back(load, delete):
    delete("courses", nightly())
    listed = {"xlists": "xlist_course_id,section_id,status\nC1,S1,active"}
    made = load(options=nightly(), **SCHOOL, **listed)
    assert (warnings(made), state("courses")) == ([], "deleted")
    assert Section.objects.get(sis_section_id="S1").course.sis_course_id == "C2"
    load(options=nightly(override_sis_stickiness=True), **SCHOOL, **listed)
    assert Section.objects.get(sis_section_id="S1").course.sis_course_id == "C1"


def test_nobody_is_enrolled_again_in_a_section(load, delete):
    delete("sections", Options())
    people = table("user_id,login_id,status", "KIM,kim,active")
    made = load(users=people, enrollments=table("section_id,user_id,role,status", "S1,KIM,student,active"), **SCHOOL)
    assert [kind for _row, kind in warnings(made)] == ["invalid_enrollment"]


def test_the_id_of_a_deleted_account_can_be_given_to_another(load, delete, admin, root):
    delete("accounts", nightly())
    other = create_sub_account(root, name="New", sis_account_id="HS", by=admin)
    load(options=nightly(), **{**SCHOOL, "accounts": SCHOOL["accounts"].replace("High School", "Upper School")})
    other.refresh_from_db()
    assert (other.name, other.workflow_state) == ("Upper School", "active")
    delete_sub_account(other, by=admin)
    edit_account(Account.objects.get(sis_account_id="MS"), sis_account_id="HS", by=admin)
    assert Account.objects.get(sis_account_id="HS").name == "Middle School"


def test_the_id_of_a_deleted_term_can_be_given_to_another(load, delete, admin):
    delete("terms", nightly())
    other = save_term(None, name="New", sis_term_id="T2", by=admin)
    assert Term.objects.get(sis_term_id="T2") == other
