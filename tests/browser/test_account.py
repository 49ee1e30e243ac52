"""The admin's journeys through people, links, courses, sub-accounts, terms and admins."""

from accounts.models import AccountAdmin, ObservationLink, User
from courses.domain.observation import link
from courses.models import Course, Term
from tests.factories import PASSWORD, EnrollmentFactory, UserFactory, make_admin


def signed_in(new_visitor, **fields):
    visitor = new_visitor()
    visitor.sign_in(make_admin(name="Ada Min", password=PASSWORD, **fields))
    return visitor


def says(visitor, words):
    visitor.page.get_by_role("status").filter(has_text=words).first.wait_for()
    visitor.finds_nothing_wrong()


def test_an_admin_adds_edits_suspends_and_deletes_a_person(new_visitor, root):
    visitor = signed_in(new_visitor)
    page = visitor.page
    visitor.visit(f"/accounts/{root.pk}/users")
    page.get_by_role("link", name="Add person").click()
    visitor.finds_nothing_wrong()
    page.get_by_label("Full name").fill("Nia New")
    page.get_by_label("Login").fill("nia")
    page.get_by_label("Email").fill("not an address")
    page.get_by_role("button", name="Add person").click()
    page.get_by_text("valid email").first.wait_for()
    assert page.get_by_label("Full name").input_value() == "Nia New"
    visitor.finds_nothing_wrong()
    page.get_by_label("Email").fill("nia@example.org")
    page.get_by_role("button", name="Add person").click()
    says(visitor, "Account created for Nia New.")

    page.get_by_text("Manage account").click()
    box = page.get_by_role("link", name="Sign out everywhere").bounding_box()
    assert box["x"] >= 0, "the menu hangs over the edge of the screen"
    visitor.finds_nothing_wrong()
    page.get_by_role("link", name="Edit").click()
    visitor.finds_nothing_wrong()
    page.get_by_label("Full name").fill("Nia Newman")
    page.get_by_role("button", name="Save").click()
    says(visitor, "Changes saved.")
    assert User.objects.get(login_id="nia").sortable_name == "Newman, Nia"

    page.get_by_text("Manage account").click()
    page.get_by_role("link", name="Suspend").click()
    visitor.finds_nothing_wrong()
    page.get_by_role("button", name="Suspend").click()
    says(visitor, "Nia Newman can no longer sign in.")
    page.get_by_text("Manage account").click()
    page.get_by_role("button", name="Reactivate").click()
    says(visitor, "Nia Newman can sign in again.")

    page.get_by_text("Manage account").click()
    page.get_by_role("link", name="Delete").click()
    visitor.finds_nothing_wrong()
    page.get_by_role("button", name="Delete account").click()
    says(visitor, "The login nia can be used again.")


def test_an_admin_links_an_observer_and_reads_it_in_the_history(new_visitor, student, root):
    UserFactory(name="Pat Stone", login_id="pat")
    visitor = signed_in(new_visitor)
    page = visitor.page
    visitor.visit(f"/accounts/{root.pk}/users/{student.pk}")
    visitor.finds_nothing_wrong()
    page.get_by_role("link", name="Add an observer").click()
    visitor.finds_nothing_wrong()
    page.get_by_role("searchbox").fill("pat")
    page.get_by_role("button", name="Search").click()
    visitor.finds_nothing_wrong()
    page.get_by_role("listitem").filter(has_text="Pat Stone").get_by_role("link").click()
    page.get_by_role("heading", name="Let Pat Stone observe Mia Stone?").wait_for()
    visitor.finds_nothing_wrong()
    page.get_by_role("button", name="Link").click()
    says(visitor, "Pat Stone now observes Mia Stone.")
    assert ObservationLink.objects.get().origin == "staff"
    history = page.get_by_role("region", name="History")
    assert "Ada Min linked Pat Stone as an observer of Mia Stone." in history.inner_text()
    page.get_by_role("button", name="Pair with Observer").click()
    page.get_by_role("dialog").wait_for()
    visitor.finds_nothing_wrong()


def test_a_long_history_has_a_page_of_its_own(new_visitor, student, root):
    for number in range(21):
        link(UserFactory(name=f"Relative {number}"), student, origin=ObservationLink.Origin.STAFF, by=None)
    visitor = signed_in(new_visitor)
    visitor.visit(f"/accounts/{root.pk}/users/{student.pk}")
    visitor.page.get_by_role("link", name="Full history").click()
    visitor.page.get_by_text("linked Relative 0 as").wait_for()
    visitor.finds_nothing_wrong()


