"""What the API says of people, accounts, roles and settings, key by key, as far as the reader may know it."""

from datetime import UTC, datetime

import pytest

from accounts.api.bodies import account_body, own_body, profile_body, provider_body, terms_body, user_body
from accounts.api.roles import BUILT_IN
from accounts.domain.roles import set_permission
from accounts.models import Account, BaseType, Role, SelfRegistration, User
from accounts.permissions.registry import Permission
from tests.api import Api
from tests.factories import AccountFactory, make_admin

SIS, LOGINS = Permission.READ_SIS, Permission.VIEW_USER_LOGINS
CREATED = datetime(2026, 11, 30, tzinfo=UTC)
NAMES = {"id", "name", "created_at", "sortable_name", "short_name"}


def person(**fields) -> User:
    return User(
        **{
            "pk": 7,
            "name": "Mia Lake",
            "short_name": "Mia",
            "sortable_name": "Lake, Mia",
            "login_id": "mia",
            "email": "mia@example.org",
            "sis_user_id": "S1",
            "pronouns": "",
            "created_at": CREATED,
            **fields,
        }
    )


# People


@pytest.mark.parametrize(
    ("keys", "include", "more"),
    [
        ((), (), {}),
        ((), ("email", "avatar_url"), {"avatar_url": None}),
        ((SIS,), (), {"sis_user_id": "S1", "integration_id": None}),
        ((LOGINS,), (), {"login_id": "mia"}),
        ((LOGINS,), ("email",), {"login_id": "mia", "email": "mia@example.org"}),
        ((Permission.READ_ROSTER, Permission.MANAGE_USER_LOGINS), ("email",), {}),
    ],
)
def test_of_a_person_readers_are_told_names_and_what_their_permissions_open(keys, include, more):
    assert user_body(person(), keys, include) == {
        "id": 7,
        "name": "Mia Lake",
        "created_at": CREATED,
        "sortable_name": "Lake, Mia",
        "short_name": "Mia",
        **more,
    }


@pytest.mark.parametrize(("pronouns", "told"), [("", {}), ("she/her", {"pronouns": "she/her"})])
def test_pronouns_are_told_to_everyone_once_a_person_has_set_them(pronouns, told):
    body = user_body(person(pronouns=pronouns))
    assert body.keys() - NAMES == told.keys()
    assert body.get("pronouns", "") == pronouns


def test_a_person_without_an_address_has_none():
    assert user_body(person(email=""), (LOGINS,), ("email",))["email"] is None


def test_people_read_of_themselves_what_the_keys_open_and_that_the_apps_may_change_nothing():
    body = own_body(person(locale="de"), (SIS, LOGINS))
    assert body.keys() - NAMES == {
        *("sis_user_id", "integration_id", "login_id", "email", "avatar_url"),
        *("locale", "effective_locale", "permissions"),
    }
    assert (body["locale"], body["effective_locale"]) == ("de", "de")
    assert not any(body["permissions"].values())
    fewer = own_body(person(), ())
    assert not {"login_id", "email", "sis_user_id"} & fewer.keys(), "while someone acts as them"
    assert (fewer["locale"], fewer["effective_locale"]) == (None, "en")


def test_the_profile_has_its_keys_whatever_is_set_and_the_address_only_with_logins():
    body = profile_body(person(time_zone="", locale=""), ())
    assert body.keys() - NAMES == {
        *("avatar_url", "locale", "effective_locale", "time_zone", "pronouns", "title", "bio", "k5_user"),
    }
    assert (body["time_zone"], body["pronouns"], body["locale"]) == (None, None, None)
    assert profile_body(person(), (LOGINS,))["primary_email"] == "mia@example.org"
    assert profile_body(person(email=""), (LOGINS,))["primary_email"] is None
    assert profile_body(person(time_zone="Asia/Tokyo", pronouns="she"), ())["time_zone"] == "Asia/Tokyo"


# Accounts and settings


