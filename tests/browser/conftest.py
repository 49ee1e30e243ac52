"""A browser on the real pages: at a phone's and a desktop's width, with nothing wrong in console or for axe."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from accounts.models import BaseType, User
from courses.models import Course, Section
from tests.factories import (
    PASSWORD,
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
)

WIDTHS: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1280, "height": 900},
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.nodeid or item.path.parent.name == "browser":
            item.add_marker("browser")


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site
        self.console: list[str] = []
        page.on("console", lambda message: self.console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.console.append(str(error)))

    def visit(self, path: str) -> None:
        self.page.goto(self.site + path)

    def sign_in(self, user: User) -> None:
        self.visit("/login/canvas")
        form = self.page.locator("#login_form")
        form.get_by_label("Login").fill(user.login_id)
        form.get_by_label("Password").fill(PASSWORD)
        form.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(self.site + "/")

    def finds_nothing_wrong(self) -> None:
        """No console error, nothing wider than the screen, and axe is content."""
        # A click comes back when the next page begins to arrive, before its style sheets.
        self.page.wait_for_load_state("load")
        # A refused form is a 4xx on purpose, which Chromium mentions in the console.
        errors = [text for text in self.console if "status of 4" not in text]
        assert not errors, errors
        overflow = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{self.page.url} is {overflow}px wider than the screen"
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()


@pytest.fixture(params=WIDTHS)
def new_visitor(request, browser: Browser, live_server, root) -> Iterator[Callable[[], Visitor]]:
    """Makes visitors, all with a phone or all with a desktop, each with their own cookies."""
    contexts: list[BrowserContext] = []

    def make() -> Visitor:
        context = browser.new_context(viewport=WIDTHS[request.param], locale="en-GB")
        context.set_default_timeout(10_000)
        contexts.append(context)
        return Visitor(context.new_page(), live_server.url)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def course(root) -> Course:
    school = AccountFactory(name="Hill School", parent=root)
    return CourseFactory(name="Biology", course_code="BIO 7", account=school, syllabus_body="What we learn.")


@pytest.fixture
def section(course: Course) -> Section:
    return SectionFactory(course=course, name="Biology A")


@pytest.fixture
def student(section: Section) -> User:
    user = UserFactory(name="Mia Stone", login_id="mia", password=PASSWORD, time_zone="Europe/Berlin")
    EnrollmentFactory(user=user, section=section)
    return user


@pytest.fixture
def teacher(section: Section) -> User:
    user = UserFactory(name="Tom Bell", login_id="tom", password=PASSWORD)
    EnrollmentFactory(user=user, section=section, type=BaseType.TEACHER)
    return user
