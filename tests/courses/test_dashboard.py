"""The dashboard: whose courses somebody sees there, and the choice between several students."""

import pytest
from django.urls import reverse

from accounts.models import BaseType, ObservationLink
from courses.domain.observation import link, unlink
from courses.models import Course
from tests.factories import EnrollmentFactory, UserFactory

CODE = ObservationLink.Origin.CODE


@pytest.fixture
def second_student(school):
    """Another student the observer follows, in another course."""
    student = EnrollmentFactory(user__name="Noah Lake", section__course__name="Drama").user
    link(school.observer, student, origin=CODE, by=None)
    return student


def test_the_dashboard_asks_to_sign_in(visit, root):
    assert visit(None, "/").headers["Location"] == "/login/canvas?next=/"


def test_an_observer_sees_the_students_courses_labelled_with_the_student(visit, school):
    page = visit(school.observer, "/").content.decode()
    assert "Biology 7" in page
    assert "Observing Mia Lake" in page
    assert "Chemistry 9" not in page


def test_with_one_student_there_is_nothing_to_choose(visit, school):
    assert "select_student" not in visit(school.observer, "/").content.decode()
    assert reverse("select_student") not in visit(school.observer, "/").content.decode()


def test_with_two_students_the_choice_is_remembered(client, school, second_student):
    client.force_login(school.observer)
    assert "Drama" not in client.get("/").content.decode()
    answer = client.post(reverse("select_student"), {"student": second_student.pk})
    cookie = answer.cookies[f"k5_observed_user_for_{school.observer.pk}"]
    assert cookie.value == str(second_student.pk)
    assert cookie["httponly"]
    page = client.get("/").content.decode()
    assert "Drama" in page
    assert "Biology 7" not in page


def test_a_student_one_does_not_observe_cannot_be_chosen(client, school, second_student):
    client.force_login(school.observer)
    for value in (school.classmate.pk, "x", "", "9" * 30):
        assert client.post(reverse("select_student"), {"student": value}).status_code == 404


def test_a_cookie_naming_a_student_one_does_not_observe_is_ignored(client, school):
    client.force_login(school.observer)
    for value in (str(school.classmate.pk), str(school.outsider.pk), "x"):
        client.cookies[f"k5_observed_user_for_{school.observer.pk}"] = value
        page = client.get("/").content.decode()
        assert "Observing Mia Lake" in page
        assert "Ben Hill" not in page
        assert "Olga Far" not in page


def test_choosing_a_student_on_the_dashboard_needs_a_post(client, school):
    client.force_login(school.observer)
    assert client.get(reverse("select_student"), {"student": school.student.pk}).status_code == 405


def test_a_linked_student_without_courses_is_shown_and_explained(visit, root):
    observer, student = UserFactory(), UserFactory(name="Lone Star", initial_enrollment_type="student")
    link(observer, student, origin=CODE, by=None)
    page = visit(observer, "/").content.decode()
    assert "Lone Star has no open courses at the moment." in page


def test_unpublished_courses_are_not_on_the_dashboard_of_student_or_observer(visit, school):
    Course.objects.filter(pk=school.course.pk).update(workflow_state=Course.State.UNPUBLISHED)
    assert "Biology 7" not in visit(school.observer, "/").content.decode()
    assert "Biology 7" not in visit(school.student, "/").content.decode()
    assert "Biology 7" in visit(school.teacher, "/").content.decode()


def test_after_unlinking_nothing_is_left(visit, school):
    unlink(school.link, by=school.observer)
    page = visit(school.observer, "/").content.decode()
    assert "Biology 7" not in page
    assert "Mia Lake" not in page


def test_an_empty_dashboard_leads_to_observing(visit, root):
    page = visit(UserFactory(), "/").content.decode()
    assert "Nothing here yet" in page
    assert reverse("observees") in page


@pytest.mark.parametrize("who", ["student", "teacher"])
def test_own_courses_have_a_section_of_their_own(visit, school, who):
    page = visit(getattr(school, who), "/").content.decode()
    assert "Your own courses" in page
    assert "Biology 7" in page
    assert "Observing" in page  # in the menu only
    assert "Observing Mia" not in page


def test_the_dashboard_takes_as_many_statements_for_many_courses_as_for_few(client, school, django_assert_num_queries):
    client.force_login(school.observer)
    # Session, reader, students, site, invitations, observed courses, own courses.
    with django_assert_num_queries(7):
        client.get("/")
    for _number in range(5):
        student = EnrollmentFactory().user
        link(school.observer, student, origin=CODE, by=None)
        EnrollmentFactory(user=school.student)
        EnrollmentFactory(user=school.observer, type=BaseType.TEACHER)
    with django_assert_num_queries(7):
        client.get("/")
