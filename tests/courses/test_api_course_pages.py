"""The pages of a course that the API lists are those that the site shows, and its settings say what is so."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import BaseType, ObservationLink
from courses.domain.observation import link
from courses.models import Course
from tests.api import Api
from tests.factories import CourseFactory, EnrollmentFactory, SectionFactory, UserFactory, make_admin, make_student

pytestmark = pytest.mark.django_db

EVERYBODY = ["home", "announcements", "assignments", "syllabus"]


@pytest.fixture
def section(root):
    return SectionFactory(course=CourseFactory(account=root))


@pytest.fixture
def people(section):
    """A person of each kind who is shown the course."""
    student = make_student(section)
    observer = UserFactory()
    link(observer, student, origin=ObservationLink.Origin.API, by=None)
    return {
        "student": student,
        "observer": observer,
        "teacher": EnrollmentFactory(section=section, type=BaseType.TEACHER).user,
        "admin": make_admin(),
    }


@pytest.mark.parametrize(
    ("who", "more"),
    [("student", ["grades"]), ("observer", ["grades"]), ("teacher", ["people"]), ("admin", ["people"])],
)
def test_the_pages_are_those_that_the_site_shows_to_the_same_person(section, people, who, more):
    course, api = section.course_id, Api(people[who])
    found = api.get(f"courses/{course}/tabs").json()
    assert [tab["id"] for tab in found] == [*EVERYBODY, *more]
    assert [tab["position"] for tab in found] == [1, 2, 3, 4, 5]
    client = Client()
    client.force_login(people[who])
    (bar,) = re.findall(r'<nav class="tabs".*?</nav>', client.get(f"/courses/{course}").content.decode(), re.DOTALL)
    assert re.findall(r'href="([^"]+)"', bar) == [tab["html_url"] for tab in found]
    for tab in found:
        assert client.get(tab["html_url"]).status_code == 200
        assert tab["full_url"] == f"http://testserver{tab['html_url']}"
    assert api.get(f"courses/{course}", include=["tabs"]).json()["tabs"] == found


def test_a_person_with_several_roles_has_the_pages_of_all(section, people):
    EnrollmentFactory(section=section, user=people["teacher"], type=BaseType.STUDENT)
    found = Api(people["teacher"]).get(f"courses/{section.course_id}/tabs").json()
    assert [tab["id"] for tab in found] == [*EVERYBODY, "grades", "people"]
    assert [tab["visibility"] for tab in found] == ["members"] * 5 + ["admins"]


def test_the_pages_are_a_list_like_any_other(section, people):
    answer = Api(people["student"]).get(f"courses/{section.course_id}/tabs", per_page=2, page=2)
    assert [tab["id"] for tab in answer.json()] == ["assignments", "syllabus"]
    assert 'rel="next"' in answer.headers["Link"]


@pytest.mark.parametrize("what", ["tabs", "settings"])
def test_who_is_not_shown_the_course_is_told_nothing_of_it(section, people, what):
    path = f"courses/{section.course_id}/{what}"
    assert Api(UserFactory()).get(path).status_code == 403
    Course.objects.update(workflow_state="unpublished")
    assert Api(people["student"]).get(path).status_code == 403
    assert Api(people["teacher"]).get(path).status_code == 200
    Course.objects.update(workflow_state="available", start_at=timezone.now() + timedelta(days=1))
    Course.objects.update(restrict_enrollments_to_course_dates=True)
    assert Api(people["observer"]).get(path).status_code == 403
    Course.objects.update(workflow_state="deleted")
    assert Api(people["admin"]).get(path).status_code == 404


def test_the_settings_come_by_themselves_and_with_the_course(section, people):
    api = Api(people["observer"])
    found = api.get(f"courses/{section.course_id}/settings").json()
    assert (found["hide_final_grades"], found["grading_standard_id"]) == (False, None)
    assert (found["restrict_student_future_view"], found["restrict_student_past_view"]) == (True, False)
    (listed,) = api.get("courses", include=["settings", "tabs"]).json()
    assert listed["settings"] == found
    assert [tab["id"] for tab in listed["tabs"]] == [*EVERYBODY, "grades"]


def test_a_course_comes_with_its_account_as_far_as_one_may_read_it(section, people, root):
    root.sis_account_id = "D1"
    root.save(update_fields=["sis_account_id"])
    for who, sees in (("admin", True), ("student", False)):
        body = Api(people[who]).get(f"courses/{section.course_id}", include=["account"]).json()["account"]
        assert (body["id"], body["name"], "sis_account_id" in body) == (root.pk, root.name, sees)


def test_the_pages_and_accounts_of_many_courses_take_the_same_statements(
    people, section, root, django_assert_max_num_queries
):
    wanted = ["tabs", "settings", "account"]
    for _number in range(4):
        EnrollmentFactory(section=SectionFactory(course=CourseFactory(account=root)), user=people["student"])
    for who, path, number in (("student", "courses", 5), ("admin", f"accounts/{root.pk}/courses", 5)):
        api = Api(people[who])
        with django_assert_max_num_queries(12):
            assert len(api.get(path, include=wanted).json()) == number
