"""Forms and questions are declared as classes: what all of them promise, whatever they are about."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.models import AuditEvent, User
from accounts.web.pages import ActionPage, ConfirmPage, FormPage
from courses.models import Term
from tests.factories import UserFactory, make_admin

ODD = "Mia 100%(name)s %d"


@pytest.fixture
def office(root) -> Client:
    client = Client()
    client.force_login(make_admin())
    return client


@pytest.fixture
def mia(root) -> User:
    return UserFactory(name=ODD, short_name=ODD)


def said(answer) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_a_name_with_percent_signs_is_shown_as_it_is_on_the_page_and_afterwards(office, root, mia):
    address = f"/accounts/{root.pk}/users/{mia.pk}/suspend"
    page = office.get(address).content.decode()
    assert f"<h1>Suspend the account of {ODD}?</h1>" in page
    assert f"{ODD} is signed out everywhere right away" in page
    assert said(office.post(address)) == [f"{ODD} can no longer sign in."]


def test_who_has_not_signed_in_is_led_to_the_sign_in_page_and_nothing_is_done(client, root, mia):
    address = f"/accounts/{root.pk}/users/{mia.pk}/suspend"
    for answer in (client.get(address), client.post(address)):
        assert (answer.status_code, answer.url.startswith("/login/canvas")) == (302, True)
    assert User.objects.get(pk=mia.pk).is_active


def test_opening_a_page_does_nothing(office, root, mia):
    before = AuditEvent.objects.count()
    for word in ("edit", "suspend", "sign_out", "delete"):
        assert office.get(f"/accounts/{root.pk}/users/{mia.pk}/{word}").status_code == 200
    assert AuditEvent.objects.count() == before
    assert User.objects.get(pk=mia.pk).is_active


def test_a_form_sent_empty_is_a_complaint_and_no_silence(office, root):
    answer = office.post(f"/accounts/{root.pk}/terms/new")
    assert answer.status_code == 422
    assert "<title>Error: " in answer.content.decode()
    assert not Term.objects.exists()


def test_after_a_complaint_the_title_keeps_the_name_and_the_fields_what_was_typed(office, root, mia):
    UserFactory(login_id="taken")
    answer = office.post(f"/accounts/{root.pk}/users/{mia.pk}/edit", {"name": "Other Name", "login_id": "taken"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"<h1>Edit {ODD}</h1>" in page
    assert 'value="Other Name"' in page
    assert "An account with this login already exists." in str(answer.context["form"].errors["login_id"])


def test_what_a_rule_refuses_stands_on_the_question_with_its_status(office, root):
    admin = User.objects.get(pk=office.session["_auth_user_id"])
    answer = office.post(f"/accounts/{root.pk}/users/{admin.pk}/suspend")
    assert answer.status_code == 403
    assert "You cannot suspend your own account." in answer.content.decode()


def kinds(of: type[ActionPage]) -> set[type[ActionPage]]:
    return {of, *(each for below in of.__subclasses__() for each in kinds(below))}


def test_pages_that_do_something_are_declared_and_not_written():
    """A page of one of the two kinds says what it does; how that goes on is the same for all, but for a few."""
    written = {page.__name__ for page in kinds(ActionPage) if "answer" in vars(page)}
    assert written == {
        "ActionPage",
        "FormPage",
        "ConfirmPage",
        # A search; a form with two ways on; a question with two answers.
        "PersonSearchPage",
        "Observing",
        "AnswerInvitation",
    }
    assert len(kinds(FormPage)) > 12
    assert len(kinds(ConfirmPage)) > 15
