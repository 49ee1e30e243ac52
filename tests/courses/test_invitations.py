"""Invitations: which one finds, in which order, and what an answer leaves behind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import NotAllowed, NotThere
from accounts.models import AuditEvent, BaseType
from courses.domain.members import answer, invitations_of
from courses.models import Course, Enrollment, Section
from tests.api import Api
from tests.factories import CourseFactory, EnrollmentFactory, SectionFactory, UserFactory, make_admin

pytestmark = pytest.mark.usefixtures("root")
State = Enrollment.State


@pytest.fixture
def invited(section) -> Enrollment:
    return EnrollmentFactory(section=section, state=State.INVITED)


@pytest.mark.parametrize("state", [state for state in State if state != State.INVITED])
def test_only_what_waits_for_an_answer_is_an_invitation(section, state):
    other = EnrollmentFactory(section=section, state=state)
    assert not invitations_of(other.user)
    with pytest.raises(NotThere, match="This invitation has already been answered"):
        answer(other, accepts=True, by=other.user)
    other.refresh_from_db()
    assert other.state == state


@pytest.mark.parametrize("record", [Section, Course])
def test_there_is_none_to_what_was_deleted(invited, record):
    assert list(invitations_of(invited.user)) == [invited]
    record.objects.update(workflow_state="deleted")
    assert not invitations_of(invited.user)


def test_they_come_by_course_and_one_sees_no_others(section):
    person = UserFactory()
    last, first = (
        EnrollmentFactory(user=person, state=State.INVITED, section=SectionFactory(course=CourseFactory(name=name)))
        for name in ("Zoology", "Algebra")
    )
    EnrollmentFactory(section=section, state=State.INVITED)
    assert list(invitations_of(person)) == [first, last]


@pytest.mark.parametrize(
    ("base_type", "waits"),
    [
        (BaseType.STUDENT, False),
        (BaseType.OBSERVER, False),
        (BaseType.TEACHER, True),
        (BaseType.TA, True),
        (BaseType.DESIGNER, True),
    ],
)
def test_who_helps_to_run_a_course_is_asked_before_it_opens(base_type, waits):
    for course in ({"workflow_state": "unpublished"}, {"start_at": timezone.now() + timedelta(days=1)}):
        section = SectionFactory(course=CourseFactory(**course))
        person = EnrollmentFactory(section=section, type=base_type, state=State.INVITED).user
        assert bool(invitations_of(person)) is waits


@pytest.mark.parametrize(("accepts", "state"), [(True, "active"), (False, "rejected")])
def test_an_answer_is_the_persons_own_and_recorded_as_such(invited, accepts, state):
    answer(invited, accepts=accepts, by=invited.user)
    found = Enrollment.objects.get(pk=invited.pk)
    assert (found.state, found.accepted_through) == (state, "person" if accepts else "")
    assert (found.accepted_at is not None) is accepts
    event = AuditEvent.objects.get(action="enrollment.changed")
    assert (event.actor, event.subject) == (invited.user, invited.user)
    assert (event.details["before"], event.details["state"]) == ("invited", state)


def test_nobody_answers_for_another_not_even_an_admin(invited):
    for by in (make_admin(), EnrollmentFactory(section=invited.section, type=BaseType.TEACHER).user):
        with pytest.raises(NotAllowed, match="Only the invited person can answer"):
            answer(invited, accepts=True, by=by)
    with pytest.raises(NotAllowed, match="acting as someone else"):
        answer(invited, accepts=True, by=invited.user.acted_by(make_admin()))


class TestThroughTheApi:
    def path(self, enrollment: Enrollment, word: str = "") -> str:
        return f"courses/{enrollment.section.course_id}/enrollments/{enrollment.pk}{word}"

    def test_an_invitation_is_answered_in_its_own_course_only(self, invited):
        elsewhere = SectionFactory()
        path = f"courses/{elsewhere.course_id}/enrollments/{invited.pk}/accept"
        assert Api(invited.user).post(path).status_code == 404
        assert Api(invited.user).post(self.path(invited, "/accept")).json() == {"success": True}

    def test_only_what_is_inactive_or_concluded_is_reactivated(self, invited):
        answer = Api(make_admin()).put(self.path(invited, "/reactivate"))
        assert answer.status_code == 400
        assert "Only inactive and concluded enrollments can be reactivated." in answer.content.decode()

    @pytest.mark.parametrize("task", ["conclude", "inactivate", "deactivate", "delete"])
    def test_staff_take_an_invitation_back_by_whatever_ends_it_and_again_is_the_same_success(self, invited, task):
        for _ in range(2):
            ended = Api(make_admin()).delete(self.path(invited), task=task)
            if ended.status_code == 404:
                break
            assert ended.json()["enrollment_state"] == "deleted"
        assert Enrollment.objects.get(pk=invited.pk).state == "deleted"
        assert AuditEvent.objects.filter(action="enrollment.changed").count() == 1

    @pytest.mark.parametrize(
        ("given", "field", "message"),
        [
            ({"user_id": ""}, "user_id", "Choose the person to enroll"),
            ({"role": "Hall monitor"}, "role", "This course has no such role."),
            (
                {"type": "ObserverEnrollment", "associated_user_id": "{teacher}"},
                "associated_user_id",
                "not a student here",
            ),
            ({"course_section_id": "{foreign}"}, "course_section_id", "This section does not belong to this course."),
        ],
    )
    def test_what_cannot_be_enrolled_says_which_field_and_why(self, section, teacher, given, field, message):
        names = {"teacher": teacher.pk, "foreign": SectionFactory().pk}
        wanted = {"user_id": UserFactory().pk, **{key: text.format(**names) for key, text in given.items()}}
        answer = Api(make_admin()).post(f"courses/{section.course_id}/enrollments", enrollment=wanted)
        assert answer.status_code == 400
        complaints = {name.removeprefix("enrollment."): found for name, found in answer.json()["errors"].items()}
        assert message in complaints[field][0]["message"]
