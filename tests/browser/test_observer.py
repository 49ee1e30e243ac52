"""The observer's journey: pair with a code, see the courses, stop observing; or sign up with the code."""

import pytest

from accounts.models import ObservationLink, User
from pairing.domain.codes import issue
from tests.factories import PASSWORD, UserFactory


@pytest.fixture
def parent(root) -> User:
    return UserFactory(name="Pat Stone", login_id="pat", password=PASSWORD)


def test_an_observer_pairs_looks_and_stops(new_visitor, parent, student, course):
    visitor = new_visitor()
    visitor.sign_in_by_form(parent)
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("main").get_by_role("link", name="Observing").first.click()
    visitor.finds_nothing_wrong()

    code = issue(student, by=student).text
    visitor.page.get_by_label("Student pairing code").fill(f" {code[:3]}-{code[3:]} ")
    visitor.page.get_by_role("button", name="Continue").click()
    page = visitor.page.get_by_role("main").inner_text()
    assert "Mia S." in page
    assert "Stone" not in page
    assert "Hill School" in page
    assert not ObservationLink.objects.exists()
    assert code not in visitor.page.url
    visitor.finds_nothing_wrong()

    visitor.page.get_by_role("button", name="Pair", exact=True).click()
    visitor.page.get_by_text("You are now observing Mia Stone").wait_for()
    visitor.finds_nothing_wrong()

    visitor.visit("/")
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("main").get_by_role("link", name="Biology").first.click()
    visitor.finds_nothing_wrong()
    assert "Mia Stone" in visitor.page.get_by_role("main").inner_text()
    for tab in ("Announcements", "Assignments", "Syllabus", "Grades"):
        visitor.page.get_by_role("main").get_by_role("link", name=tab, exact=True).first.click()
        visitor.finds_nothing_wrong()
    assert visitor.page.get_by_role("link", name="People", exact=True).count() == 0

    visitor.visit("/profile/observees")
    visitor.page.get_by_role("link", name="Stop observing").click()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("button", name="Stop observing").click()
    visitor.page.get_by_text("You are no longer observing Mia Stone").wait_for()
    visitor.visit(f"/courses/{course.pk}")
    assert "Biology" not in visitor.page.get_by_role("main").inner_text()


def test_slips_and_wrong_codes_are_told_plainly(new_visitor, parent, student):
    visitor = new_visitor()
    visitor.sign_in(parent)
    visitor.visit("/profile/observees")
    field = visitor.page.get_by_label("Student pairing code")
    for typed, answer in (
        ("", "Enter the pairing code"),
        ("ab0def", "Codes never contain “0”"),
        ("abc", "A code has 6 characters"),
        ("abcdef", "This code does not work"),
    ):
        field.fill(typed)
        visitor.page.get_by_role("button", name="Continue").click()
        visitor.page.get_by_role("alert").filter(has_text=answer).wait_for()
        visitor.finds_nothing_wrong()


def test_a_parent_signs_up_in_the_dialog_of_the_login_page(new_visitor, student):
    code = issue(student, by=student).text
    visitor = new_visitor()
    visitor.visit("/login/canvas")
    visitor.finds_nothing_wrong()
    visitor.page.locator("a#register_link").click()
    assert visitor.page.url.endswith("/login/canvas")
    dialog = visitor.page.get_by_role("dialog")
    visitor.finds_nothing_wrong()
    dialog.get_by_label("Your full name").fill("Pam Stone")
    dialog.get_by_label("Email").fill("pam@example.org")
    dialog.get_by_label("Password").fill("plain-but-long-words")
    dialog.locator("input#pairing_code").fill("abcdef")
    dialog.get_by_label("I agree").check()
    dialog.get_by_role("button", name="Continue").click()

    visitor.page.get_by_role("alert").filter(has_text="This code does not work").wait_for()
    assert not User.objects.filter(login_id="pam@example.org").exists()
    visitor.finds_nothing_wrong()

    visitor.page.locator("input#pairing_code").fill(code)
    visitor.page.get_by_label("Password").fill("plain-but-long-words")
    visitor.page.get_by_role("button", name="Continue").click()
    visitor.page.get_by_text("Is this the right student?").wait_for()
    assert "Mia S." in visitor.page.get_by_role("main").inner_text()
    assert code not in visitor.page.url + visitor.page.content()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("button", name="Create account and pair").click()
    visitor.page.get_by_text("You are now observing Mia Stone").wait_for()
    assert "Biology" in visitor.page.get_by_role("main").inner_text()
    visitor.finds_nothing_wrong()
