"""Roles and their permissions through the API, as scripts for Canvas use it."""

import pytest
from canvasapi import Canvas
from canvasapi.exceptions import Forbidden, ResourceDoesNotExist

from accounts.domain.roles import create_role, set_permission
from accounts.domain.tokens import make_token
from accounts.models import Action, AuditEvent, BaseType, Role, RoleOverride
from accounts.permissions.registry import AVAILABLE, ROOT_ONLY
from tests.api import Api, ids
from tests.database import statements
from tests.factories import AccountFactory, RootFactory, UserFactory, make_admin

pytestmark = pytest.mark.usefixtures("root")
KEY = "generate_observer_pairing_code"


@pytest.fixture
def school(root):
    return AccountFactory(name="North School", parent=root)


@pytest.fixture
def admin(school):
    return make_admin(school)


@pytest.fixture
def api(admin) -> Api:
    return Api(admin)


@pytest.fixture
def teacher(root) -> Role:
    return Role.objects.built_in(BaseType.TEACHER)


def put(api, account, role, **permissions):
    return api.put(f"accounts/{account.pk}/roles/{role.pk}", permissions={KEY: permissions})


# Reading


def test_a_role_says_everything_canvas_says_of_one(api, school, teacher):
    body = api.get(f"accounts/{school.pk}/roles/{teacher.pk}").json()
    assert body.pop("created_at").endswith("Z")
    assert body.pop("last_updated_at").endswith("Z")
    permissions = body.pop("permissions")
    assert body == {
        "id": teacher.pk,
        "label": "Teacher",
        "role": "TeacherEnrollment",
        "base_role_type": "TeacherEnrollment",
        "base_role_type_label": "Teacher",
        "is_account_role": False,
        "workflow_state": "built_in",
        "account": None,
    }
    assert permissions.keys() == AVAILABLE[BaseType.TEACHER] - ROOT_ONLY
    assert permissions[KEY] == {"enabled": False, "locked": False, "readonly": False, "explicit": False}
    assert permissions["read_roster"] == {
        "enabled": True,
        "locked": False,
        "readonly": False,
        "explicit": False,
        "applies_to_self": True,
        "applies_to_descendants": True,
    }


def test_a_custom_role_says_whose_it_is(api, admin, school):
    role = create_role(school, "Counselor", BaseType.ACCOUNT_MEMBERSHIP, by=admin)
    body = api.get(f"accounts/{school.pk}/roles/{role.pk}").json()
    assert (body["label"], body["role"], body["workflow_state"]) == ("Counselor", "Counselor", "active")
    assert body["is_account_role"] is True
    assert body["account"]["id"] == school.pk


def test_roles_are_listed_by_state_and_those_above_when_asked(api, admin, school, root):
    above = create_role(root, "Auditor", BaseType.TEACHER, by=make_admin(root))
    own = create_role(school, "Mentor", BaseType.TEACHER, by=admin)
    retired = create_role(school, "Old", BaseType.TEACHER, by=admin)
    api.delete(f"accounts/{school.pk}/roles/{retired.pk}")
    built_in = list(Role.objects.filter(account=None).order_by("id").values_list("id", flat=True))
    path = f"accounts/{school.pk}/roles"
    assert ids(api.get(path)) == [*built_in, own.pk]
    assert ids(api.get(path, show_inherited=True)) == [*built_in, above.pk, own.pk]
    assert ids(api.get(path, state=["inactive"])) == [retired.pk]
    assert len(ids(api.get(path, per_page=3))) == 3


def test_listing_costs_the_same_for_many_roles(api, admin, school):
    path = f"accounts/{school.pk}/roles"
    create_role(school, "Mentor", BaseType.TEACHER, by=admin)
    few = statements(lambda: api.get(path, per_page=100))
    for number in range(20):
        role = create_role(school, f"Mentor {number}", BaseType.TEACHER, by=admin)
        RoleOverride.objects.create(account=school, role=role, permission=KEY, enabled=True)
    assert statements(lambda: api.get(path, per_page=100)) == few


def test_what_is_set_above_is_told_as_inherited_and_what_is_locked_as_read_only(api, school, root, teacher):
    set_permission(teacher, root, KEY, {"enabled": True, "locked": True}, by=make_admin(root))
    told = api.get(f"accounts/{school.pk}/roles/{teacher.pk}").json()["permissions"][KEY]
    assert (told["enabled"], told["explicit"], told["locked"], told["readonly"]) == (True, False, True, True)


# Changing


