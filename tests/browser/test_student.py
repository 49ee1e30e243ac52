"""The student's journey: make a code, see it once, revoke it."""

import re

from accounts.models import SelfRegistration
from pairing.models import PairingCode


def test_a_student_makes_a_code_and_revokes_it(new_visitor, student):
    visitor = new_visitor()
    visitor.sign_in(student)
    visitor.visit("/profile/settings")
    visitor.finds_nothing_wrong()

    visitor.page.get_by_role("button", name="Pair with Observer").click()
    dialog = visitor.page.get_by_role("dialog")
    code = dialog.locator("#new-code").inner_text()
    assert re.fullmatch("[2-9A-HJ-NP-Za-km-np-z]{6}", code)
    assert "1 of 5 codes is now live" in dialog.inner_text()
    assert "Europe/Berlin" in dialog.inner_text()
    assert "Capital and small letters are different" in dialog.inner_text()
    visitor.finds_nothing_wrong()

    dialog.get_by_role("button", name="OK").click()
    visitor.page.locator("#new-code").wait_for(state="detached")
    assert code not in visitor.page.content()
    row = visitor.page.get_by_role("row").filter(has_text="ending in")
    assert row.count() == 1
    visitor.finds_nothing_wrong()

    row.get_by_role("button", name="Revoke").click()
    visitor.page.get_by_text("no longer works").wait_for()
    assert not PairingCode.objects.live().exists()
    visitor.finds_nothing_wrong()


def test_a_student_does_it_by_keyboard_alone(new_visitor, student):
    visitor = new_visitor()
    visitor.sign_in(student)
    visitor.visit("/profile/settings")
    visitor.page.get_by_role("button", name="Pair with Observer").focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.get_by_role("dialog").wait_for()
    assert visitor.page.evaluate("document.activeElement.textContent.trim()") == "OK"
    visitor.page.keyboard.press("Escape")
    visitor.page.get_by_role("dialog").wait_for(state="detached")


def test_at_five_codes_the_page_says_which_drops_next(new_visitor, student):
    visitor = new_visitor()
    visitor.sign_in(student)
    visitor.visit("/profile/settings")
    for live in range(1, 7):
        visitor.page.get_by_role("button", name="Pair with Observer").click()
        dialog = visitor.page.get_by_role("dialog")
        assert f"{min(live, 5)} of 5" in dialog.inner_text()
        dialog.get_by_role("button", name="OK").click()
        dialog.wait_for(state="detached")
    assert visitor.page.get_by_text("next to drop").count() == 1
    visitor.finds_nothing_wrong()


def test_with_self_registration_off_there_is_no_button(new_visitor, student, root):
    root.self_registration = SelfRegistration.NONE
    root.save()
    visitor = new_visitor()
    visitor.sign_in(student)
    visitor.visit("/profile/settings")
    assert visitor.page.get_by_role("button", name="Pair with Observer").count() == 0
    visitor.finds_nothing_wrong()


def test_it_works_without_javascript(browser, live_server, root, student):
    from tests.browser.conftest import Visitor

    context = browser.new_context(java_script_enabled=False)
    visitor = Visitor(context.new_page(), live_server.url)
    visitor.sign_in(student)
    visitor.visit("/profile/settings")
    visitor.page.get_by_role("button", name="Pair with Observer").click()
    assert len(visitor.page.locator("#new-code").inner_text()) == 6
    context.close()
