"""Creating accounts below others and editing them: what they begin with, what may stand in them, who may."""

import pytest

from accounts.domain.accounts import create_sub_account, edit_account, sub_accounts_of
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, Action, AuditEvent
from accounts.permissions.registry import Permission
from tests.accounts.roles import make_helper
from tests.api import Api, ids
from tests.database import statements
from tests.factories import AccountFactory, UserFactory, allow, make_admin, make_clerk

SETTINGS = Permission.MANAGE_ACCOUNT_SETTINGS
MISTYPED = "Europe/Berlni"


@pytest.fixture
def clerk(root):
    """A person who manages the settings of accounts and may not set SIS IDs."""
    return make_clerk(SETTINGS)


# Creating


def test_a_new_account_has_what_was_given_tidied_and_the_zone_of_the_one_above(admin, root):
    Account.objects.filter(pk=root.pk).update(default_time_zone="Asia/Tokyo")
    root.refresh_from_db()
    made = create_sub_account(
        root, by=admin, name=" North\u200b  School ", sis_account_id=" NS ", links_office=" Front  office "
    )
    made.refresh_from_db()
    assert (made.name, made.sis_account_id, made.links_office) == ("North School", "NS", "Front office")
    assert (made.parent, made.workflow_state, made.default_time_zone) == (root, "active", "Asia/Tokyo")
    assert made.stuck_sis_fields == []


def test_a_new_account_without_a_sis_id_has_none_and_as_many_as_one_likes_have_none(admin, root):
    for name in ("North", "South"):
        assert create_sub_account(root, by=admin, name=name, sis_account_id=" ").sis_account_id is None


def test_a_new_account_is_recorded_with_the_one_above_it(admin, root):
    made = create_sub_account(root, by=admin, name="North")
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.subject) == (Action.ACCOUNT_CREATED, admin, None)
    assert event.details == {"account": made.pk, "parent": root.pk, "name": "North"}


@pytest.mark.parametrize(
    ("given", "field", "kind", "says"),
    [
        ({"name": ""}, "name", "blank", "Enter a name."),
        ({"name": " – "}, "name", "blank", "Enter a name."),
        ({"name": "x" * 256}, "name", "invalid", "at most 255 characters"),
        ({"sis_account_id": "x" * 256}, "sis_account_id", "invalid", "at most 255 characters"),
        ({"sis_account_id": "S1"}, "sis_account_id", "taken", "Another account already has this SIS ID."),
        ({"links_office": "x" * 256}, "links_office", "invalid", "at most 255 characters"),
        ({"default_time_zone": MISTYPED}, "default_time_zone", "invalid", "Did you mean Europe/Berlin"),
    ],
)
def test_what_cannot_stand_in_an_account_is_refused_on_creating_and_editing(admin, root, given, field, kind, says):
    school = AccountFactory(sis_account_id="S2")
    AccountFactory(sis_account_id="S1")
    before = list(Account.objects.order_by("pk").values())
    for rule in (
        lambda: create_sub_account(root, by=admin, **{"name": "North", **given}),
        lambda: edit_account(school, by=admin, **given),
    ):
        with pytest.raises(Invalid) as refusal:
            rule()
        ((name, ((code, message),)),) = refusal.value.errors.items()
        assert (name, code, refusal.value.of) == (field, kind, "account")
        assert says in str(message)
    assert list(Account.objects.order_by("pk").values()) == before
    assert not AuditEvent.objects.exists()


def test_nothing_is_created_below_an_account_that_has_been_deleted_meanwhile(admin):
    school = AccountFactory()
    Account.objects.filter(pk=school.pk).update(workflow_state="deleted")
    with pytest.raises(Invalid, match="This account has been deleted"):
        create_sub_account(school, by=admin, name="Science")
    assert not Account.objects.filter(parent=school).exists()


# Editing


