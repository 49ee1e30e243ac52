"""How many statements each page sends, for every kind of reader, in a small school and in one twenty times as large."""

from __future__ import annotations

import re

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.domain.audit import record
from accounts.domain.events import AdminCreated, UserRegistered
from accounts.models import AccountAdmin, BaseType, ObservationLink, Role, SelfRegistration
from courses.access.act_as import SESSION_KEY
from courses.domain.events import SectionCreated
from courses.domain.observation import link
from courses.models import Assignment, DiscussionTopic, Enrollment, Submission, SubmissionComment, Term
from pairing.domain.codes import issue
from pairing.models import Objection
from sis.models import SisImport
from tests.access.table import PAGES
from tests.access.world import World
from tests.factories import (
    PASSWORD,
    AccountFactory,
    CodeFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_student,
)

READERS = ("nobody", "admin", "sub_admin", "teacher", "student", "observer", "course_observer", "acting")
SOME, MANY = 3, 60


@pytest.fixture
def world(db) -> World:
    return World()


def grow(world: World, number: int) -> None:
    """Add so many of everything to the school that is looked at."""
    here, people = world.here, world.people
    account, course, _section = (here.ids[name] for name in ("account", "course", "section"))
    for n in range(number):
        _more_people(world, n)
        other = SectionFactory(course=CourseFactory(account_id=account))
        beside = SectionFactory(course_id=course)
        for where in (other, beside):
            EnrollmentFactory(user=people["student"], section=where)
            EnrollmentFactory(user=people["teacher"], section=where, type=BaseType.TEACHER)
            EnrollmentFactory(
                user=people["course_observer"],
                section=where,
                type=BaseType.OBSERVER,
                associated_user=people["student"],
            )
            EnrollmentFactory(
                user=people["observer"],
                section=where,
                type=BaseType.OBSERVER,
                only_by_link=True,
                associated_user=people["student"],
            )
        AccountFactory(parent_id=account)
        make_admin(account=AccountAdmin.objects.filter(account_id=account)[0].account)
        Role.objects.create(label=f"Helper {number} {n}", base_type=BaseType.TA, account_id=account)
        Term.objects.create(name=f"Term {number} {n}")
        SisImport.objects.create(account=world.root, file_name="users.csv", workflow_state="created")
        work = Assignment.objects.create(course_id=course, name=f"Essay {n}", workflow_state="published")
        handed_in = Submission.objects.create(
            assignment=work, student=people["student"], score=1, posted_at=timezone.now()
        )
        SubmissionComment.objects.create(submission=handed_in, author=people["teacher"], comment="Well done.")
        DiscussionTopic.objects.create(course_id=course, author=people["teacher"], title="Today", message="No school.")


def _more_people(world: World, n: int) -> None:
    people, section = world.people, SectionFactory._meta.model.objects.get(pk=world.here.ids["section"])
    more = make_student(section)
    link(people["observer"], more, origin=ObservationLink.Origin.CODE, by=people["admin"])
    watcher = UserFactory()
    link(watcher, people["student"], origin=ObservationLink.Origin.CODE, by=people["admin"])
    EnrollmentFactory(user=people["course_observer"], section=section, type=BaseType.OBSERVER, associated_user=more)
    EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=people["student"])
    EnrollmentFactory(section=section, type=BaseType.TEACHER)
    EnrollmentFactory(section=section, state=Enrollment.State.INVITED)
    EnrollmentFactory(
        user=people["observer"], section=SectionFactory(course_id=section.course_id), state=Enrollment.State.INVITED
    )
    Objection.objects.create(student=people["student"], observer=watcher)
    CodeFactory(student=more)
    course = world.here.ids["course"]
    for subject in (people["student"], more):
        record(UserRegistered(), by=people["admin"], subject=subject)
        record(SectionCreated(section.pk, course, section.name), by=people["teacher"], subject=subject)
        record(AdminCreated(world.here.ids["account"]), by=people["admin"], subject=subject)


def browser_of(world: World, name: str) -> Client:
    client = Client()
    if name == "nobody":
        return client
    client.force_login(world.people["admin" if name == "acting" else name])
    if name == "acting":
        session = client.session
        session[SESSION_KEY] = world.people["student"].pk
        session.save()
    return client