def test_of_an_account_its_sis_ids_are_told_with_the_permission_for_them():
    root = Account(pk=1, name="District")
    school = Account(pk=2, name="North", parent=root, sis_account_id="N", default_time_zone="Asia/Tokyo")
    body = account_body(school, root, ())
    assert (body["id"], body["name"], body["workflow_state"]) == (2, "North", "active")
    assert (body["parent_account_id"], body["root_account_id"], body["default_time_zone"]) == (1, 1, "Asia/Tokyo")
    assert account_body(school, root, (SIS,)) == {**body, "sis_account_id": "N", "integration_id": None}
    assert (account_body(root, root, ())["parent_account_id"], account_body(root, root, ())["root_account_id"]) == (
        None,
        None,
    )


@pytest.mark.parametrize(("text", "kind", "content"), [("", "default", None), ("Be kind.", "custom", "Be kind.")])
def test_the_terms_are_the_institutions_or_the_default(text, kind, content):
    body = terms_body(Account(pk=1, terms_of_use=text, self_registration=SelfRegistration.OBSERVER))
    assert (body["terms_type"], body["content"], body["self_registration_type"]) == (kind, content, "observer")
    assert body["passive"] is False


@pytest.mark.parametrize(("value", "is_on"), [("none", False), ("observer", True), ("all", True)])
def test_the_way_to_sign_in_says_who_may_sign_up_and_whether_accounts_come_by_pairing(value, is_on):
    body = provider_body(Account(pk=1, self_registration=value))
    assert (body["self_registration"], body["jit_provisioning"], body["auth_type"]) == (value, is_on, "canvas")


# Roles


@pytest.fixture
def api(root) -> Api:
    return Api(make_admin())


def told(api: Api, account: Account, role: Role) -> dict:
    return api.get(f"accounts/{account.pk}/roles/{role.pk}").json()["permissions"]


def test_what_a_role_always_has_is_told_as_read_only(api, root):
    admin = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    assert told(api, root, admin)[Permission.MANAGE_ROLE_OVERRIDES] == {
        "enabled": True,
        "locked": False,
        "readonly": True,
        "explicit": False,
        "applies_to_self": True,
        "applies_to_descendants": True,
    }


def test_what_is_turned_off_here_is_told_with_what_it_would_be_otherwise(api, root):
    teacher, by = Role.objects.built_in(BaseType.TEACHER), make_admin()
    set_permission(teacher, root, Permission.READ_ROSTER, {"enabled": False, "locked": True}, by=by)
    assert told(api, root, teacher)[Permission.READ_ROSTER] == {
        "enabled": False,
        "locked": True,
        "readonly": False,
        "explicit": True,
        "prior_default": True,
    }
    below = told(api, AccountFactory(), teacher)[Permission.READ_ROSTER]
    assert below == {"enabled": False, "locked": True, "readonly": True, "explicit": False}


def test_what_spares_some_accounts_is_told_with_those_it_applies_to(api, root):
    teacher, key = Role.objects.built_in(BaseType.TEACHER), Permission.GENERATE_OBSERVER_PAIRING_CODE
    set_permission(teacher, root, key, {"enabled": True, "applies_to_descendants": False}, by=make_admin())
    here = told(api, root, teacher)[key]
    assert (here["enabled"], here["applies_to_self"], here["applies_to_descendants"]) == (True, True, False)
    assert here["prior_default"] is False
    assert told(api, AccountFactory(), teacher)[key]["enabled"] is False


@pytest.mark.parametrize("base_type", BaseType)
def test_a_built_in_role_is_told_by_canvas_name_and_kind(api, root, base_type):
    body = api.get(f"accounts/self/roles/{Role.objects.built_in(base_type).pk}").json()
    # Canvas has one kind of role for accounts.
    kind = BaseType.ACCOUNT_MEMBERSHIP if base_type == BaseType.ACCOUNT_ADMIN else base_type
    assert (body["role"], body["base_role_type"], body["workflow_state"]) == (base_type, kind, BUILT_IN)
    assert body["is_account_role"] is base_type.startswith("Account")
    assert body["account"] is None


def test_the_account_of_a_role_is_told_without_its_sis_ids(api, root):
    school = AccountFactory(sis_account_id="N")
    role = Role.objects.create(account=school, base_type=BaseType.TA, label="Aide", workflow_state="inactive")
    body = api.get(f"accounts/{school.pk}/roles/{role.pk}").json()
    assert (body["account"]["id"], body["workflow_state"], body["is_account_role"]) == (school.pk, "inactive", False)
    assert "sis_account_id" not in body["account"]
