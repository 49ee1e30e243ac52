"""The student's journey: make a code, see it once, revoke it."""

import re

from playwright.sync_api import Locator, expect

from accounts.models import SelfRegistration
from pairing import code_text
from pairing.models import PairingCode


def close(dialog: Locator) -> None:
    """Close a dialog with a code in it, for good."""
    dialog.get_by_role("button", name="OK").click()
    dialog.get_by_role("button", name="Yes, close it").click()


def test_a_student_makes_a_code_and_revokes_it(new_visitor, student):
    visitor = new_visitor()
    visitor.sign_in_by_form(student)
    visitor.visit("/profile/settings")
    visitor.finds_nothing_wrong()

    visitor.page.get_by_role("button", name="Pair with Observer").click()
    dialog = visitor.page.get_by_role("dialog")
    code = dialog.locator("#new-code").inner_text()
    assert re.fullmatch("[2-9A-HJ-NP-Za-km-np-z]{6}", code)
    assert "1 of 5 codes is now active" in dialog.inner_text()
    assert re.search(r"\d\d:\d\d CES?T", dialog.inner_text())
    assert "Capital and lowercase letters are different" in dialog.inner_text()
    visitor.finds_nothing_wrong()

    dialog.get_by_role("button", name="OK").click()
    assert dialog.locator("#new-code").inner_text() == code
    visitor.finds_nothing_wrong()
    dialog.get_by_role("button", name="Yes, close it").click()
    visitor.page.locator("#new-code").wait_for(state="detached")
    assert code not in visitor.page.content()
    row = visitor.page.get_by_role("row").filter(has_text="ending in")
    assert row.count() == 1
    visitor.finds_nothing_wrong()

    row.get_by_role("link", name="Revoke").click()
    assert "The code stops working right away" in visitor.page.get_by_role("main").inner_text()
    assert PairingCode.objects.live().exists()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("button", name="Revoke").click()
    visitor.page.get_by_text("no longer works").wait_for()
    assert not PairingCode.objects.live().exists()
    visitor.finds_nothing_wrong()


def test_a_student_does_it_by_keyboard_alone(new_visitor, student):
    visitor = new_visitor()
    visitor.sign_in(student)
    visitor.visit("/profile/settings")
    visitor.page.get_by_role("button", name="Pair with Observer").focus()
    visitor.page.keyboard.press("Enter")
    dialog = visitor.page.get_by_role("dialog")
    dialog.wait_for()
    code = dialog.locator("#new-code").inner_text()
    in_focus = visitor.page.locator(":focus")
    expect(in_focus).to_have_id("code-shown")
    spelled = re.compile(f"The code is: {', '.join(code_text.spelled(code))}")
    expect(in_focus).to_have_accessible_name(spelled)
    expect(dialog).to_have_accessible_description(spelled)

    # However often somebody presses what usually closes a dialog, the code stays until they say so.
    for key in ("Enter", "Enter", "Escape", "Escape", "Escape", "Enter", "Escape"):
        visitor.page.keyboard.press(key)
    assert dialog.locator("#new-code").inner_text() == code
    expect(in_focus).to_have_accessible_name("Not yet")
    visitor.page.keyboard.press("Tab")
    expect(in_focus).to_have_accessible_name("Yes, close it")
    visitor.page.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    expect(in_focus).to_have_accessible_name("Pair with Observer")
    assert code not in visitor.page.content()


def test_leaving_the_page_while_a_code_is_shown_asks_first(new_visitor, student):
    visitor = new_visitor()
    visitor.sign_in(student)
    visitor.visit("/profile/settings")
    visitor.page.get_by_role("button", name="Pair with Observer").click()
    visitor.page.get_by_role("dialog").wait_for()
    code = visitor.page.locator("#new-code").inner_text()
    with visitor.page.expect_event("dialog") as asked:
        visitor.page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    assert visitor.page.locator("#new-code").inner_text() == code


def test_a_printed_code_stands_alone_on_white(new_visitor, student):
    visitor = new_visitor()
    visitor.sign_in(student)
    visitor.visit("/profile/settings")
    visitor.page.get_by_role("button", name="Pair with Observer").click()
    visitor.page.locator("#new-code").wait_for()
    visitor.page.emulate_media(media="print")
    backdrop = "getComputedStyle(document.querySelector('dialog'), '::backdrop').backgroundColor"
    assert visitor.page.evaluate(backdrop) == "rgba(0, 0, 0, 0)"
    assert visitor.page.locator("#new-code").is_visible()
    assert visitor.page.get_by_role("heading", name="User Settings").is_hidden()


def test_a_page_that_cannot_be_reached_says_so(new_visitor, student):
    visitor = new_visitor()
    visitor.sign_in(student)
    visitor.visit("/profile/settings")
    visitor.page.route("**/observer_pairing_codes", lambda route: route.abort())
    visitor.page.get_by_role("button", name="Pair with Observer").click()
    visitor.page.get_by_role("alert").filter(has_text="That did not work").wait_for()


def test_at_five_codes_the_page_says_which_drops_next(new_visitor, student):
    visitor = new_visitor()
    visitor.sign_in(student)
    visitor.visit("/profile/settings")
    for live in range(1, 7):
        visitor.page.get_by_role("button", name="Pair with Observer").click()
        dialog = visitor.page.get_by_role("dialog")
        assert f"{min(live, 5)} of 5" in dialog.inner_text()
        close(dialog)
        dialog.wait_for(state="detached")
    assert visitor.page.get_by_text("next to end").count() == 1
    visitor.finds_nothing_wrong()


def test_with_self_registration_off_there_is_no_button(new_visitor, student, root):
    root.self_registration = SelfRegistration.NONE
    root.save()
    visitor = new_visitor()
    visitor.sign_in(student)
    visitor.visit("/profile/settings")
    assert visitor.page.get_by_role("button", name="Pair with Observer").count() == 0
    visitor.finds_nothing_wrong()


def test_creating_a_code_works_without_javascript(browser, live_server, root, student):
    from tests.browser.conftest import Visitor

    context = browser.new_context(java_script_enabled=False)
    visitor = Visitor(context.new_page(), live_server.url)
    visitor.sign_in_by_form(student)
    visitor.visit("/profile/settings")
    visitor.page.get_by_role("button", name="Pair with Observer").click()
    assert len(visitor.page.locator("#new-code").inner_text()) == 6
    context.close()