def counted(world: World) -> dict[str, dict[str, int]]:
    """The number of statements by page and reader."""
    browsers = {name: browser_of(world, name) for name in READERS}
    ids: dict[str, int | str] = dict(world.ids(world.here))
    found: dict[str, dict[str, int]] = {}
    for row in PAGES:
        for name in READERS if row.method == "GET" else ():
            if name in row.who:
                found.setdefault(row.path, {})[name] = statements(browsers[name], row.path.format_map(ids))
    return found


def statements(browser: Client, address: str) -> int:
    """The number of statements of a page; whatever it changes is undone."""
    with transaction.atomic():
        with CaptureQueriesContext(connection) as asked:
            browser.get(address)
        transaction.set_rollback(True)
    return len(asked)


# The most that a page sends for whoever may open it. These may fall, and do not rise.
MOST = {
    "/": 13,
    "/terms": 3,
    "/doc/api": 3,
    "/time_zones": 2,
    "/observing/guide": 3,
    "/register": 3,
    "/register/confirm": 2,
    "/profile/settings": 13,
    "/alerts": 8,
    "/profile/observees": 6,
    "/profile/observees/confirm": 2,
    "/profile/observees/{student}/leave": 5,
    "/profile/observees/{student}/thresholds": 9,
    "/profile/observees/{student}/remove": 5,
    "/profile/observer_pairing_codes/{code}/revoke": 4,
    "/users/{student}/masquerade": 8,
    "/users/{student}/observer_pairing_codes": 2,
    "/accounts/{account}/observer_reports": 6,
    "/courses/{course}/observer_pairing_codes": 9,
    "/courses/{course}": 9,
    "/courses/{course}/announcements": 8,
    "/courses/{course}/assignments": 10,
    "/courses/{course}/assignments/syllabus": 8,
    "/courses/{course}/assignments/{assignment}": 10,
    "/courses/{course}/grades": 10,
    "/courses/{course}/users": 13,
    "/courses/{course}/users/{student}": 14,
    "/courses/{course}/grades?student={student}": 11,
    "/courses/{course}/grades/{student}": 11,
    "/courses/{course}/users/add": 10,
    "/courses/{course}/users/{student}/sections": 11,
    "/courses/{course}/users/{student}/role": 11,
    "/courses/{course}/users/{student}/conclude": 11,
    "/courses/{course}/users/{student}/deactivate": 11,
    "/courses/{course}/users/{student}/remove": 11,
    "/courses/{course}/users/{idle}/reactivate": 11,
    "/courses/{course}/users/{teacher}/remove": 10,
    "/courses/{course}/users/{course_observer}/link_students": 12,
    "/courses/{course}/users/{course_observer}/link_students/{student}/remove": 11,
    "/courses/{course}/sections": 8,
    "/courses/{course}/sections/{spare}/edit": 8,
    "/courses/{course}/sections/{spare}/delete": 9,
    "/accounts/{account}": 5,
    "/accounts/{account}/users": 7,
    "/accounts/{account}/courses": 7,
    "/accounts/{account}/users/{student}": 15,
    "/accounts/{account}/users/{student}/observer_links/{link}/remove": 8,
    "/accounts/{root}/users/{student}": 15,
    "/accounts/{root}/authentication_providers": 7,
    "/accounts/{account}/permissions": 9,
    "/accounts/{root}/permissions": 9,
    "/accounts/{account}/permissions/{permission}": 7,
    "/accounts/{account}/permissions/{role}/{permission}": 7,
    "/accounts/{account}/roles/new": 5,
    "/accounts/{account}/roles/{role}": 7,
    "/accounts/{account}/roles/{role}/deactivate": 8,
    "/accounts/{account}/users/new": 5,
    "/accounts/{account}/users/{student}/edit": 8,
    "/accounts/{account}/users/{student}/suspend": 8,
    "/accounts/{account}/users/{student}/sign_out": 8,
    "/accounts/{account}/users/{student}/delete": 9,
    "/accounts/{account}/users/{student}/history": 9,
    "/accounts/{account}/users/{student}/link/{kind}": 6,
    "/accounts/{account}/users/{student}/link/{kind}/{ta}": 8,
    "/accounts/{account}/courses/new": 10,
    "/accounts/{account}/courses/{course}": 9,
    "/accounts/{account}/courses/{course}/edit": 11,
    "/accounts/{account}/courses/{course}/delete": 8,
    "/accounts/{account}/sub_accounts": 7,
    "/accounts/{account}/sub_accounts/new": 5,
    "/accounts/{account}/edit": 5,
    "/accounts/{account}/delete": 9,
    "/accounts/{account}/admins": 11,
    "/accounts/{account}/admins/new": 5,
    "/accounts/{account}/admins/new/{ta}": 11,
    "/accounts/{account}/admins/{second_admin}/remove": 6,
    "/accounts/{root}/terms": 6,
    "/accounts/{root}/terms/new": 5,
    "/accounts/{root}/terms/{term}/edit": 6,
    "/accounts/{root}/terms/{term}/delete": 7,
    "/accounts/{root}/sis_import": 9,
    "/accounts/{root}/user_observers": 8,
    "/accounts/{root}/sis_import/{import}": 6,
    "/accounts/{root}/sis_import/{import}/progress": 5,
    "/accounts/{root}/sis_import/{import}/messages.csv": 8,
}
# Whom somebody acts as is looked up at each request, and whether they still may.
ACTING = 7


