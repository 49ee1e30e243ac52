"""The People page in a browser: adding, ending, moving and linking people, and all of it by keyboard."""

import re

import pytest
from playwright.sync_api import Page

from accounts.models import BaseType, Role, User
from courses.domain.enrollments import enroll
from courses.models import Enrollment, Section
from tests.browser.conftest import at_each_width
from tests.factories import PASSWORD, EnrollmentFactory, SectionFactory, UserFactory, make_students


@pytest.fixture
def second(course) -> Section:
    return SectionFactory(course=course, name="Biology B")


@pytest.fixture
def mentor(section) -> User:
    user = UserFactory(name="Wil Watch", login_id="wil", password=PASSWORD)
    EnrollmentFactory(user=user, section=section, type=BaseType.OBSERVER)
    return user


def choose(visitor, person: str, item: str) -> None:
    """An item of the menu in somebody's row."""
    row = visitor.page.get_by_role("row").filter(has=visitor.page.get_by_text(f"Options for {person}"))
    row.locator("summary").click()
    row.get_by_role("link", name=item).click()
    visitor.finds_nothing_wrong()


def says(visitor, text: str) -> None:
    visitor.page.get_by_role("status").filter(has_text=text).first.wait_for()
    visitor.finds_nothing_wrong()


def unfold_filters(page: Page) -> None:
    """Open the filters of a list where they are folded away: on a phone."""
    summary = page.get_by_text("Filter and sort")
    if summary.is_visible() and not page.get_by_label("Role").is_visible():
        summary.click()


def test_people_are_added_from_a_list_and_come_in_when_they_accept(new_visitor, teacher, student, course, section):
    newcomer = UserFactory(name="Nora New", login_id="nora", password=PASSWORD)
    visitor = new_visitor()
    visitor.sign_in(teacher)
    visitor.visit(f"/courses/{course.pk}/users")
    visitor.page.get_by_role("link", name="Add people").click()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("button", name="Next").click()
    visitor.page.get_by_role("alert").filter(has_text="Enter the people you want to add.").wait_for()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_label("People", exact=True).fill("nora, mia\nnobody")
    visitor.page.get_by_label("Role").select_option("TA")
    visitor.page.get_by_role("button", name="Next").click()
    main = visitor.page.get_by_role("main")
    for expected in ("Nora New", "Mia Stone", "nobody", "Not found"):
        main.get_by_text(expected).first.wait_for()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("button", name="Change the list").click()
    assert "nobody" in visitor.page.get_by_label("People", exact=True).input_value()
    visitor.page.get_by_label("People", exact=True).fill("nora")
    visitor.page.get_by_role("button", name="Next").click()
    visitor.page.get_by_role("button", name="Add one person").click()
    says(visitor, "One person added as TA.")
    assert Enrollment.objects.get(user=newcomer).state == "invited"

    invited = new_visitor()
    invited.sign_in(newcomer)
    invited.visit("/")
    invited.finds_nothing_wrong()
    invited.page.get_by_role("link", name="Decline Biology").click()
    invited.finds_nothing_wrong()
    invited.page.get_by_role("button", name="Accept").click()
    says(invited, "You are now in Biology.")


def test_somebody_is_moved_given_a_role_deactivated_and_taken_back(new_visitor, teacher, student, course, second):
    watcher = Role.objects.built_in(BaseType.OBSERVER)
    enroll(UserFactory(), Enrollment.objects.get(user=student).section, watcher, by=None, associated_user=student)
    visitor = new_visitor()
    visitor.sign_in(teacher)
    visitor.visit(f"/courses/{course.pk}/users")
    choose(visitor, "Mia Stone", "Edit sections")
    visitor.page.get_by_label("Biology A").uncheck()
    visitor.page.get_by_role("button", name="Save").click()
    visitor.page.get_by_text("Choose at least one section").wait_for()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_label("Biology B").check()
    visitor.page.get_by_role("button", name="Save").click()
    says(visitor, "Sections of Mia Stone changed.")

    visitor.visit(f"/courses/{course.pk}/users")
    choose(visitor, "Mia Stone", "Deactivate")
    visitor.page.get_by_text("They lose access to this course right away.").wait_for()
    visitor.page.get_by_role("button", name="Deactivate").click()
    says(visitor, "Mia Stone is now inactive as Student.")
    assert visitor.page.get_by_role("link", name="Stone, Mia").count() == 0
    unfold_filters(visitor.page)
    visitor.page.get_by_label("Show").select_option("Inactive")
    visitor.page.get_by_role("button", name="Apply").click()
    visitor.finds_nothing_wrong()
    choose(visitor, "Mia Stone", "Reactivate")
    visitor.page.get_by_role("button", name="Reactivate").click()
    says(visitor, "Mia Stone is active again as Student.")

    choose(visitor, "Mia Stone", "Edit role")
    visitor.page.get_by_label("TA").check()
    visitor.page.get_by_role("button", name="Change role").click()
    says(visitor, "Mia Stone is now in this course as TA.")


