"""The page where self registration, and with it pairing, is switched; and the terms."""

import pytest

from accounts.models import Account, Action, AuditEvent, BaseType, CodeScope, Role, RoleOverride, SelfRegistration
from tests.factories import AccountFactory, UserFactory, make_admin


def page_of(account):
    return f"/accounts/{account.pk}/authentication_providers"


@pytest.fixture
def as_admin(client, root):
    client.admin = make_admin(name="Alex Root")
    client.force_login(client.admin)
    return client


def test_the_authentication_page_asks_to_sign_in(client, root):
    assert client.get(page_of(root)).status_code == 302


def test_the_authentication_page_is_for_administrators_of_the_institution(client, root):
    for person in (UserFactory(), make_admin(AccountFactory())):
        client.force_login(person)
        assert client.get(page_of(root)).status_code == 403
        assert client.post(page_of(root), {"self_registration": "none"}).status_code == 403
    root.refresh_from_db()
    assert root.self_registration == SelfRegistration.ALL


def test_the_authentication_page_needs_the_permission_to_manage_settings(as_admin, root):
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    RoleOverride.objects.create(account=root, role=role, permission="manage_account_settings", enabled=False)
    assert as_admin.get(page_of(root)).status_code == 403


def test_sub_accounts_have_no_such_page(as_admin, root):
    assert as_admin.get(page_of(AccountFactory())).status_code == 404
    assert as_admin.get("/accounts/999999/authentication_providers").status_code == 404


def test_the_authentication_page_shows_the_three_choices_and_what_each_means(as_admin, root):
    page = as_admin.get(page_of(root)).content.decode()
    for label in ("Nobody", "Observer accounts only", "All account types", "What turning this off means"):
        assert label in page
    assert "Not changed since this site was set up." in page


@pytest.mark.parametrize("value", SelfRegistration.values)
def test_saving_self_registration_takes_effect_at_once(as_admin, root, value):
    Account.objects.filter(pk=root.pk).update(self_registration="none" if value != "none" else "all")
    answer = as_admin.post(page_of(root), {"self_registration": value}, follow=True)
    page = answer.content.decode()
    assert "Saved." in page
    assert "Last changed by Alex Root on" in page
    root.refresh_from_db()
    assert root.self_registration == value
    assert AuditEvent.objects.get(action=Action.SELF_REGISTRATION_CHANGED).actor == as_admin.admin


def test_what_codes_from_a_course_open_is_set_there_too(as_admin, root):
    answer = as_admin.post(page_of(root), {"self_registration": "all", "code_scope": "course"}, follow=True)
    assert "Saved." in answer.content.decode()
    root.refresh_from_db()
    assert root.code_scope == CodeScope.COURSE
    event = AuditEvent.objects.get(action=Action.CODE_SCOPE_CHANGED)
    assert (event.actor, event.details) == (as_admin.admin, {"before": "all", "after": "course"})
    as_admin.post(page_of(root), {"self_registration": "all"})
    root.refresh_from_db()
    assert root.code_scope == CodeScope.COURSE


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"self_registration": "none", "code_scope": "galaxy"},
        {"self_registration": "everything"},
        {"self_registration": ""},
    ],
)
def test_an_unknown_choice_is_refused_and_changes_nothing(as_admin, root, given):
    assert as_admin.post(page_of(root), given).status_code == 422
    root.refresh_from_db()
    assert root.self_registration == SelfRegistration.ALL


def test_a_form_from_another_site_is_refused(root, client):
    strict = type(client)(enforce_csrf_checks=True)
    strict.force_login(make_admin())
    answer = strict.post(page_of(root), {"self_registration": "none"})
    assert answer.status_code == 403
    assert "Please try that again" in answer.content.decode()
    root.refresh_from_db()
    assert root.self_registration == SelfRegistration.ALL


def test_everyone_can_read_the_terms_of_use(client, root):
    assert "Your account" in client.get("/terms").content.decode()
    Account.objects.update(terms_of_use="Be kind.\n\nRead <b>everything</b>.")
    page = client.get("/terms").content.decode()
    assert "Be kind." in page
    assert "Your account" not in page
    assert "<b>everything" not in page
