"""The teacher's and the admin's journeys."""

import csv
import io
import re

from playwright.sync_api import expect

from accounts.models import BaseType, ObservationLink, SelfRegistration
from courses.domain.observation import link
from pairing.domain.codes import issue
from pairing.models import PairingCode
from tests.browser.test_student import close
from tests.factories import PASSWORD, UserFactory, allow, make_admin


def test_a_teacher_makes_a_code_on_user_details_and_exports_the_class(new_visitor, teacher, student, course, root):
    allow(BaseType.TEACHER, "generate_observer_pairing_code")
    for _number in range(5):
        issue(student, by=student)
    visitor = new_visitor()
    visitor.sign_in(teacher)
    visitor.visit(f"/courses/{course.pk}/users")
    visitor.finds_nothing_wrong()
    visitor.page.locator("summary", has_text="Options for Mia Stone").click()
    visitor.page.get_by_role("link", name="User Details").click()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("button", name="Pair with Observer").click()
    dialog = visitor.page.get_by_role("dialog")
    assert "Mia Stone" in dialog.inner_text()
    visitor.finds_nothing_wrong()
    close(dialog)

    visitor.visit(f"/courses/{course.pk}/users")
    visitor.page.get_by_text("Options", exact=True).first.click()
    visitor.page.get_by_role("link", name="Export Pairing Codes").click()
    assert "the oldest will stop working" in visitor.page.get_by_role("main").inner_text()
    visitor.finds_nothing_wrong()
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Create codes and download").click()
    assert download.value.suggested_filename == "BIO 7_Pairing_Codes.csv"
    text = download.value.path().read_bytes().decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(text))
    assert header == ["Last Name", "First Name", "SIS ID", "Pairing Code", "Expires At"]
    assert row[:2] == ["Stone", "Mia"]

    # The result instead of the button; the code only in the file.
    main = visitor.page.get_by_role("main")
    expect(visitor.page.locator(":focus")).to_have_text("Pairing codes exported")
    expect(visitor.page).to_have_title(re.compile("Pairing codes exported"))
    for words in ("1, for one student of Biology", "BIO 7_Pairing_Codes.csv", "1: the oldest code of a student"):
        expect(main).to_contain_text(words)
    assert row[3] not in visitor.page.content()
    visitor.finds_nothing_wrong()
    with visitor.page.expect_download() as again:
        main.get_by_role("button", name="Save the file again").click()
    assert again.value.path().read_bytes() == download.value.path().read_bytes()

    visitor.page.reload()
    expect(main).to_contain_text("1, for one student of Biology")
    main.get_by_role("link", name="Create codes again").click()
    expect(main.get_by_role("heading", level=1)).to_have_text("Create codes again?")
    visitor.finds_nothing_wrong()
    with visitor.page.expect_download():
        main.get_by_role("button", name="Create codes and download").click()
    expect(main.get_by_role("heading", level=1)).to_have_text("Pairing codes exported")
    assert PairingCode.objects.live().count() == 5


def test_a_teacher_without_the_permission_sees_no_pairing(new_visitor, teacher, student, course):
    visitor = new_visitor()
    visitor.sign_in(teacher)
    visitor.visit(f"/courses/{course.pk}/users/{student.pk}")
    visitor.finds_nothing_wrong()
    assert visitor.page.get_by_role("button", name="Pair with Observer").count() == 0


def test_an_admin_switches_pairing_off_and_removes_a_link(new_visitor, student, course, root):
    parent = UserFactory(name="Pat Stone")
    link(parent, student, origin=ObservationLink.Origin.CODE, by=parent)
    visitor = new_visitor()
    visitor.sign_in(make_admin(name="Ada Min", password=PASSWORD))
    visitor.visit(f"/accounts/{root.pk}/authentication_providers")
    visitor.finds_nothing_wrong()
    visitor.page.get_by_label("Nobody").check()
    visitor.page.get_by_role("button", name="Save").click()
    visitor.page.get_by_text("Ada Min").first.wait_for()
    root.refresh_from_db()
    assert root.self_registration == SelfRegistration.NONE
    visitor.finds_nothing_wrong()

    visitor.visit(f"/accounts/{root.pk}/users")
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("link", name="Stone, Mia").click()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_text("Remove link").first.click()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("button", name="Remove link").last.click()
    visitor.page.get_by_role("status").filter(has_text="Pat Stone").first.wait_for()
    assert not ObservationLink.objects.live().exists()
    visitor.visit(f"/accounts/{root.pk}/courses")
    visitor.finds_nothing_wrong()


def test_an_admin_acts_as_a_student_makes_a_code_and_stops(new_visitor, student, course):
    visitor = new_visitor()
    visitor.sign_in(make_admin(name="Ada Min", password=PASSWORD))
    visitor.visit(f"/accounts/{course.account.parent_id}/users/{student.pk}")
    visitor.page.get_by_role("link", name="Act as this person").click()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("button", name="Act as this person").click()
    visitor.page.wait_for_url(visitor.site + "/")
    assert "You are acting as Mia Stone" in visitor.page.get_by_role("complementary").inner_text()
    visitor.finds_nothing_wrong()
    visitor.visit("/profile/settings")
    visitor.page.get_by_role("button", name="Pair with Observer").click()
    close(visitor.page.get_by_role("dialog"))
    assert "Ada Min" in visitor.page.locator("#live-codes").inner_text()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("button", name="Stop acting").focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.get_by_text("You have stopped acting").wait_for()
    assert visitor.page.get_by_role("button", name="Stop acting").count() == 0
    visitor.finds_nothing_wrong()
