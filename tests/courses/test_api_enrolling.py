"""Enrolling people, changing enrollments and ending them through the API."""

import pytest

from accounts.models import BaseType, Role
from courses.models import Course, Enrollment
from tests.api import Api, ids
from tests.courses.enrolling import enroll, of_course
from tests.factories import (
    AccountFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
)

pytestmark = pytest.mark.django_db


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
