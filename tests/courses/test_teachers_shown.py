"""Everybody in a course learns who teaches it; the roster stays with staff."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import BaseType, User
from courses.models import Term
from tests.api import Api, ids
from tests.factories import EnrollmentFactory

INCLUDES = ["enrollments", "avatar_url", "user_id", "email", "bio", "observed_users"]


@pytest.fixture
def ta(school) -> User:
    return EnrollmentFactory(section=school.section, type=BaseType.TA, user__name="Toni Aide").user


def users(school, who, **query):
    return Api(getattr(school, who)).get(f"courses/{school.course.pk}/users", **query)


class TestThePage:
    @pytest.mark.parametrize("who", ["student", "observer", "teacher", "admin"])
    def test_the_home_of_a_course_names_its_teachers_to_everybody_in_it(self, visit, school, who):
        EnrollmentFactory(section=school.section, type=BaseType.TEACHER, user__name="Otto Ashe")
        page = " ".join(visit(getattr(school, who), f"/courses/{school.course.pk}").content.decode().split())
        assert "<li>Otto Ashe</li><li>Tara Bloom</li>" in page

    @pytest.mark.parametrize("state", ["invited", "creation_pending", "inactive", "rejected", "deleted"])
    def test_nobody_is_named_who_does_not_teach_there(self, visit, school, state):
        asked = {"accepted_at": None, "accepted_through": ""} if state != "inactive" else {}
        EnrollmentFactory(section=school.section, type=BaseType.TEACHER, state=state, user__name="Otto Ashe", **asked)
        assert "Otto Ashe" not in visit(school.student, f"/courses/{school.course.pk}").content.decode()

    def test_whoever_taught_it_to_its_end_stays_named_and_whoever_begins_later_is_not_yet(self, visit, school):
        school.course.term = Term.objects.create(
            name="Autumn", date_overrides={"TeacherEnrollment": {"start_at": "2100-01-01T00:00:00Z"}}
        )
        EnrollmentFactory(
            section=school.section,
            type=BaseType.TEACHER,
            state="completed",
            completed_at=timezone.now(),
            user__name="Otto Ashe",
        )
        path = f"/courses/{school.course.pk}"
        assert "Otto Ashe" in visit(school.student, path).content.decode()
        school.course.save()
        assert "Otto Ashe" not in visit(school.student, path).content.decode()


class TestTheApi:
    def test_students_get_those_who_run_the_course_and_themselves(self, school, ta):
        assert set(ids(users(school, "student", include=INCLUDES))) == {school.teacher.pk, ta.pk, school.student.pk}
        assert set(ids(users(school, "student", enrollment_type=["teacher"]))) == {school.teacher.pk}
        assert ids(users(school, "student", enrollment_type="student")) == [school.student.pk]
        assert ids(users(school, "student", search_term="Hill")) == []
        assert ids(users(school, "student", enrollment_type="observer")) == []

    def test_of_staff_they_get_the_name_and_the_role_and_no_more(self, school):
        (teacher,) = users(school, "student", enrollment_type="teacher", include=INCLUDES).json()
        assert teacher["name"] == "Tara Bloom"
        assert not {"sis_user_id", "login_id", "email", "integration_id"} & teacher.keys()
        assert [enrollment["type"] for enrollment in teacher["enrollments"]] == ["TeacherEnrollment"]
        assert ids(users(school, "student", search_term=school.teacher.login_id)) == []

    def test_somebody_who_teaches_and_takes_something_there_is_shown_as_teaching_it_only(self, school):
        EnrollmentFactory(user=school.teacher, section=school.section)
        (teacher,) = users(school, "student", enrollment_type="teacher", include=INCLUDES).json()
        assert [enrollment["type"] for enrollment in teacher["enrollments"]] == ["TeacherEnrollment"]
        assert school.teacher.pk not in ids(users(school, "student", enrollment_type="student"))

    def test_single_people_likewise(self, school):
        def status(person):
            return Api(school.student).get(f"courses/{school.course.pk}/users/{person.pk}").status_code

        assert status(school.teacher) == status(school.student) == 200
        assert status(school.classmate) == status(school.observer) == status(school.teacher_elsewhere) == 403

    @pytest.mark.parametrize("who", ["observer", "outsider", "other_observer"])
    def test_observers_and_strangers_get_nobody(self, school, who):
        assert users(school, who).status_code == 403

    def test_a_course_that_has_not_begun_tells_students_nothing(self, school):
        school.course.start_at = timezone.now() + timedelta(days=1)
        school.course.save()
        assert users(school, "student").status_code == 403
