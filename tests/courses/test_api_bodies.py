"""What the API says of courses, sections and people besides what always stands there, on request."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AccountAdmin, BaseType, Role, RoleOverride
from accounts.permissions.registry import Permission
from courses.models import Course, Enrollment, Term
from tests.api import Api
from tests.factories import (
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def section(root):
    return SectionFactory(course=CourseFactory(account=root, name="Biology"))


@pytest.fixture
def teacher(section):
    teacher = UserFactory(name="Tess Hill", pronouns="she/her")
    return EnrollmentFactory(section=section, type=BaseType.TEACHER, user=teacher).user


@pytest.fixture
def api(root):
    return Api(make_admin())


def test_a_course_comes_with_its_teachers_students_and_account(api, section, teacher, root):
    make_student(section)
    EnrollmentFactory(section=section, type=BaseType.TEACHER, state=Enrollment.State.INVITED)
    EnrollmentFactory(section=section, state=Enrollment.State.COMPLETED)
    wanted = ["teachers", "total_students", "account_name", "concluded", "favorites", "course_image", "grading_scheme"]
    (body,) = api.get(f"accounts/{root.pk}/courses", include=wanted).json()
    (shown,) = body["teachers"]
    assert (shown["id"], shown["display_name"], shown["pronouns"]) == (teacher.pk, "Tess Hill", "she/her")
    assert (body["total_students"], body["account_name"], body["concluded"]) == (1, root.name, False)
    assert (body["is_favorite"], body["image_download_url"], body["grading_scheme"]) == (False, None, None)


def test_who_sees_courses_but_no_people_is_told_of_no_teachers(section, teacher, root):
    clerk = UserFactory()
    role = Role.objects.create(label="Clerk", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    RoleOverride.objects.create(account=root, role=role, permission=Permission.READ_COURSE_LIST, enabled=True)
    AccountAdmin.objects.create(user=clerk, account=root, role=role)
    wanted = ["teachers", "total_students", "account_name"]
    (body,) = Api(clerk).get(f"accounts/{root.pk}/courses", include=wanted).json()
    assert body.keys() & {*wanted} == {"account_name"}
    student = make_student(section)
    (own,) = Api(student).get("courses", include=wanted).json()
    assert ([each["id"] for each in own["teachers"]], own["total_students"]) == ([teacher.pk], 1)


def test_what_nobody_asks_for_does_not_come(api, section, root):
    (body,) = api.get(f"accounts/{root.pk}/courses").json()
    assert not body.keys() & {"teachers", "total_students", "account_name", "concluded", "is_favorite"}
    assert (body["license"], body["blueprint"], body["calendar"]) == ("private", False, {"ics": None})


def test_the_list_of_courses_takes_the_same_statements_for_any_number(
    api, section, root, django_assert_max_num_queries
):
    wanted = ["teachers", "total_students", "account_name", "concluded", "term"]
    for _number in range(3):
        there = SectionFactory(course=CourseFactory(account=root, term=Term.objects.create(name="Autumn")))
        EnrollmentFactory(section=there, type=BaseType.TEACHER)
        make_student(there)
    api.get(f"accounts/{root.pk}/courses", include=wanted)
    with django_assert_max_num_queries(12):
        assert len(api.get(f"accounts/{root.pk}/courses", include=wanted).json()) == 4


@pytest.mark.parametrize(
    ("changes", "is_over"),
    [
        ({}, False),
        ({"workflow_state": Course.State.COMPLETED}, True),
        ({"end_at": timezone.now() - timedelta(days=1)}, True),
        ({"end_at": timezone.now() + timedelta(days=1)}, False),
    ],
)
def test_a_course_is_concluded_when_somebody_or_its_end_says_so(api, section, changes, is_over):
    Course.objects.filter(pk=section.course_id).update(**changes)
    assert api.get(f"courses/{section.course_id}", include=["concluded"]).json()["concluded"] is is_over


@pytest.mark.parametrize(("binds", "is_over"), [(False, True), (True, False)])
def test_the_end_of_the_term_counts_unless_the_courses_own_dates_bind(api, section, binds, is_over):
    term = Term.objects.create(name="Spring", end_at=timezone.now() - timedelta(days=1))
    Course.objects.filter(pk=section.course_id).update(term=term, restrict_enrollments_to_course_dates=binds)
    assert api.get(f"courses/{section.course_id}", include=["concluded"]).json()["concluded"] is is_over


def test_a_section_comes_with_its_students_for_those_who_see_them(api, section, teacher):
    student = make_student(section, name="Mia Lake")
    for caller in (api, Api(teacher)):
        body = caller.get(f"sections/{section.pk}", include=["students", "total_students"]).json()
        assert ([each["id"] for each in body["students"]], body["total_students"]) == ([student.pk], 1)
    assert Api(student).get(f"sections/{section.pk}", include=["students"]).status_code == 403


def test_records_have_names_that_stay_and_that_no_other_has(api, section, root):
    first = api.get(f"courses/{section.course_id}").json()["uuid"]
    assert first == api.get(f"courses/{section.course_id}").json()["uuid"]
    other = CourseFactory(account=root)
    names = {first, api.get(f"courses/{other.pk}").json()["uuid"], api.get(f"accounts/{root.pk}").json()["uuid"]}
    assert len(names) == 3


def test_the_list_of_people_says_when_they_last_signed_in_and_where_they_are(api, root):
    at = timezone.now().replace(microsecond=0)
    person = UserFactory(name="Mia Lake", time_zone="Asia/Tokyo", last_login=at)
    (body,) = api.get(
        f"accounts/{root.pk}/users", search_term="Mia", include=["last_login", "time_zone", "uuid"]
    ).json()
    assert (body["id"], body["time_zone"]) == (person.pk, "Asia/Tokyo")
    assert body["last_login"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"
    assert len(body["uuid"]) == 40


def test_a_person_comes_with_language_and_permissions_for_whoever_may_read_the_login(api, section, teacher, root):
    at = timezone.now().replace(microsecond=0)
    student = make_student(section, locale="de", time_zone="Asia/Tokyo", email="mia@example.org", last_login=at)
    wanted = ["last_login", "time_zone", "uuid"]
    for reader in (api, Api(teacher), Api(student)):
        body = reader.get(f"users/{student.pk}", include=wanted).json()
        assert (body["locale"], body["effective_locale"], body["email"]) == ("de", "de", "mia@example.org")
        assert (body["time_zone"], body["last_login"]) == ("Asia/Tokyo", f"{at:%Y-%m-%dT%H:%M:%SZ}")
        assert (len(body["uuid"]), body["avatar_url"]) == (40, None)
        assert not any(body["permissions"].values())
    unasked = Api(student).get("users/self").json()
    assert not unasked.keys() & {*wanted}
    allow(BaseType.TEACHER, "view_user_logins", enabled=False)
    body = Api(teacher).get(f"users/{student.pk}", include=[*wanted, "email"]).json()
    assert not body.keys() & {"locale", "effective_locale", "permissions", "email", "time_zone", "last_login"}


def test_people_of_a_course_come_with_the_same_uuid_as_anywhere(api, section):
    student = make_student(section)
    (listed,) = api.get(f"courses/{section.course_id}/users", include=["uuid"]).json()
    assert listed["uuid"] == api.get(f"users/{student.pk}", include=["uuid"]).json()["uuid"]


def test_more_teachers_than_wanted_are_counted_instead(api, section, teacher):
    EnrollmentFactory(section=section, type=BaseType.TEACHER)
    path = f"courses/{section.course_id}"
    assert len(api.get(path, include=["teachers"], teacher_limit=2).json()["teachers"]) == 2
    body = api.get(path, include=["teachers"], teacher_limit=1).json()
    assert ("teachers" in body, body["teacher_count"]) == (False, 2)


def test_the_accounts_of_courses_are_those_that_one_runs_courses_in(section, teacher):
    student = make_student(section)
    (body,) = Api(teacher).get("course_accounts").json()
    assert body["id"] == section.course.account_id
    assert "sis_account_id" not in body
    assert Api(student).get("course_accounts").json() == []


def test_channels_are_the_email_address_of_a_person(api):
    person, silent = UserFactory(email="mia@example.org"), UserFactory(email="")
    (body,) = api.get(f"users/{person.pk}/communication_channels").json()
    assert (body["address"], body["type"], body["user_id"]) == ("mia@example.org", "email", person.pk)
    assert api.get(f"users/{silent.pk}/communication_channels").json() == []


def test_nobody_gets_a_second_login_and_nobody_loses_the_one_they_have(api, root):
    person = UserFactory(login_id="mia")
    answer = api.post(f"accounts/{root.pk}/logins", user={"id": person.pk}, login={"unique_id": "mia2"})
    assert (answer.status_code, "PUT accounts/:id/logins/:id" in answer.content.decode()) == (422, True)
    answer = api.delete(f"users/{person.pk}/logins/{person.pk}")
    assert (answer.status_code, "suspend it" in answer.content.decode()) == (422, True)
    assert api.delete(f"users/{person.pk}/logins/{UserFactory().pk}").status_code == 404
    assert person.pk in {login["user_id"] for login in api.get(f"accounts/{root.pk}/logins").json()}
