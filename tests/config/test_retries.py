"""When the database ends a transaction, or cannot be written: carried out anew, or told that it does not go now."""

from concurrent.futures import Future
from threading import Thread
from time import sleep

import psycopg
import pytest
from django.db import InternalError, OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.errors import NotAllowed
from accounts.models import BaseType, FailedTry, Role
from config import health
from config.retries import carry_out_again, noting_what_is_kept
from courses.models import Enrollment
from tests.api import Api
from tests.factories import EnrollmentFactory, SectionFactory, UserFactory, make_admin, make_student

LOCK = "SELECT id FROM accounts_user WHERE id = %s FOR NO KEY UPDATE"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
DISK_FULL = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
"""


def connected() -> psycopg.Connection[tuple[object, ...]]:
    to = connection.get_connection_params()
    return psycopg.connect(host=to["host"], port=to["port"], user=to["user"], dbname=to["dbname"])


class Opponent(Thread):
    """Somebody whose transaction holds `first` and, once we wait for that, wants `second`, which is ours by then."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__()
        self.first, self.second = first, second
        self.holds: Future[None] = Future()
        self.is_over = False

    def leave(self) -> None:
        """Wait for the end; should nobody have come to wait for us, there is none to wait for."""
        self.is_over = True
        self.join()

    def run(self) -> None:
        with connected() as mine, connected() as witness:
            # The server ends whoever looks first whether everybody waits for everybody: that are we.
            mine.execute("SET deadlock_timeout = '60s'")
            mine.execute(LOCK, [self.first])
            self.holds.set_result(None)
            witness.autocommit = True
            while not self.is_over and witness.execute(WAITING).fetchone() == (0,):
                sleep(0.01)
            mine.execute(LOCK, [self.second])


def against(first: int, second: int) -> Opponent:
    opponent = Opponent(first, second)
    opponent.start()
    opponent.holds.result(timeout=60)
    return opponent


@pytest.fixture
def pair(raced_root):
    """A student in a section, and somebody who is to observe them there, in the order in which they are held."""
    section = SectionFactory()
    student = make_student(section)
    return section, student, UserFactory()


def test_a_call_that_the_database_ends_for_a_deadlock_is_carried_out_anew(pair):
    section, student, observer = pair
    role = Role.objects.get(base_type=BaseType.OBSERVER, account=None)
    api = Api(make_admin())
    opponent = against(observer.pk, student.pk)
    answer = api.post(
        f"courses/{section.course_id}/enrollments",
        enrollment={"user_id": observer.pk, "role_id": role.pk, "associated_user_id": student.pk},
    )
    opponent.leave()
    assert answer.status_code == 200, answer.content
    assert Enrollment.objects.filter(user=observer, associated_user=student).count() == 1


def test_a_form_that_the_database_ends_for_a_deadlock_is_carried_out_anew(pair):
    section, student, observer = pair
    EnrollmentFactory(section=section, user=observer, type=BaseType.OBSERVER)
    browser = Client()
    browser.force_login(make_admin())
    opponent = against(observer.pk, student.pk)
    answer = browser.post(f"/courses/{section.course_id}/users/{observer.pk}/link_students", {"student": student.pk})
    opponent.leave()
    assert answer.status_code == 302, answer.content
    assert Enrollment.objects.filter(user=observer, associated_user=student).count() == 1


def test_what_has_kept_something_already_is_not_carried_out_anew(raced_root, rf):
    deadlock = OperationalError()
    deadlock.__cause__ = psycopg.errors.DeadlockDetected()
    calls: list[object] = []
    for write, keeps in ((True, True), (False, False)):
        request = rf.post("/")
        request.resolver_match = type("Match", (), {"func": calls.append, "args": (), "kwargs": {}})()
        with noting_what_is_kept(request):
            with transaction.atomic():
                FailedTry.objects.create(keys=["x"])
                transaction.set_rollback(not write)
            calls.clear()
            carry_out_again(request, deadlock)
        assert bool(calls) is not keeps


