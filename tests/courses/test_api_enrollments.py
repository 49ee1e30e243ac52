"""Enrollments through the API: who reads which, and how they are made and changed."""

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import BaseType, ObservationLink, Role
from courses.domain.observation import link
from courses.models import Assignment, Course, Enrollment, Submission
from tests.api import Api, ids
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


@pytest.fixture
def observer(student):
    observer = UserFactory()
    link(observer, student, origin=ObservationLink.Origin.API, by=None)
    return observer


def of_course(section):
    return f"courses/{section.course_id}/enrollments"


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
        work = Assignment.objects.create(course=course, name="Essay", points_possible=10, published=True)
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
        with django_assert_num_queries(9):
            found = api.get(of_course(section), include=["observed_users", "avatar_url"], per_page=100).json()
        assert len(found) == count
        make_students(50, section)


def test_an_observers_list_costs_the_same_for_many(section, observer, student, django_assert_num_queries):
    api = Api(observer)
    for count in (1, 21):
        with django_assert_num_queries(6):
            found = api.get("users/self/enrollments", include=["observed_users"], per_page=100).json()
        assert len(found) == count
        for _number in range(20):
            EnrollmentFactory(user=student)
        link(observer, student, origin=ObservationLink.Origin.API, by=None)


# Making and changing


def enroll(user, section, **enrollment):
    return Api(user).post(of_course(section), enrollment=enrollment)


def test_who_enrolls_whom_is_a_matter_of_the_permission_for_that_kind(teacher, section):
    newcomer, assistant = UserFactory(), EnrollmentFactory(section=section, type=BaseType.TA).user
    for type in ("StudentEnrollment", "ObserverEnrollment"):
        for by in (teacher, assistant):
            row = enroll(by, section, user_id=newcomer.pk, type=type, enrollment_state="active").json()
            assert (row["type"], row["user_id"], row["course_id"]) == (type, newcomer.pk, section.course_id)
    for type in ("TeacherEnrollment", "TaEnrollment", "DesignerEnrollment"):
        refused = enroll(assistant, section, user_id=newcomer.pk, type=type)
        assert refused.status_code == 403
        assert "in courses" in refused.json()["errors"][0]["message"]
        for by in (teacher, make_admin()):
            assert enroll(by, section, user_id=newcomer.pk, type=type).status_code == 200
    allow(BaseType.TEACHER, "add_student_to_course", enabled=False)
    assert enroll(teacher, section, user_id=newcomer.pk).status_code == 403


def test_nobody_is_enrolled_with_a_role_that_may_do_more_than_the_one_who_enrolls(teacher, section):
    allow(BaseType.TEACHER, "view_all_grades", enabled=False)
    allow(BaseType.TA, "view_all_grades")
    for whom in (UserFactory(), teacher):
        refused = enroll(teacher, section, user_id=whom.pk, type="TaEnrollment")
        assert refused.status_code == 403
        assert "more permissions than you have here" in refused.json()["errors"][0]["message"]
    ended = EnrollmentFactory(section=section, type=BaseType.TA, state="inactive")
    assert Api(teacher).put(f"{of_course(section)}/{ended.pk}/reactivate").status_code == 403
    assert enroll(make_admin(), section, user_id=teacher.pk, type="TaEnrollment").status_code == 200


def test_linking_an_observer_to_a_student_takes_the_right_to_manage_students_too(teacher, section, student):
    allow(BaseType.TEACHER, "manage_students", enabled=False)
    watcher = {"user_id": UserFactory().pk, "type": "ObserverEnrollment"}
    assert enroll(teacher, section, **watcher).status_code == 200
    assert enroll(teacher, section, **watcher, associated_user_id=student.pk).status_code == 403
    beside = enroll(make_admin(), section, **watcher, associated_user_id=student.pk).json()
    for task in ("delete", "conclude"):
        assert Api(teacher).delete(f"{of_course(section)}/{beside['id']}", task=task).status_code == 403


def test_enrolling_somebody_as_inactive_is_as_good_as_deactivating_them(teacher, student, section):
    allow(BaseType.TEACHER, "manage_students", enabled=False)
    for state in ("inactive", "completed"):
        assert enroll(teacher, section, user_id=student.pk, enrollment_state=state).status_code == 403
    assert Enrollment.objects.get(user=student).state == "active"