def test_an_admin_runs_a_course(new_visitor, course, student, root):
    visitor = signed_in(new_visitor)
    page = visitor.page
    visitor.visit(f"/accounts/{root.pk}/courses")
    page.get_by_role("link", name="Add course").click()
    visitor.finds_nothing_wrong()
    page.get_by_label("Name").fill("Art 7")
    page.get_by_role("button", name="Add course").click()
    says(visitor, "It is not published yet.")
    page.get_by_role("button", name="Publish").click()
    says(visitor, "Art 7 published")
    page.get_by_role("button", name="Conclude").click()
    says(visitor, "Art 7 concluded")

    visitor.visit(f"/accounts/{root.pk}/courses")
    page.locator("summary", has_text="Options for Biology").click()
    visitor.finds_nothing_wrong()
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Name").fill("Botany")
    page.get_by_role("button", name="Save").click()
    says(visitor, "Changes saved.")
    page.get_by_role("link", name="Delete course").click()
    page.get_by_text("1 enrollment ends right away").wait_for()
    visitor.finds_nothing_wrong()
    page.get_by_role("button", name="Delete course").click()
    says(visitor, "Course Botany deleted.")
    assert Course.objects.present().get().name == "Art 7"


def test_an_admin_arranges_sub_accounts_and_terms(new_visitor, course, root):
    visitor = signed_in(new_visitor)
    page = visitor.page
    visitor.visit(f"/accounts/{root.pk}/sub_accounts")
    page.get_by_role("link", name="Add sub-account").click()
    visitor.finds_nothing_wrong()
    page.get_by_label("Name").fill("West School")
    page.get_by_role("button", name="Add sub-account").click()
    says(visitor, "Sub-account West School created.")
    page.locator("summary", has_text="Options for Hill School").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_text("1 course (Biology)").wait_for()
    visitor.finds_nothing_wrong()
    page.get_by_role("link", name="Go back").click()
    page.locator("summary", has_text="Options for West School").click()
    page.get_by_role("link", name="Delete").click()
    visitor.finds_nothing_wrong()
    page.get_by_role("button", name="Delete sub-account").click()
    says(visitor, "Sub-account West School deleted.")

    page.get_by_role("navigation", name="Account").get_by_role("link", name="Terms").click()
    page.get_by_text("There are no terms yet").wait_for()
    visitor.finds_nothing_wrong()
    page.get_by_role("link", name="Add term").click()
    page.get_by_label("Name").fill("Fall")
    page.get_by_label("Starts").fill("2026-09-01T08:00")
    visitor.finds_nothing_wrong()
    page.get_by_role("button", name="Add term").click()
    says(visitor, "Term Fall saved.")
    page.locator("summary", has_text="Options for Fall").click()
    page.get_by_role("link", name="Delete").click()
    visitor.finds_nothing_wrong()
    page.get_by_role("button", name="Delete term").click()
    says(visitor, "Term Fall deleted.")
    assert Term.objects.get().workflow_state == Term.State.DELETED


def test_an_admin_gives_a_role_and_takes_it_away(new_visitor, teacher, course, root):
    visitor = signed_in(new_visitor)
    page = visitor.page
    visitor.visit(f"/accounts/{course.account_id}/admins")
    visitor.finds_nothing_wrong()
    page.get_by_role("link", name="Add admin").click()
    page.get_by_role("searchbox").fill("Bell")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("listitem").filter(has_text="Tom Bell").get_by_role("link").click()
    visitor.finds_nothing_wrong()
    page.get_by_role("button", name="Give this role").click()
    says(visitor, "Tom Bell is now an admin of Hill School.")
    page.get_by_role("listitem").filter(has_text="Tom Bell").get_by_role("link").click()
    visitor.finds_nothing_wrong()
    page.get_by_role("button", name="Remove role").click()
    says(visitor, "no longer has the role")
    assert not AccountAdmin.objects.filter(user=teacher, workflow_state="active").exists()


def test_a_schools_admin_reads_why_somebody_is_out_of_reach(new_visitor, student, course):
    EnrollmentFactory(user=student)
    visitor = signed_in(new_visitor, account=course.account)
    visitor.visit(f"/accounts/{course.account_id}/users/{student.pk}")
    assert "in every account this person belongs to" in visitor.page.get_by_role("main").inner_text()
    visitor.finds_nothing_wrong()
