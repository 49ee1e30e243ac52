"""A browser on the real pages: at a phone's and a desktop's width, with nothing wrong in console or for axe."""

from collections.abc import Callable, Iterable, Iterator

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from django.conf import settings
from django.core.servers.basehttp import WSGIRequestHandler
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from accounts.models import BaseType, User
from config.stack_room import with_room
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
# For a test that goes another way on a phone than elsewhere.
at_each_width = pytest.mark.parametrize("width", WIDTHS)


@pytest.fixture(scope="session", autouse=True)
def _room_in_the_live_server() -> Iterator[None]:
    """The server of these tests calls what config/gateway.py calls, and as that does: with room on the stack."""
    handle = WSGIRequestHandler.handle_one_request
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIRequestHandler, "handle_one_request", lambda handler: with_room(handle, handler))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.nodeid or item.path.parent.name == "browser":
            item.add_marker("browser")


# Chromium takes the library in with every document, and reads it through where it is asked for.
AXE = f"window.prepareAxe = () => {{ {AXE_SCRIPT} }}"
LOOK = """async () => {
  // Colors half way from one to the other are nobody's fault.
  document.getAnimations().filter((each) => each instanceof CSSTransition).forEach((each) => each.finish());
  const over = document.documentElement.scrollWidth - innerWidth;
  if (!window.axe) prepareAxe();
  const { violations } = await axe.run({ resultTypes: ["violations"] });
  return { over, violations };
}"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """One process for all pages of the site."""
    return {**browser_type_launch_args, "args": ["--process-per-site"]}


class Visitor:
    """Somebody with a browser of their own, who goes about at one width and looks at pages at one or several."""

    def __init__(self, page: Page, site: str, looks_at: Iterable[ViewportSize] = ()) -> None:
        self.page = page
        self.site = site
        self.looks_at = looks_at
        self.console: list[str] = []
        page.on("console", lambda message: self.console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.console.append(str(error)))

    def visit(self, path: str) -> None:
        self.page.goto(self.site + path)

    def sign_in(self, user: User) -> None:
        """Be somebody who has signed in, on whatever page is visited next."""
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        self.page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.site}])

    def sign_in_by_form(self, user: User) -> None:
        self.visit("/login/canvas")
        form = self.page.locator("#login_form")
        form.get_by_label("Login").fill(user.login_id)
        form.get_by_label("Password").fill(PASSWORD)
        form.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(self.site + "/")

    def finds_nothing_wrong(self) -> None:
        """No console error, and at each width nothing wider than the screen, and axe is content."""
        # A click comes back when the next page begins to arrive, before its style sheets.
        self.page.wait_for_load_state("load")
        # A refused form is a 4xx on purpose, which Chromium mentions in the console.
        errors = [text for text in self.console if "status of 4" not in text]
        assert not errors, errors
        own = self.page.viewport_size
        self._looks()
        for size in self.looks_at:
            if size != own:
                self._turns(size)
                self._looks()
        self._turns(own)

    def _turns(self, size: ViewportSize | None) -> None:
        if size and size != self.page.viewport_size:
            self.page.set_viewport_size(size)
            self.page.wait_for_function("width => innerWidth === width", arg=size["width"])

    def _looks(self) -> None:
        found = self.page.evaluate(LOOK)
        where = f"{self.page.url} at {self.page.viewport_size}"
        assert found["over"] <= 0, f"{where} is {found['over']}px wider than the screen"
        assert not found["violations"], f"{where}: {AxeResults(found).generate_report()}"


@pytest.fixture(scope="session")
def contexts(browser: Browser, live_server) -> Iterator[Callable[[int], BrowserContext]]:
    """Gives the first, second ... of the profiles that tests use one after the other: each begins without cookies."""
    kept: list[BrowserContext] = []

    def context(number: int) -> BrowserContext:
        while number >= len(kept):
            kept.append(browser.new_context(locale="en-GB"))
            kept[-1].set_default_timeout(10_000)
            # A page of the site that stays open keeps the process with all that it has compiled.
            kept[-1].new_page().goto(f"{live_server.url}/static/favicon.svg")
            kept[-1].add_init_script(AXE)
        return kept[number]

    yield context
    for each in kept:
        each.close()


@pytest.fixture
def width() -> str | None:
    """The one width of a test that goes another way on a phone than elsewhere, and so is run at each of WIDTHS."""
    return None


@pytest.fixture
def new_visitor(width, contexts, live_server, root) -> Iterator[Callable[[], Visitor]]:
    """Makes visitors, each with their own cookies: all with a phone, looking at pages at every width; or at `width`."""
    pages: list[Page] = []
    looks_at = [WIDTHS[width]] if width else list(WIDTHS.values())

    def make() -> Visitor:
        page = contexts(len(pages)).new_page()
        pages.append(page)
        page.set_viewport_size(looks_at[0])
        return Visitor(page, live_server.url, looks_at)

    yield make
    for page in pages:
        page.close()
        page.context.clear_cookies()


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