def test_only_what_is_given_changes_and_is_recorded_and_left_alone_by_rosters(admin):
    school = AccountFactory(name="North", sis_account_id="N", links_office="Office")
    edit_account(school, by=admin, name=" South ", links_office="")
    school.refresh_from_db()
    assert (school.name, school.sis_account_id, school.links_office) == ("South", "N", "")
    assert school.stuck_sis_fields == ["links_office", "name"]
    event = AuditEvent.objects.get()
    assert (event.action, event.actor) == (Action.ACCOUNT_CHANGED, admin)
    assert event.details == {"account": school.pk, "fields": ["links_office", "name"], "name": "South"}


def test_an_account_saved_as_it_is_is_not_changed_and_not_recorded(admin):
    school = AccountFactory(name="North", sis_account_id="N")
    edit_account(school, by=admin, name="North ", sis_account_id=" N", links_office="", default_time_zone="utc")
    school.refresh_from_db()
    assert school.stuck_sis_fields == []
    assert not AuditEvent.objects.exists()


def test_an_empty_time_zone_keeps_the_one_there_is(admin):
    school = AccountFactory(default_time_zone="Asia/Tokyo")
    edit_account(school, by=admin, default_time_zone="")
    school.refresh_from_db()
    assert school.default_time_zone == "Asia/Tokyo"


def test_another_time_zone_goes_to_those_below_with_the_same_zone_and_to_none_else(admin, root):
    school = AccountFactory(default_time_zone="Asia/Tokyo")
    below = AccountFactory(parent=school, default_time_zone="Asia/Tokyo")
    lowest = AccountFactory(parent=below, default_time_zone="Asia/Tokyo")
    own = AccountFactory(parent=school, default_time_zone="Asia/Seoul")
    gone = AccountFactory(parent=school, default_time_zone="Asia/Tokyo", workflow_state="deleted")
    beside = AccountFactory(default_time_zone="Asia/Tokyo")
    edit_account(school, by=admin, default_time_zone="Europe/Paris")
    zones = dict(Account.objects.values_list("pk", "default_time_zone"))
    assert {pk for pk, zone in zones.items() if zone == "Europe/Paris"} == {school.pk, below.pk, lowest.pk}
    assert (zones[own.pk], zones[gone.pk], zones[beside.pk], zones[root.pk]) == (
        "Asia/Seoul",
        "Asia/Tokyo",
        "Asia/Tokyo",
        "UTC",
    )


def test_another_name_costs_no_look_at_the_accounts_below(admin):
    school = AccountFactory()
    few = statements(lambda: edit_account(school, by=admin, name="South"))
    for _ in range(5):
        AccountFactory(parent=school)
    assert statements(lambda: edit_account(school, by=admin, name="North")) == few


@pytest.mark.parametrize(
    "given",
    [{"name": "South"}, {"sis_account_id": "S"}, {"default_time_zone": "Asia/Tokyo"}],
    ids=lambda given: [*given],
)
def test_an_account_that_has_been_deleted_meanwhile_is_not_edited(admin, given):
    school = AccountFactory(name="North")
    Account.objects.filter(pk=school.pk).update(workflow_state="deleted")
    before = Account.objects.filter(pk=school.pk).values().get()
    with pytest.raises(Invalid, match="This account has been deleted"):
        edit_account(school, by=admin, **given)
    assert Account.objects.filter(pk=school.pk).values().get() == before
    assert not AuditEvent.objects.exists()


# Who may


def test_accounts_are_created_and_edited_by_people_who_manage_their_settings(district):
    helper, _role = make_helper(district.school, SETTINGS)
    create_sub_account(district.school, by=helper, name="Music")
    edit_account(district.department, by=helper, name="Sciences")
    without, _role = make_helper(district.school, Permission.MANAGE_COURSES_ADMIN, Permission.READ_ROSTER)
    for by, account in (
        (helper, district.root),
        (helper, district.sibling),
        (without, district.school),
        (UserFactory(), district.school),
    ):
        for rule in (
            lambda by=by, account=account: create_sub_account(account, by=by, name="Mine"),
            lambda by=by, account=account: edit_account(account, by=by, name="Mine"),
        ):
            with pytest.raises(NotAllowed, match="Account-level settings - manage"):
                rule()
    assert not Account.objects.filter(name="Mine").exists()