def test_a_role_is_made_with_permissions(api, school):
    answer = api.post(
        f"accounts/{school.pk}/roles",
        label="Counselor",
        permissions={KEY: {"explicit": 1, "enabled": 1}, "read_roster": {"explicit": 1, "enabled": 1, "locked": 1}},
    )
    assert answer.status_code == 200
    body = answer.json()
    assert body["base_role_type"] == "AccountMembership"
    assert body["permissions"][KEY]["enabled"] is True
    assert body["permissions"]["read_roster"]["locked"] is True
    assert body["permissions"]["view_all_grades"]["enabled"] is False


@pytest.mark.parametrize("name", ["label", "role"])
def test_canvas_takes_the_name_as_label_or_as_role(api, school, name):
    answer = api.post(f"accounts/{school.pk}/roles", **{name: "Mentor", "base_role_type": "TaEnrollment"})
    assert (answer.json()["label"], answer.json()["base_role_type"]) == ("Mentor", "TaEnrollment")


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"label": ""},
        {"label": "Teacher"},
        {"label": "x" * 256},
        {"label": {"a": "b"}},
        {"label": "Mentor", "base_role_type": "AccountAdmin"},
        {"label": "Mentor", "base_role_type": "Nonsense"},
        {"label": "Mentor", "permissions": {KEY: {"explicit": "maybe"}}},
        {"label": "Mentor", "permissions": {"become_user": {"explicit": 1, "enabled": 1}}},
    ],
)
def test_what_cannot_be_a_role_is_refused_and_nothing_is_left(api, school, form):
    answer = api.post(f"accounts/{school.pk}/roles", **form)
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert not Role.objects.filter(account=school).exists()
    assert not AuditEvent.objects.filter(action=Action.ROLE_CREATED).exists()


def test_permissions_canvas_knows_and_we_do_not_are_passed_over(api, school):
    answer = api.post(
        f"accounts/{school.pk}/roles", label="Mentor", permissions={"manage_catalog": {"explicit": 1, "enabled": 1}}
    )
    assert answer.status_code == 200
    assert "manage_catalog" not in answer.json()["permissions"]


@pytest.mark.parametrize("explicit", ["1", "true", "True", "on"])
def test_a_permission_is_turned_on_off_and_back(api, school, teacher, explicit):
    told = put(api, school, teacher, explicit=explicit, enabled=1).json()["permissions"][KEY]
    assert (told["enabled"], told["explicit"], told["prior_default"]) == (True, True, False)
    told = put(api, school, teacher, explicit=explicit, enabled=0).json()["permissions"][KEY]
    assert (told["enabled"], told["explicit"]) == (False, True)
    told = put(api, school, teacher, explicit=0).json()["permissions"][KEY]
    assert told["explicit"] is False
    assert not RoleOverride.objects.exists()


@pytest.mark.parametrize("label", ["", "  ", "–"])
def test_a_role_is_not_left_without_a_name_and_no_wish_is_passed_over(api, school, admin, label):
    role = create_role(school, "Mentor", BaseType.TEACHER, by=admin)
    path = f"accounts/{school.pk}/roles/{role.pk}"
    answer = api.put(path, label=label, permissions={KEY: {"explicit": 1, "enabled": 1}})
    assert answer.status_code == 400
    assert answer.json()["errors"].keys() == {"label"}
    assert not RoleOverride.objects.exists()
    assert api.put(path, permissions={KEY: {"explicit": 1, "enabled": 1}}).json()["label"] == "Mentor"


def test_enabled_counts_only_with_explicit(api, school, teacher):
    assert put(api, school, teacher, enabled=1).json()["permissions"][KEY]["enabled"] is False


def test_a_lock_and_where_it_applies_are_set_on_their_own(api, school, teacher):
    put(api, school, teacher, explicit=1, enabled=1)
    told = put(api, school, teacher, locked=1, applies_to_self=0).json()["permissions"][KEY]
    assert (told["locked"], told["explicit"], told["enabled"]) == (True, True, False)
    override = RoleOverride.objects.get()
    assert (override.enabled, override.applies_to_self, override.applies_to_descendants) == (True, False, True)
    assert put(api, school, teacher, applies_to_descendants=0).status_code == 400


def test_a_refused_part_leaves_nothing_of_the_rest(api, school, admin):
    role = create_role(school, "Mentor", BaseType.TEACHER, by=admin)
    before = AuditEvent.objects.count()
    answer = api.put(
        f"accounts/{school.pk}/roles/{role.pk}",
        label="Guide",
        permissions={KEY: {"explicit": 1, "enabled": 1}, "become_user": {"explicit": 1, "enabled": 1}},
    )
    assert answer.status_code == 400
    role.refresh_from_db()
    assert role.label == "Mentor"
    assert not RoleOverride.objects.exists()
    assert AuditEvent.objects.count() == before


