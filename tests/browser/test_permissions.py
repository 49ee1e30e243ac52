"""The Permissions page in a browser: by mouse, by keyboard alone, and with scripts off."""

import re

import pytest
from playwright.sync_api import expect

from accounts.domain.roles import create_role, set_permission
from accounts.models import AccountAdmin, Action, AuditEvent, BaseType, Role, RoleOverride
from accounts.permissions.registry import PERMISSIONS
from tests.browser.conftest import WIDTHS
from tests.factories import PASSWORD, EnrollmentFactory, UserFactory, make_admin

KEY = "generate_observer_pairing_code"
LABEL = str(PERMISSIONS[KEY].label)


@pytest.fixture(params=WIDTHS)
def width(request) -> str:
    """A phone has a list where there is a grid elsewhere: what can be done is done in both."""
    return request.param


@pytest.fixture
def school(course):
    return course.account


@pytest.fixture
def admin(school):
    return make_admin(school, name="Ada Min", password=PASSWORD)


@pytest.fixture
def teacher_role(root) -> Role:
    return Role.objects.built_in(BaseType.TEACHER)


def is_phone(visitor) -> bool:
    return visitor.page.viewport_size["width"] < 600


def cell(visitor, role: str, permission: str = LABEL):
    """The link with the state of a role's permission, in the grid or, on a phone, in the list."""
    page = visitor.page
    if is_phone(visitor):
        item = page.locator("details.permission", has=page.get_by_text(permission, exact=True))
        if item.get_attribute("open") is None:
            item.locator("summary").click()
        return item.get_by_role("link", name=re.compile(rf"^{role}\b"))
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=permission, exact=True))
    heads = page.get_by_role("columnheader").all_inner_texts()
    number = next(n for n, head in enumerate(heads) if head.split("\n")[0] == role)
    return row.locator("th, td").nth(number).get_by_role("link")


def enabled(role: Role) -> list[bool | None]:
    return list(RoleOverride.objects.filter(role=role, permission=KEY).values_list("enabled", flat=True))


def test_an_admin_lets_teachers_make_codes_and_takes_it_back(new_visitor, admin, school, teacher_role):
    visitor = new_visitor()
    page = visitor.page
    visitor.sign_in(admin)
    visitor.visit(f"/accounts/{school.pk}/courses")
    page.get_by_role("link", name="Permissions", exact=True).click()
    expect(page.get_by_role("heading", name="Permissions")).to_be_visible()
    visitor.finds_nothing_wrong()
    cell(visitor, "Teacher").click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_role("heading", name=f"Teacher: {LABEL}")).to_be_focused()
    visitor.finds_nothing_wrong()
    panel.get_by_label("On", exact=True).check()
    expect(panel.get_by_text("Saved: Teacher can do this in Hill School.").last).to_be_visible()
    assert enabled(teacher_role) == [True]
    visitor.finds_nothing_wrong()
    expect(panel.get_by_label("On", exact=True)).to_be_focused()
    panel.get_by_label("Locked for accounts below").check()
    expect(panel.get_by_text("Accounts below cannot change it.").last).to_be_visible()
    panel.get_by_role("button", name="Undo").click()
    expect(panel.get_by_text("Undone: Teacher can do this in Hill School.").last).to_be_visible()
    assert list(RoleOverride.objects.values_list("enabled", "locked")) == [(True, False)]
    assert AuditEvent.objects.filter(action=Action.PERMISSION_CHANGED, actor=admin).count() == 3
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    expect(cell(visitor, "Teacher")).to_be_focused()
    expect(cell(visitor, "Teacher")).to_contain_text("On changed here")
    visitor.finds_nothing_wrong()


def test_a_refusal_is_shown_in_the_panel_and_nothing_is_saved(new_visitor, admin, school):
    office = create_role(school, "Office", BaseType.ACCOUNT_MEMBERSHIP, by=admin)
    set_permission(office, school, "manage_role_overrides", {"enabled": True}, by=admin)
    clerk = UserFactory(password=PASSWORD)
    AccountAdmin.objects.create(user=clerk, account=school, role=office)
    visitor = new_visitor()
    page = visitor.page
    visitor.sign_in(clerk)
    visitor.visit(f"/accounts/{school.pk}/permissions?roles=account")
    cell(visitor, "Office", "Permissions - manage").click()
    panel = page.get_by_role("dialog")
    panel.get_by_label("Off", exact=True).check()
    expect(panel.get_by_role("alert")).to_contain_text("lose your own permission to manage permissions")
    visitor.finds_nothing_wrong()
    cell_after = page.locator(f'#grid [data-cell="{office.pk}-manage_role_overrides"]').first
    expect(cell_after).to_contain_text("On")
    assert RoleOverride.objects.get().enabled
    panel.get_by_label("On", exact=True).check()
    panel.get_by_label("Hill School itself").uncheck()
    panel.get_by_label("Accounts below it").uncheck()
    expect(panel.get_by_role("alert")).to_contain_text("Choose where this applies")
    expect(panel.get_by_label("On", exact=True)).to_be_checked()