def test_a_person_without_the_right_is_not_told_whether_what_they_gave_could_stand_there(root):
    with pytest.raises(NotAllowed):
        create_sub_account(root, by=UserFactory(), name="", default_time_zone=MISTYPED)


def test_sis_ids_are_set_changed_and_removed_only_with_the_permission_for_them(clerk, admin, root):
    school = AccountFactory(sis_account_id="N")
    for rule in (
        lambda: create_sub_account(root, by=clerk, name="South", sis_account_id="S"),
        lambda: edit_account(school, by=clerk, sis_account_id="S"),
        lambda: edit_account(school, by=clerk, sis_account_id=""),
    ):
        with pytest.raises(NotAllowed, match="SIS Data - manage"):
            rule()
    edit_account(school, by=clerk, name="Renamed", sis_account_id="N")
    assert create_sub_account(root, by=clerk, name="South").sis_account_id is None
    edit_account(school, by=admin, sis_account_id="")
    school.refresh_from_db()
    assert (school.name, school.sis_account_id) == ("Renamed", None)


def test_setting_sis_ids_needs_the_permission_in_the_institution_and_not_in_the_school(district):
    """It is a permission of the root account: the ids name records of the whole institution."""
    with pytest.raises(NotAllowed, match="in the root account"):
        edit_account(district.school, by=district.school_admin, sis_account_id="N")


# Listing


def test_the_accounts_directly_below_are_listed_by_name_without_deleted_ones(root):
    names = ["Éclair", "Abel", "Zorn"]
    schools = [AccountFactory(name=name) for name in names]
    AccountFactory(parent=schools[0], name="Below")
    AccountFactory(name="Gone", workflow_state="deleted")
    assert [account.name for account in sub_accounts_of(root)] == ["Abel", "Éclair", "Zorn"]
    assert not sub_accounts_of(schools[1])


# Through the API


def test_an_account_is_created_through_the_api_with_canvas_names_for_its_fields(admin, root):
    given = {"name": "North", "sis_account_id": "NS", "default_time_zone": "Mountain Time (US & Canada)"}
    body = Api(admin).post("accounts/self/sub_accounts", account=given).json()
    made = Account.objects.get(name="North")
    assert (body["id"], body["name"], body["workflow_state"]) == (made.pk, "North", "active")
    assert (body["parent_account_id"], body["root_account_id"]) == (root.pk, root.pk)
    assert (body["default_time_zone"], body["sis_account_id"], body["integration_id"]) == ("America/Denver", "NS", None)


def test_the_root_account_has_no_root_above_it(admin, root):
    body = Api(admin).get("accounts/self").json()
    assert (body["id"], body["parent_account_id"], body["root_account_id"]) == (root.pk, None, None)


def test_only_the_parameters_that_were_sent_change_an_account(admin):
    school = AccountFactory(name="North", sis_account_id="N", default_time_zone="Asia/Tokyo")
    path = f"accounts/{school.pk}"
    assert Api(admin).put(path, account={"name": "South"}).json()["sis_account_id"] == "N"
    assert Api(admin).put(path, account={"sis_account_id": ""}).json()["sis_account_id"] is None
    assert Api(admin).put(path).status_code == 200
    school.refresh_from_db()
    assert (school.name, school.sis_account_id, school.default_time_zone) == ("South", None, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("given", "field", "attribute", "kind"),
    [
        ({"name": " "}, "account.name", "name", "blank"),
        ({"sis_account_id": "S1"}, "account.sis_account_id", "sis_account_id", "taken"),
        ({"default_time_zone": "Nowhere"}, "account.default_time_zone", "default_time_zone", "invalid"),
    ],
)
def test_what_the_api_refuses_is_named_as_canvas_names_it(admin, given, field, attribute, kind):
    school = AccountFactory()
    AccountFactory(sis_account_id="S1")
    for answer in (
        Api(admin).put(f"accounts/{school.pk}", account=given),
        Api(admin).post(f"accounts/{school.pk}/sub_accounts", account={"name": "New", **given}),
    ):
        assert answer.status_code == 400
        ((name, (complaint,)),) = answer.json()["errors"].items()
        assert (name, complaint["attribute"], complaint["type"]) == (field, attribute, kind)


