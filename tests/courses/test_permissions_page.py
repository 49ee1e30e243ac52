"""The Permissions page: the grid, the panel (as a page and for htmx), saving, refusing and undoing."""

import re
from html import unescape

import pytest
from django.test import Client

from accounts.domain.roles import create_role, set_permission
from accounts.models import AccountAdmin, Action, AuditEvent, BaseType, Role, RoleOverride
from accounts.permissions.registry import PERMISSIONS, ROOT_ONLY
from tests.database import statements
from tests.factories import AccountFactory, UserFactory, allow, make_admin

KEY = "generate_observer_pairing_code"
MANAGE = "manage_role_overrides"
LABEL = str(PERMISSIONS[KEY].label)
HTMX = {"HX-Request": "true"}
ON = {"enabled": "on", "applies_to_self": "1", "applies_to_descendants": "1"}


def at(account, *rest) -> str:
    return "/".join(["", "accounts", str(account.pk), "permissions", *map(str, rest)])


def text(answer) -> str:
    """What a reader reads: no tags, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def grid(answer) -> dict[str, list[str]]:
    """The states in the table, by permission."""
    page = answer.content.decode()
    table = page[page.index("<tbody>") : page.index("</tbody>")] if "<tbody>" in page else ""
    cells = (re.split(r"<td>", row) for row in table.split("<tr>")[1:])
    plain = [[" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row] for row in cells]
    return {row[0]: row[1:] for row in plain}


@pytest.fixture
def teacher(root) -> Role:
    return Role.objects.built_in(BaseType.TEACHER)


@pytest.fixture
def office(school) -> Client:
    client = Client()
    client.force_login(school.account_admin)
    return client


@pytest.fixture
def setting(school, teacher) -> str:
    """The setting of the key for teachers in the school."""
    return at(school.account, teacher.pk, KEY)


# Who gets in


@pytest.mark.parametrize("who", ["student", "teacher", "observer", "admin_elsewhere"])
def test_only_who_manages_permissions_of_the_account_gets_in(visit, school, setting, who):
    for path in (at(school.account), at(school.account, KEY), setting):
        assert visit(getattr(school, who), path).status_code == 403
        assert visit(None, path).status_code == 302


def test_an_admin_without_the_permission_has_neither_tab_nor_page(visit, school, root):
    allow(BaseType.ACCOUNT_MEMBERSHIP, "read_course_list")
    clerk = UserFactory()
    role = Role.objects.built_in(BaseType.ACCOUNT_MEMBERSHIP)
    AccountAdmin.objects.create(user=clerk, account=school.account, role=role)
    assert visit(clerk, at(school.account)).status_code == 403
    assert "Permissions" not in visit(clerk, f"/accounts/{school.account.pk}/courses").content.decode()
    assert at(root) in visit(school.admin, f"/accounts/{root.pk}/courses").content.decode()


def test_nothing_above_ones_own_account_is_reached(office, school, root, teacher):
    assert office.get(at(root)).status_code == 403
    assert office.post(at(root, teacher.pk, KEY), ON).status_code == 403
    assert not RoleOverride.objects.exists()


@pytest.mark.parametrize(
    "rest",
    ["nonsense", "99999999999999999999", "2/nonsense", f"99999999999999999999/{KEY}", f"999/{KEY}", "2/%00", "%00"],
)
def test_what_is_not_there_is_not_found(office, school, rest):
    for method in (office.get, office.post):
        assert method(at(school.account, rest)).status_code == 404


def test_a_role_of_another_school_or_a_deactivated_one_is_not_found(office, school):
    elsewhere = Role.objects.create(account=school.elsewhere, base_type=BaseType.TEACHER, label="Guest")
    retired = Role.objects.create(
        account=school.account, base_type=BaseType.TEACHER, label="Old", workflow_state=Role.State.INACTIVE
    )
    for role in (elsewhere, retired):
        assert office.get(at(school.account, role.pk, KEY)).status_code == 404
        assert office.post(at(school.account, role.pk, KEY), ON).status_code == 404


def test_who_manages_permissions_and_nothing_else_is_led_to_their_page(visit, school):
    role = Role.objects.create(account=school.account, base_type=BaseType.ACCOUNT_MEMBERSHIP, label="Deputy")
    RoleOverride.objects.create(account=school.account, role=role, permission=MANAGE, enabled=True)
    deputy = UserFactory()
    deputy.account_admins.create(account=school.account, role=role)
    answer = visit(deputy, f"/accounts/{school.account.pk}")
    assert answer.headers["Location"] == at(school.account)


def test_sub_accounts_are_led_to_their_permissions(visit, school, root):
    assert f'href="{at(school.account)}"' in visit(school.admin, at(root)).content.decode()


# The grid


def test_the_grid_says_in_words_how_every_permission_stands(office, school, root, teacher):
    ta = Role.objects.built_in(BaseType.TA)
    set_permission(teacher, school.account, KEY, {"enabled": True}, by=school.admin)
    set_permission(ta, root, KEY, {"enabled": True, "locked": True}, by=school.admin)
    set_permission(teacher, school.account, "read_roster", {"enabled": False, "locked": True}, by=school.admin)
    set_permission(ta, school.account, "read_roster", {"enabled": False, "applies_to_self": False}, by=school.admin)
    found = grid(office.get(at(school.account)))
    none = "– cannot be granted"
    assert found[LABEL] == [none, "On changed here", "On, locked above", "Off", "Off"]
    assert found["Users - view list"] == [
        none,
        "Off, locked changed here",
        "On changed for accounts below",
        "On",
        none,
    ]


def test_each_tab_has_its_roles_and_what_they_can_be_given(office, school):
    create_role(school.account, "Mentor", BaseType.TA, by=school.admin)
    create_role(school.account, "Counselor", BaseType.ACCOUNT_MEMBERSHIP, by=school.admin)
    courses, accounts = (office.get(at(school.account), {"roles": kind}) for kind in ("course", "account"))
    assert "Mentor" in text(courses)
    assert "Counselor" not in text(courses)
    assert len(grid(courses)[LABEL]) == 6
    assert "Permissions - manage" not in grid(courses)
    assert "Counselor" in text(accounts)
    assert len(grid(accounts)["Permissions - manage"]) == 3
    assert grid(office.get(at(school.account), {"roles": "nonsense"})).keys() == grid(courses).keys()


def test_what_counts_on_the_root_account_only_stands_only_there(visit, school, root):
    labels = {str(PERMISSIONS[key].label) for key in ROOT_ONLY}
    assert labels <= grid(visit(school.admin, at(root), roles="account")).keys()
    assert not labels & grid(visit(school.admin, at(school.account), roles="account")).keys()


def test_permissions_are_searched_by_their_labels(office, school):
    assert list(grid(office.get(at(school.account), {"search": "  PAIRING code "}))) == [LABEL]
    answer = office.get(at(school.account), {"search": "no such \0 thing"})
    assert grid(answer) == {}
    assert "No matching permissions." in text(answer)


def test_roles_stand_in_their_order_and_say_whose_they_are(office, school, root):
    create_role(root, "Zoo guide", BaseType.TEACHER, by=school.admin)
    create_role(school.account, "Aide", BaseType.TA, by=school.admin)
    heads = re.findall(r'<th scope="col">(.*?)</th>', office.get(at(school.account)).content.decode(), re.DOTALL)
    plain = [" ".join(re.sub(r"<[^>]+>", " ", head).split()) for head in heads]
    assert plain == [
        "Permission",
        "Student",
        "Teacher",
        "TA",
        "Designer",
        "Observer",
        "Aide TA",
        "Zoo guide Lakeside District",
    ]


def test_the_page_takes_the_same_statements_for_many_roles_and_overrides(office, school):
    def look() -> int:
        return statements(lambda: office.get(at(school.account)))

    look()
    few = look()
    roles = [create_role(school.account, f"Mentor {n}", BaseType.TEACHER, by=school.admin) for n in range(30)]
    RoleOverride.objects.bulk_create(
        RoleOverride(account=school.account, role=role, permission=key, enabled=False)
        for role in roles
        for key in ("read_roster", "manage_grades", "view_all_grades")
    )
    assert look() == few
    assert few <= 15


# The panel


def test_a_setting_explains_itself_and_where_it_comes_from(visit, office, school, root, teacher, setting):
    asked = PERMISSIONS[KEY]
    answer = office.get(setting)
    for part in (asked.label, asked.does, asked.considerations, "by default", "Off, by default"):
        assert str(part) in text(answer)
    set_permission(teacher, root, KEY, {"enabled": True}, by=school.admin)
    assert "set in Lakeside District" in text(office.get(setting))
    set_permission(teacher, school.account, KEY, {"enabled": False}, by=school.admin)
    answer = office.get(setting)
    assert "set in this account" in text(answer)
    assert "On, as set in Lakeside District" in text(answer)


def test_htmx_gets_the_permission_panel_alone(office, school, setting):
    for path in (setting, at(school.account, KEY), f"/accounts/{school.account.pk}/roles/{setting.split('/')[4]}"):
        whole, part = office.get(path).content.decode(), office.get(path, headers=HTMX).content.decode()
        assert "<html" in whole
        assert "<html" not in part
        assert 'id="panel-title"' in part


def test_a_permission_is_shown_for_every_role_that_can_have_it(office, school, root):
    shown = text(office.get(at(school.account, "manage_grades")))
    assert "Teacher On" in shown
    assert "Account Admin On" in shown
    assert "Designer" not in shown
    assert "root account only" in text(office.get(at(school.account, "become_user")))


def test_what_is_locked_above_has_no_form_and_says_where_to_go(office, visit, school, root, teacher, setting):
    set_permission(teacher, root, KEY, {"enabled": False, "locked": True}, by=school.admin)
    for reader, may_open in ((school.account_admin, False), (school.admin, True)):
        answer = visit(reader, setting)
        assert "Lakeside District has locked this" in text(answer)
        assert "Save" not in text(answer)
        assert (at(root, teacher.pk, KEY) in answer.content.decode()) is may_open


def test_what_cannot_be_given_has_no_form_and_is_not_saved(office, school):
    student = Role.objects.built_in(BaseType.STUDENT)
    path = at(school.account, student.pk, KEY)
    assert "cannot be granted to this role here" in text(office.get(path))
    answer = office.post(path, ON)
    assert answer.status_code == 422
    assert not RoleOverride.objects.exists()


# Saving


def test_a_change_is_saved_recorded_and_said(office, school, teacher, setting):
    answer = office.post(setting, {**ON, "locked": "1"}, follow=True)
    override = RoleOverride.objects.get()
    assert (override.account, override.role, override.permission) == (school.account, teacher, KEY)
    assert (override.enabled, override.locked) == (True, True)
    assert "Saved: Teacher can do this in North School. Accounts below cannot change it." in text(answer)
    event = AuditEvent.objects.first()
    assert event
    assert (event.action, event.actor) == (Action.PERMISSION_CHANGED, school.account_admin)


def test_it_can_be_taken_back_on_the_page_it_leads_to(office, school, setting):
    answer = office.post(setting, ON, follow=True)
    form = re.search(r'<form method="post"[^>]*>(?:(?!</form>).)*name="undo".*?</form>', answer.content.decode(), re.S)
    fields = dict(re.findall(r'name="(\w+)" value="(\w+)"', form[0]))
    fields.pop("csrfmiddlewaretoken", None)
    answer = office.post(setting, fields, follow=True)
    assert "Undone: Teacher cannot do this in North School." in text(answer)
    assert not RoleOverride.objects.exists()
    # Only there, and only once.
    assert 'name="undo"' in answer.content.decode()
    assert 'name="undo"' not in office.get(setting).content.decode()
    office.post(setting, ON)
    assert 'name="undo"' not in office.get(setting.replace(KEY, "read_roster")).content.decode()


def test_an_admin_undoes_what_they_took_from_account_admins_of_the_institution(school, root):
    client = Client()
    client.force_login(school.admin)
    own = at(root, Role.objects.built_in(BaseType.ACCOUNT_ADMIN).pk, KEY)
    answer = client.post(own, {**ON, "enabled": "off"}, follow=True)
    assert "Account Admin cannot do this" in text(answer)
    form = re.search(r'<form method="post"[^>]*>(?:(?!</form>).)*name="undo".*?</form>', answer.content.decode(), re.S)
    fields = dict(re.findall(r'name="(\w+)" value="(\w+)"', form[0]))
    fields.pop("csrfmiddlewaretoken", None)
    assert "Undone: Account Admin can do this" in text(client.post(own, fields, follow=True))


def test_what_is_locked_for_the_built_in_role_leads_there_from_a_custom_one(school, root, teacher):
    client = Client()
    client.force_login(school.admin)
    coach = create_role(school.account, "Coach", BaseType.TEACHER, by=school.admin)
    set_permission(teacher, root, "read_roster", {"enabled": False, "locked": True}, by=school.admin)
    answer = client.get(at(school.account, coach.pk, "read_roster"))
    assert f"{root.name} has locked this" in text(answer)
    assert at(root, teacher.pk, "read_roster") in answer.content.decode()
    set_permission(teacher, root, "read_roster", {"locked": False}, by=school.admin)
    set_permission(teacher, school.account, "read_roster", {"enabled": False, "locked": True}, by=school.admin)
    assert f"set in {school.account.name}" in text(client.get(at(school.account, coach.pk, "read_roster")))


def test_htmx_gets_the_panel_with_undo_and_the_new_state_of_the_cell(office, setting, teacher):
    answer = office.post(setting, ON, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Saved: Teacher can do this in North School." in text(answer)
    now = page[page.index("<template data-now>") :]
    assert f'data-cell="{teacher.pk}-{KEY}">On <span' in now
    assert 'name="undo"' in page


@pytest.mark.parametrize("headers", [None, HTMX])
def test_what_applies_nowhere_is_refused_with_nothing_lost(office, setting, headers):
    answer = office.post(setting, {"enabled": "on", "locked": "1"}, headers=headers)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Choose where this applies: this account, the accounts below it, or both." in text(answer)
    assert re.search(r'value="on"[^>]* checked', page)
    assert re.search(r'name="locked" value="1" checked', page)
    assert not re.search(r'name="applies_to_\w+" value="1" checked', page)
    assert not RoleOverride.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"enabled": ""}, {"enabled": "maybe"}, {"enabled": "on\0"}])
def test_a_choice_that_is_none_is_refused(office, setting, sent):
    answer = office.post(setting, {**ON, "enabled": None, **sent} if sent else {"locked": "1"})
    assert answer.status_code == 422
    assert not RoleOverride.objects.exists()


def test_what_one_does_not_have_is_refused_with_the_reason(school, teacher, setting):
    role = Role.objects.create(account=school.account, base_type=BaseType.ACCOUNT_MEMBERSHIP, label="Deputy")
    RoleOverride.objects.create(account=school.account, role=role, permission=MANAGE, enabled=True)
    deputy = UserFactory()
    deputy.account_admins.create(account=school.account, role=role)
    client = Client()
    client.force_login(deputy)
    answer = client.post(setting, ON)
    assert answer.status_code == 403
    assert f"Please correct this You cannot grant permissions you do not have: “{LABEL}”." in text(answer)
    # The rest of the page still stands: the refused change has left nothing behind.
    answer = client.post(at(school.account, role.pk, MANAGE), {**ON, "enabled": "off"})
    assert answer.status_code == 403
    assert "lose your own permission to manage permissions" in text(answer)
    assert client.get(at(school.account)).status_code == 200


def test_a_permission_locked_meanwhile_is_refused_with_the_reason(office, school, root, teacher, setting):
    set_permission(teacher, root, KEY, {"locked": True}, by=school.admin)
    answer = office.post(setting, ON)
    assert answer.status_code == 403
    assert "An account above has locked this permission." in text(answer)


def test_a_change_holds_from_the_next_request_on(office, visit, school, setting):
    export = f"/courses/{school.course.pk}/observer_pairing_codes"
    assert visit(school.teacher, export).status_code == 403
    office.post(setting, ON)
    assert visit(school.teacher, export).status_code == 200
    office.post(setting, {**ON, "enabled": "off"})
    assert visit(school.teacher, export).status_code == 403


def test_role_names_with_markup_are_shown_as_text(visit, root):
    school = AccountFactory(name="<i>School</i>", parent=root)
    admin = make_admin(school)
    role = create_role(school, "<b>Mentor</b>", BaseType.TEACHER, by=admin)
    for path in (at(school), at(school, KEY), at(school, role.pk, KEY), f"/accounts/{school.pk}/roles/{role.pk}"):
        page = visit(admin, path).content.decode()
        assert "<b>Mentor" not in page
        assert "<i>School" not in page