def test_what_is_locked_above_can_be_looked_at_only(new_visitor, admin, school, root, teacher_role):
    set_permission(teacher_role, root, KEY, {"enabled": False, "locked": True}, by=make_admin(root))
    visitor = new_visitor()
    visitor.sign_in(admin)
    visitor.visit(f"/accounts/{school.pk}/permissions")
    expect(cell(visitor, "Teacher")).to_contain_text("Off, locked above")
    cell(visitor, "Teacher").click()
    panel = visitor.page.get_by_role("dialog")
    expect(panel.get_by_text("has locked this for all accounts below it")).to_be_visible()
    expect(panel.get_by_role("radio")).to_have_count(0)
    visitor.finds_nothing_wrong()


def test_who_was_signed_out_meanwhile_is_asked_to_sign_in(new_visitor, admin, school, teacher_role):
    visitor = new_visitor()
    visitor.sign_in(admin)
    visitor.visit(f"/accounts/{school.pk}/permissions")
    visitor.page.context.clear_cookies()
    cell(visitor, "Teacher").click()
    expect(visitor.page.locator("#login_form")).to_be_visible()


def test_the_permissions_grid_searches_while_typing(new_visitor, admin, school):
    visitor = new_visitor()
    page = visitor.page
    visitor.sign_in(admin)
    visitor.visit(f"/accounts/{school.pk}/permissions")
    page.get_by_label("Search permissions").press_sequentially("pairing")
    expect(page.get_by_role("status").filter(has_text="1 permission")).to_be_visible()
    expect(page).to_have_url(re.compile("search=pairing"))
    expect(page.get_by_label("Search permissions")).to_be_focused()
    cell(visitor, "TA").click()
    expect(page.get_by_role("heading", name=f"TA: {LABEL}")).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_label("Search permissions").fill("no such thing")
    expect(page.get_by_text("No matching permissions.")).to_be_visible()
    visitor.finds_nothing_wrong()


def test_permissions_are_changed_by_keyboard_alone(new_visitor, admin, school, teacher_role):
    visitor = new_visitor()
    page = visitor.page
    visitor.sign_in(admin)
    visitor.visit(f"/accounts/{school.pk}/permissions?search=pairing")

    def tab_to(text: str) -> None:
        for _press in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.innerText").strip().startswith(text):
                return
        raise AssertionError(f"Tab does not lead to {text}")

    if is_phone(visitor):
        tab_to(LABEL)
        page.keyboard.press("Enter")
        tab_to("Teacher")
    else:
        tab_to(LABEL)
        page.keyboard.press("ArrowRight")
    opener = page.evaluate("document.activeElement.getAttribute('href')")
    assert opener.endswith(f"/permissions/{teacher_role.pk}/{KEY}")
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    expect(panel.get_by_role("heading", name=f"Teacher: {LABEL}")).to_be_focused()
    # It is as inherited: two up, past Off, is On; what one only passes is not saved.
    page.keyboard.press("Tab")
    expect(panel.get_by_label("As inherited")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(panel.get_by_text("Saved: Teacher can do this in Hill School.").last).to_be_visible()
    expect(panel.get_by_label("On", exact=True)).to_be_focused()
    assert enabled(teacher_role) == [True]
    assert AuditEvent.objects.filter(action=Action.PERMISSION_CHANGED).count() == 1
    tab_to("Undo")
    page.keyboard.press("Enter")
    expect(panel.get_by_text("Undone: Teacher cannot do this").last).to_be_visible()
    expect(panel.get_by_role("heading", name=f"Teacher: {LABEL}")).to_be_focused()
    assert enabled(teacher_role) == []
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert page.evaluate("document.activeElement.getAttribute('href')") == opener


def test_from_a_permission_to_all_its_roles_and_from_there_to_one(new_visitor, admin, school):
    visitor = new_visitor()
    page = visitor.page
    visitor.sign_in(admin)
    visitor.visit(f"/accounts/{school.pk}/permissions")
    if is_phone(visitor):
        cell(visitor, "TA")
        page.get_by_role("link", name=re.compile(rf"What it does\W+{LABEL}")).click()
    else:
        page.get_by_role("rowheader", name=LABEL).get_by_role("link").click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_role("heading", name=LABEL, exact=True)).to_be_focused()
    visitor.finds_nothing_wrong()
    panel.get_by_role("link", name="Account Admin").click()
    expect(panel.get_by_role("heading", name=f"Account Admin: {LABEL}")).to_be_focused()
    # Not in this tab of the grid: it is saved all the same.
    panel.get_by_label("Off", exact=True).check()
    expect(panel.get_by_text("Saved: Account Admin cannot").last).to_be_visible()
    panel.get_by_role("link", name="All permissions of Account Admin").click()
    expect(panel.get_by_role("heading", name="Account Admin", exact=True)).to_be_focused()
    visitor.finds_nothing_wrong()


