"""The database is killed in the middle of an import, for real: afterwards everything is as if it had not been.

The moments are not a matter of timing: the test holds the lock of a person whom the import then waits for.
"""

import os
import signal
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections

from accounts.models import Account, AuditEvent, ObservationLink, User
from config import serve
from courses.models import Course, Enrollment, Term
from sis.imports.queue import ask_for_work, work_off
from sis.imports.restore import begin_restoring
from sis.models import SisImport, SisImportError, StateChange, Turn
from sis.options import Options
from tests.database_server import Server, alive, children, own_server, until
from tests.factories import RootFactory, make_admin
from tests.sis.conftest import make

# The rows that wait come after the first chunk of 5,000, which is committed before the database dies.
PEOPLE, EARLIER, WAITING = 6_000, 1_000, 5_500
MADE, DISTURBED, DONE, TAKEN_BACK = "made", "disturbed", "done", "taken_back"
USERS, ENROLLMENTS = "user_id,login_id,full_name,status", "section_id,user_id,role,status"
COURSES_AND_SECTIONS = {
    "terms": "term_id,name,status\nT1,Fall,active",
    "courses": "course_id,short_name,long_name,term_id,status\nC1,c,Course,T1,published",
    "sections": "section_id,course_id,name,status\nX0,C1,Before,active\nX1,C1,Section,active\nX2,C1,Other,active",
}


def before() -> dict[str, str]:
    """What an earlier import made."""
    people = [f"E{n},e{n},Earlier {n},active" for n in range(EARLIER)]
    enrollments = [f"X0,E{n},student,active" for n in range(EARLIER)]
    return {
        **COURSES_AND_SECTIONS,
        "users": "\n".join([USERS, *people]),
        "enrollments": "\n".join([ENROLLMENTS, *enrollments]),
    }


def now() -> dict[str, str]:
    """A roster of people and enrollments, one of the earlier people in the second chunk of either, and wrong rows."""
    people = [f"U{n},u{n},Person {n},active" for n in range(PEOPLE)]
    people[WAITING:WAITING] = ["E1,e1,Renamed,active", ",nobody,Nobody,active"]
    enrollments = [f"X{1 + n % 2},U{n},student,active" for n in range(PEOPLE)]
    enrollments[WAITING:WAITING] = ["X1,E2,student,active", "X1,NOBODY,student,active"]
    return {
        **COURSES_AND_SECTIONS,
        "users": "\n".join([USERS, *people]),
        "enrollments": "\n".join([ENROLLMENTS, *enrollments]),
        "user_observers": "\n".join(["observer_id,student_id,status", "E1,U1,active", "E3,U2,active"]),
    }


@pytest.fixture(scope="module")
def server(django_db_blocker):
    with own_server() as server, django_db_blocker.unblock():
        yield server


@pytest.fixture(scope="module")
def undisturbed(server):
    """What an import leaves behind that nothing disturbed. MADE is the database in which it waits."""
    with tempfile.TemporaryDirectory() as folder:
        server.copy("template0", MADE)
        with server.used(MADE):
            call_command("migrate", verbosity=0, interactive=False)
            root, admin = RootFactory(), make_admin()
            make(root, admin, Options(), Path(folder), before())
            work_off(root)
            term = Term.objects.get(sis_term_id="T1").pk
            options = Options(batch_mode=True, batch_mode_term_id=term, ignore_deletion_brake=True)
            make(root, admin, options, Path(folder), now())
    server.copy(MADE, DONE)
    with server.used(DONE):
        work_off(Account.objects.root())
        return everything()


def everything() -> dict[str, object]:
    """All that an import leaves behind, without the numbers by which the database knows it."""
    last = last_import()
    return {
        "users": sorted(User.objects.values_list("sis_user_id", "login_id", "name", "state", "sis_import_id"), key=str),
        "courses": sorted(Course.objects.values_list("sis_course_id", "name", "workflow_state", "sis_import_id")),
        "enrollments": sorted(
            Enrollment.objects.values_list(
                *("section__sis_section_id", "user__sis_user_id", "associated_user__sis_user_id"),
                *("type", "state", "sis_import_id"),
            ),
            key=str,
        ),
        "links": sorted(ObservationLink.objects.values_list("observer__sis_user_id", "student__sis_user_id")),
        "messages": sorted(SisImportError.objects.values_list("file", "row", "kind", "message", "failure")),
        "changes": changes(),
        "events": sorted(AuditEvent.objects.values_list("action", flat=True)),
        "import": (last.workflow_state, last.progress, last.attempts, last.error_count, last.warning_count, last.data),
    }