def test_sub_accounts_are_listed_directly_below_or_all_below_and_found_by_name(admin, root):
    north = AccountFactory(name="North School")
    science = AccountFactory(parent=north, name="Science of the North")
    AccountFactory(parent=north, name="Gone", workflow_state="deleted")
    south = AccountFactory(name="South School")
    api, path = Api(admin), "accounts/self/sub_accounts"
    assert ids(api.get(path)) == [north.pk, south.pk]
    assert ids(api.get(path, recursive=1)) == [north.pk, science.pk, south.pk]
    assert ids(api.get(path, search_term="NORTH")) == [north.pk]
    assert ids(api.get(path, search_term="north", recursive=True)) == [north.pk, science.pk]
    assert ids(api.get(path, search_term="school south")) == [south.pk]
    assert ids(api.get(f"accounts/{north.pk}/sub_accounts")) == [science.pk]
    assert ids(api.get(path, per_page=1, page=2)) == [south.pk]


def test_sub_accounts_are_for_people_with_a_permission_in_the_account_above(district):
    for who, status in ((UserFactory(), 403), (district.school_admin, 200), (make_admin(district.sibling), 403)):
        assert Api(who).get(f"accounts/{district.school.pk}/sub_accounts").status_code == status


def test_listing_sub_accounts_takes_the_same_statements_for_many(admin, root):
    api = Api(admin)
    AccountFactory()
    few = statements(lambda: api.get("accounts/self/sub_accounts", recursive=1, per_page=100))
    for _ in range(5):
        AccountFactory(parent=AccountFactory())
    assert statements(lambda: api.get("accounts/self/sub_accounts", recursive=1, per_page=100)) == few


def test_sis_ids_of_accounts_are_told_to_people_who_may_read_them_there(root):
    school = AccountFactory(sis_account_id="N")
    reader, blind = make_admin(school), make_clerk(SETTINGS, account=school)
    assert Api(reader).get(f"accounts/{school.pk}").json()["sis_account_id"] == "N"
    for path in (f"accounts/{school.pk}", "accounts/sis_account_id:N"):
        body = Api(blind).get(path).json()
        assert body["id"] == school.pk
        assert not {"sis_account_id", "integration_id"} & body.keys()
    allow("AccountAdmin", Permission.READ_SIS, school, enabled=False)
    assert "sis_account_id" not in Api(reader).get("accounts").json()[0]


def test_guessing_the_sis_ids_of_accounts_tells_a_stranger_nothing(root):
    AccountFactory(sis_account_id="N", integration_id="I")
    stranger = Api(UserFactory())
    for text in ("sis_account_id:N", "sis_account_id:none", "sis_integration_id:I", "sis_integration_id:none"):
        for path in (f"accounts/{text}", f"accounts/{text}/sub_accounts", f"accounts/{text}/terms_of_service"):
            assert stranger.get(path).status_code == 404, path
    assert Api().get("accounts/sis_account_id:N/terms_of_service").status_code == 404


def test_a_deleted_account_is_found_by_none_of_its_ids(admin):
    gone = AccountFactory(sis_account_id="N", workflow_state="deleted")
    for text in (gone.pk, "sis_account_id:N"):
        assert Api(admin).get(f"accounts/{text}").status_code == 404
