"""What holds for every page: what went wrong takes the focus, what is current can be seen, lists fit a phone."""

from playwright.sync_api import expect

from accounts.models import ObservationLink
from courses.domain.observation import link
from courses.models import Course
from tests.browser.conftest import at_each_width
from tests.factories import PASSWORD, AccountFactory, UserFactory, make_admin, make_student, make_students

LINES = """cell => {
  const words = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT, each => each.data.trim() ? 1 : 2);
  const text = document.createRange();
  text.selectNodeContents(words.nextNode());
  return text.getClientRects().length;
}"""


def test_what_is_wrong_with_a_form_takes_the_focus_and_leads_to_the_field(new_visitor, root):
    visitor = new_visitor()
    visitor.visit("/register")
    visitor.page.get_by_role("main").get_by_role("button").first.click()
    expect(visitor.page).to_have_title("Error: Create account · Lakeside District")
    summary = visitor.page.get_by_role("alert")
    expect(summary).to_be_focused()
    visitor.finds_nothing_wrong()
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_label("Your full name")).to_be_focused()


def test_a_refusal_by_a_rule_takes_the_focus_too(new_visitor, root):
    visitor = new_visitor()
    visitor.visit("/login/canvas")
    form = visitor.page.locator("#login_form")
    form.get_by_label("Login").fill("nobody")
    form.get_by_label("Password").fill("wrong")
    form.get_by_role("button", name="Sign in").click()
    expect(visitor.page.get_by_role("alert")).to_be_focused()
    visitor.finds_nothing_wrong()


@at_each_width
def test_on_a_phone_a_list_of_people_has_one_line_each_and_begins_on_the_first_screen(new_visitor, section, root):
    make_students(40, section)
    visitor = new_visitor()
    visitor.sign_in(make_admin(name="Ada Min", password=PASSWORD))
    for path in (f"/courses/{section.course_id}/users", f"/accounts/{root.pk}/users"):
        visitor.visit(path)
        rows = visitor.page.locator("tbody tr")
        assert rows.count() >= 40
        boxes = [row.bounding_box() for row in rows.all()]
        assert max(box["height"] for box in boxes) <= 64
        assert boxes[0]["y"] + boxes[0]["height"] <= visitor.page.viewport_size["height"]
        visitor.finds_nothing_wrong()


@at_each_width
def test_filters_are_folded_on_a_phone_and_lie_open_beside_the_search_elsewhere(new_visitor, student, section):
    visitor = new_visitor()
    visitor.sign_in(make_admin(name="Ada Min", password=PASSWORD))
    visitor.visit(f"/courses/{section.course_id}/users")
    is_phone = visitor.page.viewport_size["width"] < 700
    role = visitor.page.get_by_label("Role", exact=True)
    assert role.is_visible() is not is_phone
    if is_phone:
        visitor.page.get_by_text("Filter and sort").click()
        expect(role).to_be_visible()
        visitor.finds_nothing_wrong()
    role.select_option(label="Student")
    visitor.page.get_by_role("button", name="Apply").click()
    expect(visitor.page.get_by_role("link", name="Start over")).to_be_visible()
    # What narrows the list is in sight.
    expect(role).to_be_visible()


@at_each_width
def test_with_colors_of_ones_own_the_current_tab_has_a_line_that_the_others_lack(new_visitor, student, section):
    visitor = new_visitor()
    visitor.sign_in(student)
    visitor.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    visitor.visit(f"/courses/{section.course_id}")
    lines = visitor.page.evaluate(
        """() => [...document.querySelectorAll(".tabs a")].map((tab) =>
            [tab.hasAttribute("aria-current"), getComputedStyle(tab).borderBottomColor])"""
    )
    ground = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert {color for is_current, color in lines if not is_current} == {ground}
    assert {color for is_current, color in lines if is_current}.isdisjoint({ground})


def test_no_page_scrolls_sideways_whatever_people_and_courses_are_called(new_visitor, course, section, root):
    long = "W" * 200
    student = make_student(section, name=long)
    course.name = long
    course.save()
    parent = UserFactory(name=long, password=PASSWORD, login_id="parent")
    link(parent, student, origin=ObservationLink.Origin.CODE, by=None)
    here, above = f"/courses/{course.pk}", f"/accounts/{root.pk}"
    of_family = ("/", "/profile/settings", "/profile/observees", f"/profile/observees/{student.pk}/remove")
    of_staff = (f"{here}/users", f"{here}/users/{student.pk}")
    of_admins = (f"{above}/users", f"{above}/users/{student.pk}", f"{above}/courses")
    admin = make_admin(name="Ada Min", password=PASSWORD)
    for reader, paths in ((parent, (*of_family, here, f"{here}/grades")), (admin, (*of_staff, *of_admins))):
        visitor = new_visitor()
        visitor.page.set_viewport_size({"width": 320, "height": 700})
        visitor.sign_in(reader)
        for path in paths:
            visitor.visit(path)
            over = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, f"{path} is {over}px too wide"


@at_each_width
def test_a_long_word_in_a_name_widens_no_page_and_leaves_the_other_columns_their_words(new_visitor, section, root):
    long = "Donaudampfschifffahrtsgesellschaftskapitaenskajuete"
    student = make_student(section, name=f"{long} {long.lower()}", login_id=f"{long.lower()}@example.org")
    Course.objects.filter(pk=section.course_id).update(name=f"{long} {long.lower()}", course_code=long)
    school = AccountFactory(name=long, parent=root)
    visitor = new_visitor()
    visitor.sign_in(make_admin(password=PASSWORD))
    for path, word in (
        (f"/accounts/{root.pk}/users", "Registered"),
        (f"/accounts/{root.pk}/users/{student.pk}", "Student"),
        (f"/accounts/{root.pk}/courses", ""),
        (f"/courses/{section.course_id}/users", "Student"),
        (f"/users/{student.pk}/masquerade", ""),
        (f"/accounts/{school.pk}/sub_accounts", ""),
    ):
        visitor.visit(path)
        visitor.finds_nothing_wrong()
        cell = visitor.page.get_by_role("cell", name=word, exact=True).first
        if word and visitor.page.viewport_size["width"] > 700:
            lines = cell.evaluate(LINES)
            assert lines == 1, f"“{word}” is cut into {lines} lines on {path}"