def test_every_page_sends_a_fixed_number_of_statements_however_large_the_school(world):
    grow(world, SOME)
    some = counted(world)
    grow(world, MANY)
    many = counted(world)
    assert many == some
    most = {path: max(number - ACTING * (name == "acting") for name, number in by.items()) for path, by in some.items()}
    assert most.keys() == MOST.keys(), "a page was added, or is gone"
    assert {path: number for path, number in most.items() if number > MOST[path]} == {}


PAM = {
    "user[name]": "Pam Stone",
    "pseudonym[unique_id]": "pam@example.org",
    "pseudonym[password]": "plain-but-long-words",
    "user[terms_of_use]": "on",
}


def sending(browser: Client, page: str, address: str, form: dict[str, str]) -> int:
    """The number of statements of a form that was filled in on a page, and is carried out."""
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', browser.get(page).content.decode())
    assert token
    with CaptureQueriesContext(connection) as asked:
        assert browser.post(address, {**form, "csrfmiddlewaretoken": token[1]}).status_code in (200, 302)
    return len(asked)


def issued(world: World) -> str:
    return issue(world.people["student"], by=world.people["student"]).text


def test_what_families_do_takes_few_statements(world):
    """Counted with those that begin and end each transaction."""
    student = world.people["student"]
    world.root.self_registration = SelfRegistration.ALL
    world.root.save()
    person = UserFactory(login_id="ana", password=PASSWORD)
    found = {
        "sign in": sending(Client(), "/login/canvas", "/login/canvas", {"login": "ana", "password": PASSWORD}),
        "begin to sign up": sending(
            stranger := Client(), "/register", "/register", {**PAM, "pairing_code[code]": issued(world)}
        ),
        "sign up": sending(stranger, "/register/confirm", "/register/confirm", {}),
        "sign up without a code": sending(
            Client(), "/register", "/register", {**PAM, "pseudonym[unique_id]": "pim@example.org"}
        ),
    }
    observer = Client()
    observer.force_login(person)
    found["enter a code"] = sending(observer, OBSERVEES, OBSERVEES, {"code": issued(world)})
    found["pair"] = sending(observer, OBSERVEES, OBSERVEES, {"step": "pair"})
    own = Client()
    own.force_login(student)
    found["create a code"] = sending(own, "/profile/settings", f"/users/{student.pk}/observer_pairing_codes", {})
    assert found == {
        "sign in": 8,
        "begin to sign up": 8,
        "sign up": 15,
        "sign up without a code": 11,
        "enter a code": 11,
        "pair": 10,
        "create a code": 17,
    }


OBSERVEES = "/profile/observees"
