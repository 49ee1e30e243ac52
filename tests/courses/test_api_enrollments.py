"""Enrollments through the API: who reads which, and how they are made and changed."""

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import BaseType, ObservationLink, Role
from courses.domain.observation import link
from courses.models import Assignment, Course, Enrollment, Submission
from tests.api import Api, ids
from tests.courses.enrolling import enroll, of_course
from tests.factories import (
    AccountFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_students,
)

pytestmark = pytest.mark.django_db


STATES = ["creation_pending", "invited", "active", "completed", "current_and_future"]


@pytest.fixture
def classmate(section):
    return EnrollmentFactory(section=section).user


def test_the_apps_find_the_observed_students_here(observer, student, classmate):
    query = {"include": ["observed_users", "avatar_url"], "state": STATES, "per_page": 100}
    (row,) = Api(observer).get("users/self/enrollments", **query).json()
    assert (row["type"], row["user_id"], row["associated_user_id"]) == (
        "ObserverEnrollment",
        observer.pk,
        student.pk,
    )
    observed = row["observed_user"]
    assert observed["id"] == student.pk
    assert observed.keys() == {"id", "name", "sortable_name", "short_name", "created_at", "avatar_url"}


def test_a_row_has_the_keys_that_clients_need(student, section):
    (row,) = Api(student, Accept="application/json+canvas-string-ids").get("users/self/enrollments").json()
    assert row["role_id"] == str(Role.objects.built_in(BaseType.STUDENT).pk)
    assert row["html_url"] == f"http://testserver/courses/{section.course_id}/users/{student.pk}"
    assert row["grades"]["html_url"]
    assert row.keys() >= {
        "id",
        "course_id",
        "course_section_id",
        "enrollment_state",
        "type",
        "role",
        "user_id",
        "associated_user_id",
        "limit_privileges_to_course_section",
        "created_at",
        "updated_at",
        "start_at",
        "end_at",
        "user",
    }


SIS_KEYS = {"sis_account_id", "sis_course_id", "course_integration_id", "sis_section_id", "section_integration_id"}


ALWAYS = {"root_account_id", "last_activity_at", "last_attended_at", "total_activity_time"}


def test_a_row_has_all_the_keys_of_canvas_as_far_as_the_reader_may_know_them(student, teacher, section, root):
    path = of_course(section)
    (row,) = Api(student).get(path).json()
    assert row["root_account_id"] == root.pk
    assert row.keys() >= ALWAYS
    assert not row.keys() & {*SIS_KEYS, "sis_import_id"}
    for reader, keys in ((teacher, SIS_KEYS), (make_admin(), {*SIS_KEYS, "sis_import_id"})):
        for row in Api(reader).get(path).json():
            assert row.keys() >= ALWAYS | keys
            assert ("sis_import_id" in row) is ("sis_import_id" in keys)


def test_those_who_grade_read_the_score_before_it_is_released_and_nobody_else_does(student, teacher, observer, section):
    course = section.course
    for score, released in (("5", True), ("10", False)):
        work = Assignment.objects.create(course=course, name="Essay", points_possible=10, workflow_state="published")
        at = timezone.now() if released else None
        Submission.objects.create(assignment=work, student=student, score=score, posted_at=at)
    query = {"user_id": student.pk, "type": ["StudentEnrollment"]}
    for reader in (student, observer):
        (row,) = Api(reader).get(of_course(section), **query).json()
        assert row["grades"]["current_score"] == 50.0
        assert not any(key.startswith("unposted") for key in row["grades"])
    (row,) = Api(teacher).get(of_course(section), **query).json()
    assert (row["grades"]["current_score"], row["grades"]["unposted_current_score"]) == (50.0, 75.0)
    assert row["grades"].keys() >= {"unposted_current_grade", "unposted_final_score", "unposted_final_grade"}
    allow(BaseType.TEACHER, "manage_grades", enabled=False)
    (row,) = Api(teacher).get(of_course(section), **query).json()
    assert not any(key.startswith("unposted") for key in row["grades"])


