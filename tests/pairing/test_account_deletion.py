"""Deleting an account, and all that ends with it."""

import pytest
from django.test import Client

from accounts.domain.registration import NewUser, register
from accounts.domain.tokens import make_token, token_owner
from accounts.errors import NotAllowed
from accounts.models import AccessToken, AccountAdmin, Action, AuditEvent, BaseType, ObservationLink, User
from courses.domain.observation import link
from courses.models import Enrollment, LinkCourse
from pairing.domain.account_deletion import delete_user, what_goes
from pairing.domain.codes import issue
from pairing.domain.redemption import redeem
from pairing.errors import CodeRefused
from tests.database import statements
from tests.factories import EnrollmentFactory, UserFactory, make_admin, make_student

CODE = ObservationLink.Origin.CODE


@pytest.fixture
def student(root):
    return make_student(name="Mia Lake", login_id="mia", sis_user_id="S1")


def test_everything_ends_and_the_row_stays(admin, student, root):
    parent, child, elder = UserFactory(), make_student(), UserFactory()
    link(parent, student, origin=CODE, by=None)
    link(student, child, origin=CODE, by=None)
    link(elder, child, origin=CODE, by=None)
    section = Enrollment.objects.students().get(user=student).section
    apart = UserFactory()
    EnrollmentFactory(user=apart, section=section, type=BaseType.OBSERVER, associated_user=student)
    role = AccountAdmin.objects.get(user=admin).role
    AccountAdmin.objects.create(user=student, account=root, role=role)
    issue(student, by=student)
    code = issue(student, by=student).text
    token, browser = make_token(student, "x", by=None), Client()
    browser.force_login(student)
    goes = what_goes(student)
    assert what_goes(apart).observed == 1, "without a link, in a single course"
    counted = (goes.enrollments, goes.observed, goes.observers, goes.admin_roles, goes.codes, goes.tokens)
    assert counted == (2, 1, 2, 1, 2, 1)

    delete_user(student, by=admin)

    assert User.objects.get(pk=student.pk).state == User.State.DELETED
    assert not Enrollment.objects.filter(user=student).exclude(state="deleted").exists()
    assert not Enrollment.objects.filter(associated_user=student).exclude(state="deleted").exists()
    links = ObservationLink.objects.filter(state="active")
    assert [(one.observer, one.student) for one in links] == [(elder, child)]
    assert Enrollment.objects.filter(user=elder, associated_user=child, state="active").exists()
    assert not AccountAdmin.objects.filter(user=student, workflow_state="active").exists()
    assert not AccessToken.objects.filter(user=student, revoked_at=None).exists()
    assert token_owner(token) is None
    assert browser.get("/").status_code == 302
    with pytest.raises(CodeRefused):
        redeem(code, observer=UserFactory(), by=UserFactory(), network="192.0.2.1")
    assert set(vars(what_goes(student)).values()) == {0}


def test_it_is_recorded_for_everybody_concerned(admin, student):
    parent = UserFactory()
    link(parent, student, origin=CODE, by=None)
    delete_user(student, by=admin)
    event = AuditEvent.objects.get(action=Action.USER_DELETED)
    assert (event.actor, event.subject) == (admin, student)
    assert event.details["links"] == event.details["enrollments"] == 1
    ended = AuditEvent.objects.get(action=Action.OBSERVING_ENDED)
    assert (ended.actor, ended.subject) == (admin, student)
    assert ended.details == {"observer": parent.pk, "origin": "code", "scope": "all"}


def test_login_and_sis_id_are_free_for_somebody_else(admin, student):
    delete_user(student, by=admin)
    made = register(NewUser(name="New", login_id="MIA", password="", sis_user_id="S1"), by=admin)
    assert (made.login_id, made.sis_user_id) == ("MIA", "S1")
    assert made.pk != student.pk


def test_deleting_twice_is_deleting_once(admin, student):
    delete_user(student, by=admin)
    delete_user(student, by=admin)
    assert AuditEvent.objects.filter(action=Action.USER_DELETED).count() == 1


def test_nobody_deletes_themselves_not_even_by_acting_as_somebody(admin):
    other = make_admin()
    other = other.acted_by(admin)
    for by in (admin, other):
        with pytest.raises(NotAllowed):
            delete_user(admin, by=by)


def test_a_link_limited_to_courses_goes_with_its_courses(admin, student):
    course = Enrollment.objects.get(user=student).section.course
    link(UserFactory(), student, origin=CODE, by=None, course=course)
    delete_user(student, by=admin)
    assert not LinkCourse.objects.exists()


def test_it_takes_the_same_number_of_statements_for_any_number_of_links_and_courses(admin):
    few, many = make_student(), make_student()
    link(UserFactory(), few, origin=CODE, by=None)
    for _number in range(4):
        EnrollmentFactory(user=many)
        link(UserFactory(), many, origin=CODE, by=None)
        issue(many, by=many)
    assert statements(lambda: delete_user(many, by=admin)) == statements(lambda: delete_user(few, by=admin))