def test_a_role_is_made_renamed_deactivated_and_activated(new_visitor, admin, school, section):
    visitor = new_visitor()
    page = visitor.page
    visitor.sign_in(admin)
    visitor.visit(f"/accounts/{school.pk}/permissions")
    page.get_by_role("link", name="Add role").click()
    visitor.finds_nothing_wrong()
    page.get_by_label("Name").fill("Teacher")
    page.get_by_role("button", name="Add role").click()
    expect(page.get_by_role("alert")).to_contain_text("A role with this name already exists.")
    visitor.finds_nothing_wrong()
    page.get_by_label("Name").fill("Mentor")
    page.get_by_role("button", name="Add role").click()
    expect(page.get_by_role("status").filter(has_text="Role Mentor created.")).to_be_visible()
    role = Role.objects.get(label="Mentor")
    EnrollmentFactory(section=section, type=BaseType.TEACHER, role=role)
    if is_phone(visitor):
        page.get_by_text("The roles", exact=True).click()
    page.locator(f'#grid a[href$="/roles/{role.pk}"]:visible').click()
    panel = page.get_by_role("dialog")
    panel.get_by_text("Rename or deactivate").click()
    visitor.finds_nothing_wrong()
    panel.get_by_label("Name").fill("Guide")
    panel.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("status").filter(has_text="Role renamed to Guide.")).to_be_visible()
    visitor.visit(f"/accounts/{school.pk}/roles/{role.pk}")
    visitor.finds_nothing_wrong()
    page.get_by_text("Rename or deactivate").click()
    page.get_by_role("link", name="Deactivate…").click()
    expect(page.get_by_text("1 person has this role.")).to_be_visible()
    visitor.finds_nothing_wrong()
    page.get_by_role("button", name="Deactivate role").click()
    expect(page.get_by_role("heading", name="Deactivated roles")).to_be_visible()
    visitor.finds_nothing_wrong()
    page.get_by_role("button", name=re.compile(r"Activate\W+Guide")).click()
    expect(page.get_by_role("status").filter(has_text="Role Guide activated")).to_be_visible()


def test_many_roles_scroll_in_their_own_box(new_visitor, admin, school):
    for number in range(12):
        create_role(school, f"Mentor for the subject number {number}", BaseType.TEACHER, by=admin)
    visitor = new_visitor()
    visitor.sign_in(admin)
    visitor.visit(f"/accounts/{school.pk}/permissions")
    visitor.finds_nothing_wrong()
    if not is_phone(visitor):
        box = visitor.page.get_by_role("region", name="Permissions by role")
        assert box.evaluate("box => box.scrollWidth > box.clientWidth && box.scrollHeight > box.clientHeight")
        box.evaluate("box => box.scrollTo(box.scrollWidth, box.scrollHeight)")
        assert box.get_by_role("columnheader", name="Permission", exact=True).evaluate(
            "head => head.getBoundingClientRect().left >= head.closest('div').getBoundingClientRect().left"
        )


def test_without_scripts_everything_is_a_page(browser, live_server, admin, school, teacher_role):
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/{school.pk}/permissions")
    form = page.locator("#login_form")
    form.get_by_label("Login").fill(admin.login_id)
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button", name="Sign in").click()
    page.locator(f'td a[href$="/permissions/{teacher_role.pk}/{KEY}"]').click()
    page.get_by_label("On", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: Teacher can do this in Hill School.")).to_be_visible()
    assert enabled(teacher_role) == [True]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: Teacher cannot do this in Hill School.")).to_be_visible()
    assert enabled(teacher_role) == []
    page.get_by_role("link", name="Hill School: Permissions").click()
    expect(page.get_by_role("heading", name="Permissions")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_states_can_be_read_in_light_and_dark(new_visitor, admin, school, root, teacher_role, scheme):
    office = make_admin(root)
    set_permission(teacher_role, root, KEY, {"enabled": False, "locked": True}, by=office)
    set_permission(teacher_role, school, "read_roster", {"enabled": True, "locked": True}, by=office)
    set_permission(teacher_role, school, "read_sis", {"enabled": False, "applies_to_self": False}, by=office)
    visitor = new_visitor()
    visitor.page.emulate_media(color_scheme=scheme)
    visitor.sign_in(admin)
    visitor.visit(f"/accounts/{school.pk}/permissions")
    if is_phone(visitor):
        for label in (LABEL, "Users - view list", "SIS Data - read"):
            cell(visitor, "Teacher", label)
    visitor.finds_nothing_wrong()
    cell(visitor, "Teacher", "Users - view list").click()
    expect(visitor.page.locator("#panel-title")).to_be_focused()
    visitor.finds_nothing_wrong()