def test_the_address_of_the_grades_leads_to_those_of_that_student(student, teacher, classmate, observer, section):
    rows = Api(teacher).get(of_course(section), type=["StudentEnrollment"]).json()
    (address,) = (row["grades"]["html_url"] for row in rows if row["user_id"] == student.pk)
    assert address == f"http://testserver/courses/{section.course_id}/grades/{student.pk}"
    for reader, status in ((teacher, 200), (student, 200), (observer, 200), (classmate, 404)):
        client = Client()
        client.force_login(reader)
        page = client.get(address.removeprefix("http://testserver"))
        assert page.status_code == status
        assert status == 404 or student.name in page.content.decode()


def test_a_students_invitation_waits_while_the_course_is_not_published(section, teacher):
    course, path = section.course, of_course(section)
    Course.objects.update(workflow_state="unpublished")
    given = enroll(make_admin(), section, user_id=UserFactory().pk, enrollment_state="invited").json()
    staff = enroll(make_admin(), section, user_id=UserFactory().pk, enrollment_state="invited", type="TaEnrollment")
    assert (given["enrollment_state"], staff.json()["enrollment_state"]) == ("creation_pending", "invited")
    api = Api(make_admin())
    people = f"courses/{course.pk}/users"
    assert ids(api.get(path, state=["creation_pending"])) == [given["id"]]
    assert ids(api.get(path, state=["invited"])) == [staff.json()["id"]]
    assert ids(api.get(people, enrollment_state=["creation_pending"])) == [given["user_id"]]
    assert given["id"] in ids(api.get(path)) + ids(api.get(path, state=["current_and_invited"]))
    Course.objects.update(workflow_state="available")
    assert set(ids(api.get(path, state=["invited"]))) == {given["id"], staff.json()["id"]}
    assert ids(api.get(path, state=["creation_pending"])) == []


def test_enrollments_stand_by_type_and_name(section):
    def enrolled(name, type=BaseType.STUDENT):
        return EnrollmentFactory(section=section, type=type, user__name=name).pk

    zoe, teacher, ann, observer = (
        enrolled("Zoe Zorn"),
        enrolled("Al Adams", BaseType.TEACHER),
        enrolled("Ann Adams"),
        enrolled("Mo Moe", BaseType.OBSERVER),
    )
    assert ids(Api(make_admin()).get(of_course(section))) == [observer, ann, zoe, teacher]


def test_whether_the_caller_may_remove_an_enrollment_is_told_as_it_is(section, student, teacher):
    EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student)
    limited = EnrollmentFactory(section=section, type=BaseType.TEACHER, limit_privileges_to_course_section=True).user
    EnrollmentFactory(section=SectionFactory(course=section.course))
    aide = EnrollmentFactory(section=section, type=BaseType.TA).user
    for key in ("remove_student_from_course", "remove_observer_from_course"):
        allow(BaseType.TA, key, enabled=False)
    told = {True: 0, False: 0}
    for reader in (teacher, limited, aide, make_admin()):
        for row in Api(reader).get(of_course(section), include=["can_be_removed"]).json():
            with transaction.atomic():
                answer = Api(reader).delete(f"{of_course(section)}/{row['id']}", task="delete")
                transaction.set_rollback(True)
            assert row["can_be_removed"] is (answer.status_code == 200), (reader, row)
            told[row["can_be_removed"]] += 1
    assert min(told.values()) > 2
    assert "can_be_removed" not in Api(teacher).get(of_course(section)).json()[0]


def test_an_id_that_says_nothing_comes_on_request_and_stays_the_same(section, student, classmate, teacher):
    def found():
        rows = Api(teacher).get(of_course(section), include=["uuid"], type=["StudentEnrollment"]).json()
        return {row["user_id"]: row["user"]["uuid"] for row in rows}

    assert found() == found()
    assert len({*found().values()}) == 2
    assert "uuid" not in Api(teacher).get(of_course(section)).json()[0]["user"]


def test_what_is_refused_is_told_in_both_shapes_that_clients_read(teacher, section):
    answer = enroll(teacher, section, user_id=UserFactory().pk, role="Hall monitor")
    assert answer.status_code == 400
    assert answer.json()["message"] == "This course has no such role."
    assert answer.json()["errors"]["role"][0]["message"] == "This course has no such role."


