"""The first page after signing in: everybody finds what they are there for."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.domain.admin_home import Waiting, first_steps, posts_of, waiting
from accounts.models import Account, AccountAdmin, BaseType, ObservationLink, Role, SelfRegistration, User
from courses.domain.observation import link
from courses.models import Course
from pairing.domain.institution_limit import ALARM_AT, raise_alarm
from pairing.domain.objections import object_to
from sis.models import SisImport
from tests.database import statements
from tests.factories import (
    AccountFactory,
    EnrollmentFactory,
    UserFactory,
    allow,
    make_admin,
    make_clerk,
    make_student,
)

PARENTS_PAGE = "To follow a student, ask the student or the school for a pairing code"


def home(reader: User, path: str = "/") -> str:
    client = Client()
    client.force_login(reader)
    return client.get(path).content.decode()


def steps_open(page: str) -> list[str]:
    steps = re.findall(r'<li class="step">\s*<h3><a href="[^"]+">([^<]+)</a>', page)
    return steps


class TestThoseWhoRunAccounts:
    def test_an_admin_finds_their_accounts_and_not_a_parents_empty_page(self, root):
        school = AccountFactory(name="Hill School")
        page = home(make_admin(school))
        assert PARENTS_PAGE not in page
        assert f'<h3><a href="/accounts/{school.pk}">Hill School</a></h3>' in page
        assert f"/accounts/{school.pk}/users" in page
        assert f"/accounts/{school.pk}/sis_imports" not in page

    def test_a_counselor_finds_only_what_their_role_opens(self, root):
        school = AccountFactory(name="Hill School")
        page = home(make_clerk("read_course_list", account=school))
        assert f'href="/accounts/{school.pk}/courses"' in page
        assert f'href="/accounts/{school.pk}/users"' not in page
        assert PARENTS_PAGE not in page

    def test_a_role_that_allows_nothing_opens_no_account(self, root):
        page = home(make_clerk())
        assert "Your account" not in page.partition("<main")[2]

    def test_an_admin_who_observes_finds_both(self, root):
        admin = make_admin()
        link(admin, make_student(name="Mia Lake"), origin=ObservationLink.Origin.CODE, by=None)
        page = home(admin)
        assert "Courses of Mia Lake" in page
        assert "Your account" in page


class TestWhatWaits:
    def imported(self, root: Account, state: str, **fields) -> SisImport:
        return SisImport.objects.create(account=root, workflow_state=state, file_name=f"{state}.zip", **fields)

    def test_an_import_that_failed_is_shown_to_those_who_read_imports_until_one_ends_well(self, root):
        self.imported(root, "failed")
        last = self.imported(root, "failed_with_messages")
        page = home(make_admin())
        assert "2 roster imports failed" in page
        assert "failed_with_messages.zip" in page
        assert reverse("sis_import", args=[root.pk, last.pk]) in page
        assert "roster import" not in home(make_clerk("read_roster"))
        assert "roster import" not in home(make_admin(AccountFactory()))
        self.imported(root, "imported_with_messages")
        assert "roster import" not in home(make_admin())

    def test_an_import_stopped_by_the_brake_waits_for_a_decision(self, root):
        self.imported(root, "aborted", data={"error_message": "Too much."})
        self.imported(root, "aborted")
        assert "1 roster import would remove too much and is waiting for a decision: aborted.zip" in home(make_admin())

    def test_dry_runs_and_what_failed_long_ago_do_not_wait(self, root):
        self.imported(root, "failed", options={"dry_run": True})
        old = self.imported(root, "failed")
        SisImport.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
        page = home(make_admin())
        assert "roster import" not in page
        assert "Nothing is waiting for you." in page

    def test_a_report_of_a_student_waits_for_whoever_manages_observers(self, root):
        student, observer = make_student(), UserFactory()
        link(observer, student, origin=ObservationLink.Origin.CODE, by=None)
        object_to(observer.pk, by=student)
        words = f"1 report by a student of {root.name}"
        assert words in home(make_admin())
        assert "report by a student" not in home(make_clerk("read_roster"))
        assert "report by a student" not in home(make_admin(AccountFactory()))

    def test_an_alarm_about_guessed_codes_is_shown_for_a_week_to_those_who_manage_the_settings(self, root):
        raise_alarm(ALARM_AT)
        words = "1 alert in the last seven days"
        assert words in home(make_admin())
        assert words not in home(make_clerk("read_roster"))
        assert words not in home(make_admin(AccountFactory()))

    def test_an_app_above_says_what_waits_without_being_known_below(self, root, settings):
        admin = make_admin()
        accounts = list(Account.objects.filter(account_admins__user=admin))
        posts = posts_of(admin, accounts)
        settings.HOME_WAITING = [f"{__name__}.alarm"]
        assert waiting(posts) == [Waiting(f"Alarm in {root.name}", "/alarms")]
        assert waiting([]) == []


def alarm(posts):
    return [Waiting(f"Alarm in {post.account.name}", "/alarms") for post in posts]


class TestAFreshSite:
    ALL = [
        "Set the time zone",
        "Decide who can create an account",
        "Import the first roster",
        "Decide whether teachers create pairing codes",
    ]

    @pytest.fixture
    def fresh(self, root) -> Account:
        root.self_registration = SelfRegistration.NONE
        root.save()
        return root

    def test_the_first_admin_reads_what_to_decide_first(self, fresh):
        assert steps_open(home(make_admin())) == self.ALL

    def test_first_steps_that_are_decided_are_ticked_off(self, fresh):
        fresh.default_time_zone = "Europe/Berlin"
        fresh.self_registration = SelfRegistration.OBSERVER
        fresh.save()
        SisImport.objects.create(account=fresh, workflow_state="imported")
        assert steps_open(home(make_admin())) == self.ALL[3:]
        allow(BaseType.TEACHER, "generate_observer_pairing_code")
        page = home(make_admin())
        assert steps_open(page) == []
        assert page.count("step--done") == 4

    def test_somebody_is_only_asked_what_they_may_decide(self, fresh):
        assert steps_open(home(make_clerk("import_sis"))) == ["Import the first roster"]
        assert steps_open(home(make_admin(AccountFactory()))) == []

    def test_the_list_goes_with_the_first_link(self, fresh):
        link(UserFactory(), make_student(), origin=ObservationLink.Origin.CODE, by=None)
        assert "Getting started" not in home(make_admin())

    def test_every_step_leads_to_a_page_that_is_there(self, fresh, client):
        admin = make_admin()
        client.force_login(admin)
        posts = posts_of(admin, [fresh])
        assert [client.get(step.url).status_code for step in first_steps(posts)] == [200] * 4


class TestEverybodyElse:
    def test_somebody_new_reads_how_to_begin_as_a_parent(self, root):
        assert PARENTS_PAGE in home(UserFactory())

    @pytest.mark.parametrize("kind", [BaseType.STUDENT, BaseType.TEACHER])
    def test_somebody_enrolled_is_not_taken_for_a_parent(self, root, kind):
        person = EnrollmentFactory(type=kind, section__course__workflow_state=Course.State.DELETED).user
        assert PARENTS_PAGE in home(person)
        student = EnrollmentFactory(section__course__workflow_state=Course.State.UNPUBLISHED).user
        page = home(student)
        assert PARENTS_PAGE not in page
        assert "none of your courses is open yet" in page

    def test_the_home_of_an_admin_costs_the_same_for_one_account_and_for_twenty(self, root, client):
        admin = make_admin()
        client.force_login(admin)
        client.get("/")
        for_one = statements(lambda: client.get("/"))
        role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
        for _number in range(20):
            AccountAdmin.objects.create(user=admin, account=AccountFactory(), role=role)
        assert statements(lambda: client.get("/")) == for_one


class TestNavigation:
    LINK = '<a href="/profile/observees"'

    def nav(self, page: str) -> str:
        return page.partition('<nav class="site-nav"')[2].partition("</nav>")[0]

    def test_observing_stands_in_the_main_navigation_of_whoever_observes(self, root):
        student, parent, mentor = make_student(), UserFactory(), UserFactory()
        link(parent, student, origin=ObservationLink.Origin.CODE, by=None)
        section = student.enrollments.get().section
        EnrollmentFactory(user=mentor, section=section, type=BaseType.OBSERVER, associated_user=student)
        for reader in (parent, mentor):
            assert self.LINK in self.nav(home(reader))
        for reader in (student, UserFactory(), make_admin()):
            assert self.LINK not in self.nav(home(reader))

    def test_observing_is_marked_as_the_current_page_there(self, root):
        parent = UserFactory()
        link(parent, make_student(), origin=ObservationLink.Origin.CODE, by=None)
        assert self.LINK + ' aria-current="page"' in self.nav(home(parent, "/profile/observees"))

    def test_user_settings_and_observing_are_tabs_of_one_another_for_everybody(self, root):
        reader = UserFactory()
        for path, other in (("/profile/settings", "/profile/observees"), ("/profile/observees", "/profile/settings")):
            tabs = home(reader, path).partition('<nav class="tabs"')[2].partition("</nav>")[0]
            assert f'<a href="{path}" aria-current="true">' in tabs
            assert f'<a href="{other}">' in tabs

    def test_the_account_one_is_in_is_marked(self, root):
        admin = make_admin()
        assert f'<a href="/accounts/{root.pk}" aria-current="true">' in self.nav(
            home(admin, f"/accounts/{root.pk}/users")
        )
