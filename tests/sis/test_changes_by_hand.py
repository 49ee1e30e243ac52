"""What staff have done by hand is not undone by the next roster, nor does what a roster has deleted come to use."""

import pytest

from courses.domain.courses import delete_course, undelete
from courses.models import Course, Enrollment, Section, Term
from sis.options import Options
from tests.api import Api
from tests.sis.conftest import warnings

COURSES = "course_id,short_name,long_name,status,term_id\nC1,b,Biology,{0},{1}"
ENROLLMENTS = "course_id,section_id,user_id,role,status,start_date,end_date"


@pytest.fixture(autouse=True)
def _school(load):
    load(
        users="user_id,login_id,status\nKIM,kim,active\nLEE,lee,active",
        terms="term_id,name,status\nT1,Fall,active",
        courses=COURSES.format("published", "T1"),
        sections="section_id,course_id,name,status\nS1,C1,A,active",
    )


def course() -> Course:
    return Course.objects.get(sis_course_id="C1")


def test_a_course_deleted_by_hand_stays_deleted_and_one_brought_back_stays(load, admin):
    delete_course(course(), by=admin)
    load(courses=COURSES.format("published", "T1"))
    assert course().workflow_state == "deleted"
    undelete(course(), by=admin)
    load(courses=COURSES.format("deleted", "T1"))
    assert course().workflow_state == "unpublished"
    load(courses=COURSES.format("published", "T1"), options=Options(override_sis_stickiness=True))
    assert course().workflow_state == "available"


@pytest.mark.parametrize("given", [{"end_at": "2030-06-30T00:00:00Z"}, {"start_at": "", "end_at": ""}])
def test_dates_that_staff_give_to_an_enrollment_are_kept_and_others_follow_the_roster(load, admin, given):
    row = ",S1,{0},student,active,2029-09-01T00:00:00Z,2029-12-24T00:00:00Z"
    load(enrollments="\n".join([ENROLLMENTS, row.format("KIM"), row.format("LEE")]))
    kim, lee = (Enrollment.objects.get(user__sis_user_id=name) for name in ("KIM", "LEE"))
    wanted = {"user_id": kim.user_id, "course_section_id": kim.section_id, **given}
    assert Api(admin).post(f"courses/{course().pk}/enrollments", enrollment=wanted).status_code == 200
    kim.refresh_from_db()
    by_hand = kim.start_at, kim.end_at
    empty = ",S1,{0},student,active,,"
    for each in (row, empty):
        load(enrollments="\n".join([ENROLLMENTS, each.format("KIM"), each.format("LEE")]))
        kim.refresh_from_db()
        assert (kim.start_at, kim.end_at) == by_hand
    lee.refresh_from_db()
    assert (lee.start_at, lee.end_at) == (None, None)


@pytest.mark.parametrize("by_batch", [False, True])
def test_after_a_roster_has_deleted_the_default_section_people_come_into_a_new_one(load, admin, by_batch):
    load(enrollments=f"{ENROLLMENTS}\nC1,,KIM,student,active,,")
    default = Section.objects.get(is_default=True)
    Section.objects.filter(pk=default.pk).update(sis_section_id="D1")
    if by_batch:
        load(sections="section_id,course_id,name,status\nD1,C1,Biology,active")
        term = str(Term.objects.get().pk)
        left = "section_id,course_id,name,status\nS1,C1,A,active"
        load(
            sections=left,
            options=Options(batch_mode=True, batch_mode_term_id=term, ignore_deletion_brake=True),
        )
    else:
        load(sections="section_id,course_id,name,status\nD1,C1,Biology,deleted")
    default.refresh_from_db()
    assert default.workflow_state == "deleted"
    made = load(enrollments=f"{ENROLLMENTS}\nC1,,LEE,student,active,,")
    assert warnings(made) == []
    (new,) = Section.objects.filter(is_default=True)
    assert Enrollment.objects.get(user__sis_user_id="LEE").section == new
    by_hand = Api(admin).post(f"courses/{course().pk}/enrollments", enrollment={"user_id": "sis_user_id:KIM"})
    assert by_hand.json()["course_section_id"] == new.pk


def test_a_course_is_not_put_into_a_term_that_a_roster_has_deleted(load):
    load(terms="term_id,name,status\nT2,Spring,active")
    load(terms="term_id,name,status\nT2,Spring,deleted")
    assert warnings(load(courses=COURSES.format("published", "T2"))) == []
    assert course().term == Term.objects.get(sis_term_id="T1")
