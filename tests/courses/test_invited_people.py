"""Whoever can add people can invite anybody. Until that is accepted, it must open nothing about them."""

import pytest

from accounts.models import BaseType
from courses.domain.members import answer
from courses.models import Enrollment
from pairing.domain.eligibility import refusal_for
from pairing.domain.export import students_of
from tests.api import Api
from tests.factories import EnrollmentFactory, SectionFactory, UserFactory, allow, make_admin, make_student

pytestmark = pytest.mark.usefixtures("root")
State = Enrollment.State


@pytest.fixture
def here(root):
    return SectionFactory()


@pytest.fixture
def child(root):
    """A student of another school."""
    return make_student(login_id="mia@example.org", sis_user_id="S-MIA")


def invite(person, section, state=State.INVITED, type=BaseType.STUDENT):
    return EnrollmentFactory(user=person, section=section, state=state, type=type)


@pytest.mark.parametrize("state", [State.INVITED, State.CREATION_PENDING, State.REJECTED])
def test_no_code_is_made_for_a_student_of_another_school_by_inviting_them(here, child, state):
    invite(child, here, state)
    for by in (make_admin(here.course.account), EnrollmentFactory(section=here, type=BaseType.TEACHER).user):
        allow(BaseType.TEACHER, "generate_observer_pairing_code")
        assert refusal_for(child, by=by) is not None
        assert refusal_for(child, by=by, course=here.course, on_details=True) is not None
    assert child not in students_of(here.course, by=UserFactory())
    Enrollment.objects.filter(user=child, section=here).delete()
    EnrollmentFactory(user=child, section=here)
    assert refusal_for(child, by=make_admin(here.course.account)) is None


def test_being_enrolled_as_something_else_makes_nobody_a_student_there(here, child):
    invite(child, here, State.ACTIVE, BaseType.OBSERVER)
    assert refusal_for(child, by=make_admin(here.course.account)) is not None


def test_somebody_new_counts_as_a_student_once_they_are_enrolled_or_have_accepted(here):
    newcomer, admin = UserFactory(), make_admin(here.course.account)
    invitation = invite(newcomer, here)
    assert refusal_for(newcomer, by=admin) is not None
    assert newcomer not in students_of(here.course, by=UserFactory())
    answer(invitation, accepts=True, by=newcomer)
    assert refusal_for(newcomer, by=admin) is None
    assert newcomer in students_of(here.course, by=UserFactory())
    other = UserFactory()
    made = Api(admin).post(
        f"courses/{here.course_id}/enrollments", enrollment={"user_id": other.pk, "enrollment_state": "active"}
    )
    assert made.json()["enrollment_state"] == "active"
    assert made.json()["user"]["login_id"] == other.login_id
    assert refusal_for(other, by=admin) is None


def test_a_teacher_reads_grades_of_whom_they_invited_once_it_is_accepted(here, child, client):
    invitation = invite(child, here)
    client.force_login(EnrollmentFactory(section=here, type=BaseType.TEACHER).user)
    details, grades = f"/courses/{here.course_id}/users/{child.pk}", f"/courses/{here.course_id}/grades"
    assert grades not in client.get(details).content.decode()
    assert client.get(grades, {"student": child.pk}).status_code == 404
    answer(invitation, accepts=True, by=child)
    assert grades in client.get(details).content.decode()
    assert client.get(grades, {"student": child.pk}).status_code == 200


def test_a_teacher_learns_the_name_only_of_whom_they_invited(here, child, client):
    teacher = EnrollmentFactory(section=here, type=BaseType.TEACHER).user
    api = Api(teacher)
    assert api.get(f"users/{child.pk}").status_code == 403
    made = api.post(f"courses/{here.course_id}/enrollments", enrollment={"user_id": child.pk})
    client.force_login(teacher)
    people = f"/courses/{here.course_id}/users"
    answers = [
        made,
        api.get(f"users/{child.pk}"),
        api.get(f"courses/{here.course_id}/enrollments", include=["email"]),
        api.get(f"courses/{here.course_id}/users/{child.pk}", include=["email", "enrollments"]),
        client.get(people),
        client.get(f"{people}/{child.pk}"),
    ]
    for shown in answers:
        assert shown.status_code == 200
        assert child.name in shown.content.decode()
        assert "mia@example.org" not in shown.content.decode()
        assert "S-MIA" not in shown.content.decode()
    answer(Enrollment.objects.get(user=child, section__course=here.course), accepts=True, by=child)
    assert api.get(f"users/{child.pk}").json()["login_id"] == "mia@example.org"


@pytest.mark.parametrize("state", ["active", ""])
@pytest.mark.parametrize("type", ["StudentEnrollment", "ObserverEnrollment"])
def test_people_of_another_school_are_asked_and_not_taken(here, child, state, type):
    teacher = EnrollmentFactory(section=here, type=BaseType.TEACHER).user
    wanted = {"user_id": child.pk, "enrollment_state": state, "type": type}
    for by in (teacher, make_admin(here.course.account)):
        made = Api(by).post(f"courses/{here.course_id}/enrollments", enrollment=wanted)
        assert made.json()["enrollment_state"] == "invited"
    made = Api(make_admin()).post(
        f"courses/{here.course_id}/enrollments", enrollment={**wanted, "enrollment_state": "active"}
    )
    assert made.json()["enrollment_state"] == "active"
