"""What lets people in ends with what it was for, whether a roster or a hand has changed it."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.domain.tokens import make_token, token_owner
from accounts.models import Action, AuditEvent, User
from pairing.domain.codes import issue
from pairing.domain.redemption import redeem
from pairing.errors import CodeRefused
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from tests.factories import PASSWORD, SectionFactory, UserFactory, make_student
from tests.jobs import work_off_jobs

HEADER = "user_id,login_id,email,status"
MIA = "MIA,mia,mia@example.org"


@pytest.fixture
def mia(root):
    return make_student(
        SectionFactory(), name="Mia Lake", sis_user_id="MIA", login_id="mia", email="mia@example.org", password=PASSWORD
    )


def signed_in(person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/profile/settings").status_code == 200


def ask_for_link(address: str) -> None:
    Client().post("/login/password/reset", {"email": address})
    work_off_jobs()


def opens(mail) -> bool:
    """Whether the link in this mail still leads to choosing a password."""
    address = next(word for word in mail.body.split() if "/login/password/reset/key/" in word)
    page = Client().get(address.removeprefix("http://testserver"), follow=True)
    return "password1" in page.content.decode()


def test_no_link_to_choose_a_password_goes_to_an_address_that_a_roster_has_replaced(load, mia, mailoutbox):
    EmailAddress.objects.create(user=mia, email="mia@example.org", primary=True, verified=True)
    ask_for_link("mia@example.org")
    assert opens(mailoutbox[0])
    load(users=f"{HEADER}\nMIA,mia,new@example.org,active")
    ask_for_link("mia@example.org")
    ask_for_link("new@example.org")
    assert [mail.to for mail in mailoutbox] == [["mia@example.org"], ["new@example.org"]]
    assert not opens(mailoutbox[0]), "the link sent earlier still works"


def test_an_address_that_stays_is_forgotten_by_nobody(load, mia):
    EmailAddress.objects.create(user=mia, email="mia@example.org", primary=True, verified=True)
    load(users=f"{HEADER}\n{MIA},active\nBAD,bad,not an address,active")
    assert EmailAddress.objects.filter(user=mia).exists()


@pytest.mark.parametrize("status", ["active", "suspended"])
def test_somebody_deleted_and_brought_back_finds_nothing_that_let_them_in_before(load, mia, mailoutbox, status):
    browser, token = signed_in(mia), make_token(mia, "app", by=None)
    ask_for_link("mia@example.org")
    assert is_in(browser)
    load(users=f"{HEADER}\n{MIA},deleted")
    load(users=f"{HEADER}\n{MIA},{status}")
    load(users=f"{HEADER}\n{MIA},active")
    assert User.objects.get(pk=mia.pk).is_active
    assert (is_in(browser), token_owner(token)) == (False, None)
    assert not opens(mailoutbox[0])


def test_whoever_is_suspended_is_signed_out_but_keeps_their_tokens_for_later(load, mia):
    browser, token = signed_in(mia), make_token(mia, "app", by=None)
    load(users=f"{HEADER}\n{MIA},suspended")
    assert token_owner(token) is None
    load(users=f"{HEADER}\n{MIA},active")
    assert (is_in(browser), token_owner(token)) == (False, mia)


def test_whoever_stays_as_they_are_stays_signed_in(load, mia):
    browser, token = signed_in(mia), make_token(mia, "app", by=None)
    load(users=f"{HEADER}\n{MIA},active")
    assert (is_in(browser), token_owner(token)) == (True, mia)
    assert not AuditEvent.objects.filter(subject=mia, action__startswith="user.").exists()


def test_codes_of_somebody_deleted_open_nothing_even_when_they_are_back(load, mia):
    code, parent = issue(mia, by=mia).text, UserFactory()
    load(users=f"{HEADER}\n{MIA},deleted")
    load(users=f"{HEADER}\n{MIA},active")
    with pytest.raises(CodeRefused):
        redeem(code, observer=parent, by=parent, network="192.0.2.1")


def test_taking_an_import_back_lets_nobody_in_by_what_they_had_before(load, mia, admin, root):
    browser, token = signed_in(mia), make_token(mia, "app", by=None)
    made = load(users=f"{HEADER}\n{MIA},deleted\nNEW,new,,active")
    new = User.objects.get(sis_user_id="NEW")
    newcomer, of_new = signed_in(new), make_token(new, "app", by=None)
    begin_restoring(made, by=admin)
    work_off(root)
    assert User.objects.get(pk=mia.pk).is_active
    assert (is_in(browser), token_owner(token)) == (False, None)
    load(users=f"{HEADER}\nNEW,new,,active")
    assert (is_in(newcomer), token_owner(of_new)) == (False, None)


def test_it_is_recorded_as_if_done_by_hand(load, mia, admin):
    imports = [
        load(users=f"{HEADER}\nMIA,mia2,new@example.org,active").pk,
        load(users=f"{HEADER}\nMIA,mia2,new@example.org,suspended").pk,
        load(users=f"{HEADER}\nMIA,mia2,new@example.org,active").pk,
        load(users=f"{HEADER}\nMIA,mia2,new@example.org,deleted").pk,
    ]
    told = AuditEvent.objects.filter(subject=mia, action__startswith="user.").order_by("id")
    assert [one.action for one in told] == [
        Action.USER_CHANGED,
        Action.USER_SUSPENDED,
        Action.USER_REACTIVATED,
        Action.USER_DELETED,
    ]
    assert {one.actor for one in told} == {admin}
    assert [one.details["sis_import"] for one in told] == imports
    assert told[0].details["fields"] == ["email", "login_id"]
