"""Whoever the school added as an observer in single courses learns why, and finds a way out."""

import pytest

from accounts.models import AuditEvent, BaseType, ObservationLink, User
from courses.access.courses import observed_students
from courses.domain.observation import link
from courses.models import Course, Enrollment, Section
from tests.factories import CourseFactory, EnrollmentFactory, SectionFactory, UserFactory, make_student

PAGE = "/profile/observees"


@pytest.fixture
def section(root) -> Section:
    return SectionFactory(course=CourseFactory(name="Biology"))


@pytest.fixture
def student(section) -> User:
    return make_student(section, SectionFactory(course=CourseFactory(name="Drama")), name="Mia Stone")


@pytest.fixture
def observer(client, section, student) -> User:
    """Added by the school to Biology, and signed in."""
    user = EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student, user__name="Pat").user
    client.force_login(user)
    return user


def leave(student: User) -> str:
    return f"{PAGE}/{student.pk}/leave"


def states(observer: User) -> set[str]:
    return set(Enrollment.objects.filter(user=observer).values_list("state", flat=True))


def test_the_page_says_why_they_see_the_student_and_leads_out(client, observer, student):
    page = client.get(PAGE).content.decode()
    assert "because the school added you there" in page
    assert leave(student) in page
    asked = client.get(leave(student)).content.decode()
    assert "Biology" in asked
    assert "Drama" not in asked
    assert states(observer) == {"active"}


def test_stopping_takes_effect_at_once_is_recorded_and_touches_nobody_else(client, observer, student, section):
    other = EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student).user
    page = client.post(leave(student), follow=True).content.decode()
    assert "You are no longer observing Mia Stone in individual courses." in page
    assert states(observer) == {"deleted"}
    assert not observed_students(observer)
    assert client.get(f"/courses/{section.course_id}").status_code == 404
    assert states(other) == {"active"}
    assert AuditEvent.objects.filter(actor=observer, subject=observer, details__state="deleted").exists()


def test_pressed_twice_it_is_done_once_and_said_both_times(client, observer, student):
    for _press in range(2):
        page = client.post(leave(student), follow=True).content.decode()
        assert "You are no longer observing Mia Stone in individual courses." in page
    recorded = AuditEvent.objects.filter(actor=observer).values_list("action", flat=True)
    assert sorted(recorded) == ["enrollment.changed", "observing.ended"]
    assert client.get(leave(student)).status_code == 404


def test_what_an_observer_sees_by_a_link_stays(client, observer, student):
    link(observer, student, origin=ObservationLink.Origin.CODE, by=observer)
    assert client.get(leave(student)).status_code == 404
    assert client.post(leave(student)).status_code == 404
    assert states(observer) == {"active"}


def test_nobody_ends_what_is_not_theirs(client, observer, section):
    assert client.get(leave(make_student(section))).status_code == 404
    assert client.post(leave(UserFactory())).status_code == 404


def test_a_course_that_is_not_open_can_be_left_too(client, observer, student, section):
    Course.objects.filter(pk=section.course_id).update(workflow_state=Course.State.UNPUBLISHED)
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "No open courses at the moment." in page.content.decode()
    assert client.post(leave(student)).status_code == 302


def test_a_deleted_course_is_not_named(client, observer, student):
    gone = SectionFactory(course=CourseFactory(name="Gone", workflow_state=Course.State.DELETED))
    # As a course can be left by rows that came from elsewhere: deleting one ends what is in it.
    EnrollmentFactory(user=observer, section=gone, type=BaseType.OBSERVER, associated_user=student)
    page = client.get(leave(student)).content.decode()
    assert "Biology" in page
    assert "Gone" not in page


class TestWithoutAStudent:
    """Somebody added as an observer of nobody yet."""

    @pytest.fixture
    def visitor(self, client, section) -> User:
        user = EnrollmentFactory(section=section, type=BaseType.OBSERVER).user
        client.force_login(user)
        return user

    def test_the_dashboard_explains_instead_of_calling_the_course_their_own(self, client, visitor):
        page = client.get("/").content.decode()
        assert "Courses you were added to as an observer" in page
        assert "You are not linked to a student there yet." in page
        assert "Biology" in page
        assert "Your own courses" not in page

    def test_the_course_explains_that_nobody_is_observed_there(self, client, visitor, section):
        page = client.get(f"/courses/{section.course_id}").content.decode()
        assert "You are in this course as an observer, but not linked to a student yet." in page

    def test_only_observers_without_a_student_read_that_explanation(self, client, student, section):
        client.force_login(student)
        assert "not linked to a student yet" not in client.get(f"/courses/{section.course_id}").content.decode()
