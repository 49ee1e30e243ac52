"""What somebody could put together from an answer that says a little too much."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import BaseType, ObservationLink
from courses.access.courses import schools_of
from courses.domain.observation import link
from courses.models import Assignment, Course, Enrollment, Submission
from tests.api import Api
from tests.factories import EnrollmentFactory, SectionFactory, UserFactory, allow, make_admin, make_student

NOT_YET = [{"workflow_state": Course.State.UNPUBLISHED}, {"start_at": timezone.now() + timedelta(days=9)}]


@pytest.fixture
def family(root):
    section = SectionFactory(course__sis_course_id="C-1", course__account__sis_account_id="A-1", sis_section_id="S-1")
    student, observer = make_student(section), UserFactory()
    link(observer, student, origin=ObservationLink.Origin.CODE, by=None)
    work = Assignment.objects.create(
        course=section.course, name="Essay", points_possible=100, workflow_state="published"
    )
    Submission.objects.create(assignment=work, student=student, score="61.25", posted_at=timezone.now())
    return section, student, observer


@pytest.mark.parametrize("not_yet", NOT_YET)
def test_a_course_that_is_not_open_to_families_tells_them_no_total(family, not_yet):
    section, student, observer = family
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    asked = [(student, "self"), (observer, student.pk), (teacher, student.pk)]
    before = [Api(who).get(f"users/{whose}/enrollments").json()[0]["grades"]["current_score"] for who, whose in asked]
    assert before == [61.25, 61.25, 61.25]
    Course.objects.filter(pk=section.course_id).update(**not_yet)
    for who, whose in asked[:2]:
        assert "61.25" not in Api(who).get(f"users/{whose}/enrollments", state=["active"]).content.decode()
        assert "61.25" not in Api(who).get("courses", include=["observed_users", "total_scores"]).content.decode()
    assert "61.25" in Api(teacher).get(f"users/{student.pk}/enrollments").content.decode()


def test_families_read_the_names_of_their_own_sections_only(family):
    section, student, observer = family
    other = SectionFactory(course=section.course, name="For those who need help")
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    limited = EnrollmentFactory(section=section, type=BaseType.TA, limit_privileges_to_course_section=True).user
    for who, wanted in ((student, {section.pk}), (observer, {section.pk}), (limited, {section.pk})):
        for path in ("courses", f"courses/{section.course_id}"):
            found = Api(who).get(path, include=["sections", "observed_users"]).json()
            course = found[0] if isinstance(found, list) else found
            assert {each["id"] for each in course["sections"]} == wanted
    (course,) = Api(teacher).get("courses", include=["sections"]).json()
    assert {each["id"] for each in course["sections"]} == {section.pk, other.pk}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_sis_id_that_exists_and_one_that_does_not_are_answered_alike(family, method):
    section, student, _observer = family
    stranger, teacher = UserFactory(), EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    paths = [
        "courses/sis_course_id:{0}-1",
        "courses/sis_course_id:{0}-1/users",
        "courses/sis_course_id:{0}-1/enrollments",
        "sections/sis_section_id:{0}-1",
        "sections/sis_section_id:{0}-1/enrollments",
        "accounts/sis_account_id:{0}-1",
        "accounts/sis_account_id:{0}-1/users",
        "accounts/sis_account_id:{0}-1/courses",
        "accounts/sis_account_id:{0}-1/terms",
        "accounts/sis_account_id:{0}-1/admins",
    ]
    for path in paths:
        there, none = (
            Api(stranger).send(method, path.format(name), {}) for name in (path.partition("sis_")[2][0].upper(), "X")
        )
        assert (there.status_code, there.content) == (none.status_code, none.content), path
    assert Api(teacher).get("courses/sis_course_id:C-1").status_code == 200
    assert Api(student).get("courses/sis_course_id:C-1").status_code == 200
    assert Api(teacher).get("sections/sis_section_id:S-1").status_code == 200
    assert Api(make_admin(section.course.account)).get("accounts/sis_account_id:A-1").status_code == 200


def test_enrolling_into_a_section_of_somebody_else_tells_nothing_of_its_sis_id(family):
    _section, _student, _observer = family
    elsewhere = SectionFactory()
    teacher = EnrollmentFactory(section=elsewhere, type=BaseType.TEACHER).user
    answers = [
        Api(teacher).post(
            f"courses/{elsewhere.course_id}/enrollments",
            enrollment={"user_id": UserFactory().pk, "course_section_id": f"sis_section_id:{name}"},
        )
        for name in ("S-1", "S-X")
    ]
    assert {answer.status_code for answer in answers} == {404}


def test_links_to_further_pages_repeat_no_token(root):
    admin = make_admin()
    for _number in range(3):
        UserFactory()
    found = Api(admin).get("accounts/self/users", per_page=1, access_token="s3cret", as_user_id="self")
    assert 'rel="next"' in found.headers["Link"]
    assert "as_user_id" in found.headers["Link"]
    assert "s3cret" not in found.headers["Link"]
    assert "access_token" not in found.headers["Link"]


def test_the_school_that_invites_is_not_named_to_whoever_holds_a_code(family):
    section, student, _observer = family
    inviting = EnrollmentFactory(user=student, section=SectionFactory(), state=Enrollment.State.INVITED)
    assert schools_of(student) == [section.course.account.name]
    assert inviting.section.course.account.name not in schools_of(student)


def test_a_list_of_classmates_by_their_observers_tells_no_login_of_who_is_only_invited(family):
    _section, student, _observer = family
    allow(BaseType.TEACHER, "view_user_logins")
    there = SectionFactory()
    EnrollmentFactory(user=student, section=there, state=Enrollment.State.INVITED)
    link(UserFactory(), student, origin=ObservationLink.Origin.CODE, by=None)
    teacher = EnrollmentFactory(section=there, type=BaseType.TEACHER).user
    for path in (f"courses/{there.course_id}/enrollments", f"courses/{there.course_id}/users"):
        text = Api(teacher).get(path, include=["observed_users"], per_page=100).content.decode()
        assert student.login_id not in text