def test_what_is_locked_above_is_refused(api, school, root, teacher):
    set_permission(teacher, root, KEY, {"locked": True}, by=make_admin(root))
    assert put(api, school, teacher, explicit=1, enabled=1).status_code == 403


def test_nobody_gives_themselves_through_the_api_what_they_do_not_have(school):
    role = Role.objects.create(account=school, base_type=BaseType.ACCOUNT_MEMBERSHIP, label="Deputy")
    RoleOverride.objects.create(account=school, role=role, permission="manage_role_overrides", enabled=True)
    deputy = UserFactory()
    deputy.account_admins.create(account=school, role=role)
    assert put(Api(deputy), school, role, explicit=1, enabled=1).status_code == 403
    assert not Api(deputy).get(f"accounts/{school.pk}/permissions").json()[KEY]


def test_built_in_roles_are_neither_renamed_nor_deactivated(api, school, teacher):
    path = f"accounts/{school.pk}/roles/{teacher.pk}"
    assert api.put(path, label="Master").status_code == 400
    assert api.delete(path).status_code == 400
    teacher.refresh_from_db()
    assert (teacher.label, teacher.workflow_state) == ("Teacher", "active")


def test_roles_of_other_accounts_are_not_there(api, root):
    other = Role.objects.create(account=AccountFactory(parent=root), base_type=BaseType.TEACHER, label="Stranger")
    here = make_admin(school := AccountFactory(parent=root))
    for number in (other.pk, 10**19, "nonsense", "1e3", -1):
        path = f"accounts/{school.pk}/roles/{number}"
        for answer in (Api(here).get(path), Api(here).put(path, label="Mine"), Api(here).delete(path)):
            assert answer.status_code == 404
    other.refresh_from_db()
    assert other.label == "Stranger"


def test_roles_are_for_those_who_manage_permissions(school, teacher):
    for who in (UserFactory(), make_admin(AccountFactory())):
        api = Api(who)
        assert api.get(f"accounts/{school.pk}/roles").status_code == 403
        assert api.post(f"accounts/{school.pk}/roles", label="Mine").status_code == 403
        assert put(api, school, teacher, explicit=1, enabled=1).status_code == 403
    assert Api().get(f"accounts/{school.pk}/roles").status_code == 401


@pytest.mark.parametrize(
    "body", ['{"label": {"x": 1}}', '{"label": "a\\u0000b"}', '{"permissions": [1]}', "[]", '{"label": "\\ud800"}']
)
def test_absurd_bodies_are_never_a_fault_of_ours(api, school, body):
    answer = api.raw("POST", f"accounts/{school.pk}/roles", body)
    assert answer.status_code == 400
    assert not Role.objects.filter(account=school).exists()


# canvasapi, unchanged


@pytest.mark.django_db(transaction=True)
def test_canvasapi_makes_changes_and_switches_roles(live_server, transactional_db):
    root = RootFactory()
    account = Canvas(live_server.url, make_token(make_admin(root), "test", by=None)).get_account(root.pk)
    made = account.create_role("Mentor", base_role_type="TeacherEnrollment")
    assert str(made) == "Mentor (TeacherEnrollment)"
    assert [role.id for role in account.get_roles()] == sorted(Role.objects.values_list("id", flat=True))
    assert account.get_role(made.id).base_role_type == "TeacherEnrollment"
    changed = account.update_role(made.id, label="Guide", permissions={KEY: {"enabled": 1, "explicit": True}})
    assert changed.id == made.id
    role = Role.objects.get(pk=made.id)
    assert role.label == "Guide"
    assert RoleOverride.objects.get(role=role).enabled is True
    assert account.deactivate_role(made.id).workflow_state == "inactive"
    assert made.id not in [each.id for each in account.get_roles()]
    assert account.activate_role(made.id).workflow_state == "active"
    with pytest.raises(ResourceDoesNotExist):
        account.get_role(made.id + 1)


@pytest.mark.django_db(transaction=True)
def test_canvasapi_is_told_when_it_may_not(live_server, transactional_db):
    root = RootFactory()
    admin = make_admin(root)
    account = Canvas(live_server.url, make_token(admin, "test", by=None)).get_account(root.pk)
    admin.account_admins.update(workflow_state="deleted")
    with pytest.raises(Forbidden):
        account.create_role("Mentor")


def test_the_role_of_account_admins_has_the_base_type_that_canvas_gives_it(root):
    (found,) = [
        one
        for one in Api(make_admin()).get("accounts/self/roles", per_page=100).json()
        if one["role"] == "AccountAdmin"
    ]
    assert found["base_role_type"] == "AccountMembership"