@pytest.mark.parametrize("query", [{}, {"state": STATES}, {"type": ["StudentEnrollment"], "state": STATES}])
def test_an_observer_never_sees_another_student(observer, student, classmate, section, query):
    api = Api(observer)
    for path in (
        "users/self/enrollments",
        f"users/{student.pk}/enrollments",
        of_course(section),
        f"sections/{section.pk}/enrollments",
    ):
        answer = api.get(path, include=["observed_users"], **query)
        assert answer.status_code == 200
        assert classmate.name not in answer.content.decode()
        assert {row["user_id"] for row in answer.json()} <= {observer.pk, student.pk}
    assert api.get(f"users/{classmate.pk}/enrollments").status_code == 403
    assert ids(api.get(of_course(section), user_id=classmate.pk)) == []


def test_the_grades_page_of_the_apps_finds_the_observed_student(observer, student, section):
    query = {"user_id": student.pk, "state": ["active", "completed"], "type": ["StudentEnrollment"]}
    (row,) = Api(observer).get(of_course(section), **query).json()
    assert row["user_id"] == student.pk
    assert row["grades"].keys() == {
        "html_url",
        "current_score",
        "current_grade",
        "final_score",
        "final_grade",
    }
    assert not {"sis_user_id", "login_id"} & (row.keys() | row["user"].keys())


def test_after_unlinking_nothing_of_the_student_is_left(observer, student, section):
    Api(observer).delete(f"users/self/observees/{student.pk}")
    assert ids(Api(observer).get("users/self/enrollments", state=[*STATES, "deleted"])) == []
    assert Api(observer).get(f"users/{student.pk}/enrollments").status_code == 403
    assert Api(observer).get(of_course(section)).status_code == 403


def test_a_student_sees_oneself_and_staff_everybody(student, classmate, teacher, section):
    assert {row["user_id"] for row in Api(student).get(of_course(section)).json()} == {student.pk}
    for user in (teacher, make_admin()):
        rows = Api(user).get(of_course(section)).json()
        assert {row["user_id"] for row in rows} == {student.pk, classmate.pk, teacher.pk}
    for user in (UserFactory(), make_admin(AccountFactory())):
        assert Api(user).get(of_course(section)).status_code == 403


def test_a_teacher_reads_of_a_student_only_what_is_in_their_courses(student, teacher, section):
    elsewhere = EnrollmentFactory(user=student)
    (row,) = Api(teacher).get(f"users/{student.pk}/enrollments").json()
    assert row["course_id"] == section.course_id
    assert row["sis_user_id"] == student.sis_user_id
    assert Api(teacher).get(f"courses/{elsewhere.section.course_id}/enrollments").status_code == 403


def test_enrollments_are_filtered_by_type_role_and_state(student, classmate, teacher, section):
    Enrollment.objects.filter(user=classmate).update(state="completed")
    api = Api(teacher)
    assert len(ids(api.get(of_course(section)))) == 2
    assert len(ids(api.get(of_course(section), state=["active", "completed"]))) == 3
    assert len(ids(api.get(of_course(section), type=["TeacherEnrollment"]))) == 1
    assert len(ids(api.get(of_course(section), role=["StudentEnrollment"]))) == 1


def test_an_enrollment_is_read_by_its_id_in_its_own_course_only(student, classmate, teacher, section):
    mine = Enrollment.objects.get(user=student)
    assert Api(student).get(f"{of_course(section)}/{mine.pk}").json()["id"] == mine.pk
    assert Api(classmate).get(f"{of_course(section)}/{mine.pk}").status_code == 403
    other = SectionFactory()
    assert Api(make_admin()).get(f"{of_course(other)}/{mine.pk}").status_code == 404


def test_a_list_costs_the_same_for_many(section, teacher, django_assert_num_queries):
    api = Api(teacher)
    make_students(2, section)
    for count in (3, 53):
        with django_assert_num_queries(8):
            found = api.get(of_course(section), include=["observed_users", "avatar_url"], per_page=100).json()
        assert len(found) == count
        make_students(50, section)


def test_an_observers_list_costs_the_same_for_many(section, observer, student, django_assert_num_queries):
    api = Api(observer)
    for count in (1, 21):
        with django_assert_num_queries(5):
            found = api.get("users/self/enrollments", include=["observed_users"], per_page=100).json()
        assert len(found) == count
        for _number in range(20):
            EnrollmentFactory(user=student)
        link(observer, student, origin=ObservationLink.Origin.API, by=None)