def changes() -> Counter:
    found: Counter = Counter()
    for one in StateChange.objects.all():
        found[one.sis_import_id, one.kind, one.before, one.after, one.batch_mode] += len(one.records)
    return found


# The moment: once rows are staged, and while these people's rows are applied, or what they have is removed.
@pytest.mark.parametrize(
    ("held", "worker"), [(None, "sees it"), ("E1", "sleeps"), ("E2", "dies too"), (f"E{EARLIER - 1}", "dies too")]
)
def test_an_import_goes_on_after_the_database_was_killed(server, undisturbed, held, worker):
    server.copy(MADE, DISTURBED)
    with server.used(DISTURBED):
        disturb(server, held, worker)
        assert everything() == undisturbed


def test_taking_back_goes_on_after_the_database_was_killed(server, undisturbed):
    server.copy(DONE, TAKEN_BACK)
    with server.used(TAKEN_BACK):
        begin_restoring(last_import(), by=last_import().user)
        ask_for_work()
    server.copy(TAKEN_BACK, DISTURBED)
    with server.used(TAKEN_BACK):
        work_off(Account.objects.root())
        as_it_should_be = everything()
    with server.used(DISTURBED):
        # Their enrollments go first, the people last.
        disturb(server, "U1", "dies too")
        assert everything() == as_it_should_be
    assert as_it_should_be["import"][0] == "restored"


def disturb(server: Server, held: str | None, worker: str) -> None:
    """Have a worker begin with what waits, kill the database in the middle, and see it come to its end.

    The import cannot end before: it comes to wait for somebody whom we hold, be it long after the moment.
    A worker that sleeps meanwhile wakes up to a database that answers again, but no longer has the staged rows.
    """

    def is_being_staged() -> bool:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_relation_size('sis_staged') > 0")
            return cursor.fetchone() == (True,)

    with server.connect(DISTURBED) as holder, serve.worker() as keep_working:
        holder.execute("SELECT FROM accounts_user WHERE sis_user_id = %s FOR UPDATE", [held or "E1"])
        until((lambda: server.waits_for_us(DISTURBED)) if held else is_being_staged, seconds=180)
        assert not last_import().has_ended
        if worker != "sees it":
            signal_worker(signal.SIGKILL if worker == "dies too" else signal.SIGSTOP)
        server.kill()
        if worker == "sleeps":
            signal_worker(signal.SIGCONT)
        connections["default"].close()
        holder.close()
        let_turns_lapse()
        until(lambda: keep_working() or last_import().has_ended, seconds=180)


def test_a_worker_that_slept_while_another_took_over_writes_nothing_more(server, undisturbed):
    server.copy(MADE, DISTURBED)
    with server.used(DISTURBED), server.connect(DISTURBED) as holder, serve.worker():
        holder.execute("SELECT FROM accounts_user WHERE sis_user_id = 'E1' FOR UPDATE")
        until(lambda: server.waits_for_us(DISTURBED), seconds=180)
        signal_worker(signal.SIGSTOP)
        (asleep,) = workers()
        # What its last statement did in the middle of a chunk is not committed.
        holder.rollback()
        let_turns_lapse()
        with serve.worker():
            until(lambda: last_import().has_ended, seconds=180)
            os.kill(asleep, signal.SIGCONT)
            os.kill(asleep, signal.SIGTERM)
            # It finds its connection ended before it ends itself.
            until(lambda: not alive(asleep), seconds=180)
        assert everything() == undisturbed


def let_turns_lapse() -> None:
    """As if those who have them had not been heard of for long."""
    Turn.objects.update(until="2000-01-01T00:00Z")


def workers() -> list[int]:
    return [pid for pid in children(os.getpid()) if b"manage.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def signal_worker(number: signal.Signals) -> None:
    for pid in workers():
        os.kill(pid, number)


def last_import() -> SisImport:
    return SisImport.objects.latest("pk")