def test_an_observer_is_linked_to_a_student_sees_the_course_and_is_unlinked(
    new_visitor, teacher, student, mentor, course
):
    visitor = new_visitor()
    visitor.sign_in(teacher)
    visitor.visit(f"/courses/{course.pk}/users")
    choose(visitor, "Wil Watch", "Link to Students")
    visitor.page.get_by_text("this course only").first.wait_for()
    visitor.page.get_by_role("button", name="Link selected students").click()
    visitor.page.get_by_text("Choose at least one student.").wait_for()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_label("Stone, Mia").check()
    visitor.page.get_by_role("button", name="Link selected students").click()
    says(visitor, "Wil Watch now observes one more student in this course.")

    watcher = new_visitor()
    watcher.sign_in(mentor)
    watcher.visit(f"/courses/{course.pk}")
    watcher.page.get_by_text("You are viewing this as an observer of").wait_for()

    visitor.visit(f"/courses/{course.pk}/users/{student.pk}")
    visitor.page.get_by_text("This course only").first.wait_for()
    visitor.finds_nothing_wrong()
    visitor.visit(f"/courses/{course.pk}/users/{mentor.pk}/link_students")
    visitor.page.get_by_role("link", name="Remove Mia Stone").click()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("button", name="Remove link").click()
    says(visitor, "Wil Watch no longer observes Mia Stone in this course.")


@at_each_width
def test_a_long_list_is_searched_sorted_and_paged(new_visitor, teacher, student, course, section, second):
    make_students(120, second)
    visitor = new_visitor()
    visitor.sign_in(teacher)
    visitor.visit(f"/courses/{course.pk}/users")
    visitor.finds_nothing_wrong()
    if visitor.page.viewport_size and visitor.page.viewport_size["width"] > 800:
        visitor.page.get_by_role("columnheader", name="Name").get_by_role("link").click()
        assert visitor.page.get_by_role("columnheader", name="Name").get_attribute("aria-sort") == "descending"
    else:
        unfold_filters(visitor.page)
        visitor.page.get_by_label("Sort by").select_option("Role")
        visitor.page.get_by_role("button", name="Apply").click()
        visitor.page.wait_for_url(re.compile("sort=role"))
    visitor.page.get_by_role("link", name="Next").click()
    visitor.page.get_by_text("Page 2").wait_for()
    visitor.finds_nothing_wrong()
    unfold_filters(visitor.page)
    visitor.page.get_by_label("Section").select_option("Biology A")
    visitor.page.get_by_role("button", name="Apply").click()
    visitor.page.get_by_role("link", name="Stone, Mia").wait_for()
    assert visitor.page.get_by_role("link", name=re.compile("Pupil")).count() == 0
    visitor.finds_nothing_wrong()


def test_sections_are_added_changed_and_deleted(new_visitor, teacher, student, course):
    visitor = new_visitor()
    visitor.sign_in(teacher)
    visitor.visit(f"/courses/{course.pk}/users")
    visitor.page.get_by_role("main").get_by_text("Options", exact=True).first.click()
    visitor.page.get_by_role("link", name="Sections").click()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_label("Name").fill("Evening")
    visitor.page.get_by_label("Starts").fill("2026-09-01T08:00")
    visitor.page.get_by_role("button", name="Add section").click()
    says(visitor, "Section Evening added.")
    visitor.page.get_by_role("link", name="Edit Evening").click()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_label("Name").fill("")
    visitor.page.get_by_role("button", name="Save").click()
    visitor.page.get_by_role("alert").filter(has_text="Enter a name for the section.").wait_for()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_label("Name").fill("Late")
    visitor.page.get_by_role("button", name="Save").click()
    says(visitor, "Section Late changed.")
    visitor.page.get_by_role("link", name="Delete Late").click()
    visitor.finds_nothing_wrong()
    visitor.page.get_by_role("button", name="Delete section").click()
    says(visitor, "Section Late deleted.")


def test_staff_look_at_a_students_grades(new_visitor, teacher, student, course):
    visitor = new_visitor()
    visitor.sign_in(teacher)
    visitor.visit(f"/courses/{course.pk}/users/{student.pk}")
    visitor.page.get_by_role("link", name="Grades").click()
    visitor.page.get_by_role("heading", name="Mia Stone's grades").wait_for()
    visitor.finds_nothing_wrong()


def test_somebody_is_concluded_by_keyboard_alone(new_visitor, teacher, student, course):
    visitor = new_visitor()
    visitor.sign_in(teacher)
    visitor.visit(f"/courses/{course.pk}/users")
    keyboard = visitor.page.keyboard

    def tab_to(name: str) -> None:
        """Go on with the tab key until what has the focus says this."""
        for _step in range(60):
            keyboard.press("Tab")
            if name in visitor.page.evaluate("document.activeElement.innerText || document.activeElement.value || ''"):
                return
        raise AssertionError(f"the tab key does not get to {name}")

    tab_to("Options for Mia Stone")
    keyboard.press("Enter")
    tab_to("Conclude")
    keyboard.press("Escape")
    assert "Options for Mia Stone" in visitor.page.evaluate("document.activeElement.innerText")
    keyboard.press("Enter")
    tab_to("Conclude")
    keyboard.press("Enter")
    visitor.page.get_by_role("heading", name="Conclude Mia Stone?").wait_for()
    tab_to("Conclude")
    keyboard.press("Enter")
    says(visitor, "Mia Stone has concluded as Student.")
    assert Enrollment.objects.get(user=student).state == "completed"