def test_people_are_invited_unless_a_state_is_given(teacher, section, student):
    newcomer = UserFactory()
    assert enroll(teacher, section, user_id=newcomer.pk).json()["enrollment_state"] == "invited"
    watcher = enroll(teacher, section, user_id=newcomer.pk, type="ObserverEnrollment").json()
    assert watcher["enrollment_state"] == "active"
    # Enrolling somebody again who is there does not send them back to the door.
    here = enroll(teacher, section, user_id=student.pk, course_section_id=section.pk).json()
    assert here["enrollment_state"] == "active"


@pytest.mark.parametrize("form", ["{0.pk}", "sis_user_id:{0.sis_user_id}"])
def test_an_observer_of_one_course_stands_beside_the_student(teacher, student, section, form):
    watcher = UserFactory()
    row = enroll(
        teacher,
        section,
        user_id=watcher.pk,
        type="ObserverEnrollment",
        associated_user_id=form.format(student),
    ).json()
    assert (row["associated_user_id"], row["course_section_id"]) == (student.pk, section.pk)
    assert ids(Api(watcher).get("courses")) == [section.course_id]
    assert ids(Api(watcher).get("users/self/observees")) == []


def test_one_observes_only_students_of_the_course(teacher, student, section):
    watcher, stranger = UserFactory(), EnrollmentFactory().user
    for whom in (stranger, teacher, watcher):
        answer = enroll(teacher, section, user_id=watcher.pk, type="ObserverEnrollment", associated_user_id=whom.pk)
        assert answer.status_code == 400
    other = SectionFactory(course=section.course)
    answer = enroll(
        teacher,
        section,
        user_id=watcher.pk,
        type="ObserverEnrollment",
        associated_user_id=student.pk,
        course_section_id=other.pk,
    )
    assert answer.status_code == 400


def test_a_section_takes_enrollments_of_its_own(teacher, section):
    newcomer = UserFactory()
    row = Api(teacher).post(f"sections/{section.pk}/enrollments", enrollment={"user_id": newcomer.pk}).json()
    assert row["course_section_id"] == section.pk
    foreign = SectionFactory()
    assert enroll(teacher, section, user_id=newcomer.pk, course_section_id=foreign.pk).status_code == 400


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"type": "AccountAdmin"},
        {"type": "nonsense"},
        {"role": "Hall monitor"},
        {"role_id": 99999},
        {"enrollment_state": "deleted"},
        {"role_id": "x"},
    ],
)
def test_what_makes_no_enrollment_is_a_400(section, student, given):
    user = {"user_id": student.pk} if given else {}
    assert enroll(make_admin(), section, **user, **given).status_code == 400


def test_a_person_is_named_by_the_schools_ids_too(teacher, section):
    newcomer = UserFactory(sis_user_id="NEW", integration_id="I-NEW")
    for given in (
        {"sis_user_id": "NEW"},
        {"integration_id": "I-NEW"},
        {"sis_user_id": "NEW", "user_id": teacher.pk},
        {"user_id": "sis_user_id:NEW"},
    ):
        assert enroll(make_admin(), section, **given).json()["user_id"] == newcomer.pk
    assert enroll(make_admin(), section, sis_user_id="nobody").status_code == 404
    api, given = Api(make_admin()), {"user_id": newcomer.pk}
    assert api.post(of_course(section), enrollment=given, root_account="testserver").status_code == 200
    elsewhere = api.post(of_course(section), enrollment=given, root_account="canvas.example.org")
    assert elsewhere.json()["errors"].keys() == {"root_account"}


def test_nobody_is_enrolled_in_a_concluded_course_by_hand(teacher, section, student):
    Course.objects.update(workflow_state="completed")
    for whom in (UserFactory(), student):
        answer = enroll(make_admin(), section, user_id=whom.pk, enrollment_state="active")
        assert answer.status_code == 400
        assert "This course is concluded" in answer.content.decode()
    assert Enrollment.objects.count() == 2
    # What ends somebody's part in it is still possible.
    row = Enrollment.objects.get(user=student)
    assert Api(make_admin()).delete(f"{of_course(section)}/{row.pk}", task="delete").status_code == 200