def test_what_is_refused_at_the_second_go_is_answered_as_at_the_first(raced_root, monkeypatch):
    """Whoever came first may have changed what is allowed."""
    deadlock = OperationalError()
    deadlock.__cause__ = psycopg.errors.DeadlockDetected()
    comes = iter([deadlock, NotAllowed("Somebody was quicker.")])

    def reactivate(*_person, **_by):
        raise next(comes)

    monkeypatch.setattr("courses.views.account_people.reactivate", reactivate)
    browser = Client(raise_request_exception=False)
    browser.force_login(make_admin())
    answer = browser.post(reverse("reactivate_account_user", args=[raced_root.pk, UserFactory().pk]))
    assert answer.status_code == 403
    assert "Somebody was quicker." in answer.content.decode()


def test_a_connection_whose_end_both_server_and_pooler_report_is_no_fault_of_ours(root, monkeypatch):
    """So psycopg puts it when a server is shut down while a commit waits for the standby."""
    lost = InternalError()
    lost.__cause__ = psycopg.InternalError("received 2 results from command 'COMMIT'")

    def reactivate(*_person, **_by):
        raise lost

    monkeypatch.setattr("courses.views.account_people.reactivate", reactivate)
    browser = Client(raise_request_exception=False)
    browser.force_login(make_admin())
    answer = browser.post(reverse("reactivate_account_user", args=[root.pk, UserFactory().pk]))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


@pytest.fixture
def quiet(client):
    """A browser that gets the error page instead of the exception."""
    client.raise_request_exception = False
    return client


@pytest.fixture
def _asked_anew():
    health.written["until"] = 0.0
    yield
    health.written["until"] = 0.0


@pytest.fixture(params=["django_session", "accounts_failedtry", "accounts_auditevent"])
def full_disk(request, root):
    """No row fits into a table any more."""
    with connection.cursor() as cursor:
        cursor.execute(DISK_FULL.format(name="is_full", table=request.param))
    return request.param


def sign_in(browser: Client, login: str, password: str):
    return browser.post("/login/canvas", {"login": login, "password": password})


@pytest.mark.usefixtures("_asked_anew")
class TestNotWritable:
    def test_the_site_is_ready_while_it_can_write(self, client, root):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["writable"]) == (200, True)

    def test_a_site_that_can_only_read_is_not_ready_and_says_at_sign_in_that_it_does_not_go_now(
        self, quiet, raced_root
    ):
        user = UserFactory(login_id="ana")
        user.set_password("right")
        user.save()
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
        try:
            ready, right, wrong = quiet.get("/readyz"), sign_in(quiet, "ana", "right"), sign_in(quiet, "ana", "wrong")
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET default_transaction_read_only")
        assert (ready.status_code, ready.json()["writable"]) == (503, False)
        for answer in (right, wrong):
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
            assert "not available right now" in answer.content.decode()

    def test_a_site_with_a_full_disk_is_not_ready(self, quiet, full_disk):
        user = UserFactory(login_id="ana")
        user.set_password("right")
        user.save()
        if full_disk == "django_session":
            with transaction.atomic():
                assert quiet.get("/readyz").status_code == 503
        password = "wrong" if full_disk == "accounts_failedtry" else "right"
        answer = sign_in(quiet, "ana", password)
        assert answer.status_code == (503 if full_disk != "accounts_auditevent" else 302)

    def test_a_call_to_a_site_that_cannot_write_gets_its_503_in_json(self, root):
        client = Client(headers=Api(make_admin()).headers, raise_request_exception=False)
        with connection.cursor() as cursor:
            cursor.execute(DISK_FULL.format(name="is_full", table="accounts_auditevent"))
        answer = client.post("/api/v1/accounts/self/users", {"user[name]": "Ana", "pseudonym[unique_id]": "ana"})
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["message"].startswith("This is not available right now")