def test_a_section_in_the_address_and_another_in_the_request_are_refused(teacher, section):
    path, newcomer = f"sections/{section.pk}/enrollments", UserFactory()
    for named, status in ((section, 200), (SectionFactory(course=section.course), 400)):
        given = {"user_id": newcomer.pk, "course_section_id": named.pk}
        assert Api(teacher).post(path, enrollment=given).status_code == status


def test_a_custom_role_counts_in_its_own_part_of_the_tree(section):
    here = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=section.course.account)
    there = Role.objects.create(label="Coach", base_type=BaseType.OBSERVER, account=AccountFactory())
    row = enroll(make_admin(), section, user_id=UserFactory().pk, role="Mentor").json()
    assert (row["role"], row["role_id"], row["type"]) == ("Mentor", here.pk, "ObserverEnrollment")
    assert enroll(make_admin(), section, user_id=UserFactory().pk, role_id=there.pk).status_code == 400
    mixed = enroll(make_admin(), section, user_id=UserFactory().pk, role="Mentor", type="StudentEnrollment")
    assert mixed.status_code == 400


def test_only_those_with_the_permission_enroll_people(student, observer, section):
    for user in (student, observer, UserFactory(), make_admin(AccountFactory())):
        answer = enroll(user, section, user_id=user.pk, type="StudentEnrollment", enrollment_state="active")
        assert answer.status_code == 403


def test_the_observers_follow_whom_a_teacher_enrolls(teacher, observer, student):
    more = SectionFactory(course__account=AccountFactory())
    enroll(make_admin(), more, user_id=student.pk, enrollment_state="active")
    assert more.course_id in ids(Api(observer).get("courses"))


@pytest.mark.parametrize(
    ("task", "state"),
    [
        ("conclude", "completed"),
        ("inactivate", "inactive"),
        ("deactivate", "inactive"),
        ("delete", "deleted"),
        (None, "completed"),
    ],
)
def test_an_enrollment_is_ended_and_the_observers_with_it(teacher, observer, student, section, task, state):
    row = Enrollment.objects.get(user=student)
    form = {"task": task} if task else {}
    assert Api(teacher).delete(f"{of_course(section)}/{row.pk}", **form).json()["enrollment_state"] == state
    assert Enrollment.objects.get(user=observer).state == state


def test_an_ended_enrollment_comes_back(teacher, student, section):
    row = Enrollment.objects.get(user=student)
    path = f"{of_course(section)}/{row.pk}"
    assert Api(teacher).put(f"{path}/reactivate").status_code == 400
    Api(teacher).delete(path, task="inactivate")
    assert Api(teacher).put(f"{path}/reactivate").json()["enrollment_state"] == "active"
    Api(teacher).delete(path, task="delete")
    assert Api(teacher).put(f"{path}/reactivate").status_code == 404
    assert Api(teacher).delete(path, task="nonsense").status_code == 404


def test_enrollments_are_changed_only_by_those_who_may_and_in_their_course(teacher, student, observer, section):
    row, own = Enrollment.objects.get(user=student), Enrollment.objects.get(user=teacher)
    path = f"{of_course(section)}/{row.pk}"
    for user in (student, observer, UserFactory()):
        assert Api(user).delete(path, task="delete").status_code == 403
        assert Api(user).put(f"{path}/reactivate").status_code == 403
    assert Api(teacher).delete(f"{of_course(section)}/{own.pk}").status_code == 403
    assert Api(teacher).delete(path, task="nonsense").status_code == 400
    elsewhere = EnrollmentFactory(type=BaseType.TEACHER)
    assert Api(elsewhere.user).delete(f"{of_course(elsewhere.section)}/{row.pk}").status_code == 404
    row.refresh_from_db()
    assert row.state == "active"


@pytest.mark.parametrize(("answer", "state"), [("accept", "active"), ("reject", "rejected")])
def test_the_invited_person_answers_and_nobody_else(teacher, section, answer, state):
    invited = EnrollmentFactory(section=section, state="invited")
    path = f"{of_course(section)}/{invited.pk}/{answer}"
    assert Api(teacher).post(path).status_code == 403
    assert Api(invited.user).post(path).json() == {"success": True}
    invited.refresh_from_db()
    assert invited.state == state
    assert Api(invited.user).post(path).status_code == 404
