"""How imports run: batch mode, data sets, the brake, dry runs, stopping, going on, taking back (reference 3)."""

from contextlib import suppress
from io import BytesIO

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection

from accounts.models import AuditEvent, User
from sis.imports import runner
from sis.imports.intake import create_import
from sis.imports.queue import abort, work_off
from sis.imports.runner import Import
from sis.models import SisImport, SisImportError
from sis.options import Options
from sis.upload.storage import stored_names
from tests.jobs import forget_all_jobs
from tests.sis.conftest import make, warnings
from tests.sis.contents import everything_stored
from tests.sis.texts import ENROLLMENTS, LINKS, USERS, people, state_of, table


class TestOutcome:
    def test_an_import_tells_what_it_did(self, load, admin):
        made = load(users=people("U1", "U2"))
        assert (made.workflow_state, made.progress, made.user) == ("imported", 100, admin)
        assert made.data["supplied_batches"] == made.data["completed_importers"] == ["user"]
        assert made.data["running_immediately"] is True
        assert made.data["statistics"]["Pseudonym"] == {"created": 2, "restored": 0, "deleted": 0}
        assert made.data["statistics"]["total_state_changes"] == 2
        assert made.started_at <= made.ended_at
        actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
        assert [action for action in actions if "sis" in action] == ["sis_import.started", "sis_import.ended"]

    def test_a_broken_file_is_a_failure_and_the_others_are_imported(self, load):
        made = load(users=people("U1"), broken=f'{ENROLLMENTS}\nS1,"U1', strange="nothing,known\n1,2")
        assert made.workflow_state == "failed_with_messages"
        assert (made.error_count, state_of("U1")) == (2, "registered")
        assert {error.file for error in made.sis_import_errors.filter(failure=True)} == {"broken.csv", "strange.csv"}

    def test_rows_of_nothing_are_no_rows(self, load):
        made = load(users=f"{USERS}\n\nU1,u1,active\n , ,\nU2,,active")
        # Blank lines do not count, rows of empty cells do.
        assert warnings(made) == [(4, "no_login_id")]
        assert made.data["counts"]["users"] == 1

    def test_messages_are_kept_up_to_a_number_and_all_counted(self, load, monkeypatch):
        monkeypatch.setattr("sis.report.log.MOST_KEPT", 3)
        made = load(users=table(USERS, *(["U1,,active"] * 10)))
        assert (made.warning_count, SisImportError.objects.count()) == (10, 3)

    def test_unknown_columns_and_any_order_of_columns_and_rows_without_ends(self, load):
        load(users=" Status , shoe size,LOGIN_ID,user_id\nactive,44,u1,U1,surplus\nactive,44,u2")
        assert state_of("U1") == "registered"
        assert not User.objects.filter(login_id="u2").exists()


class TestGoingOn:
    @pytest.fixture(autouse=True)
    def _small_chunks(self, monkeypatch):
        monkeypatch.setattr(runner, "ROWS_PER_CHUNK", 3)

    def test_after_any_interruption_it_goes_on_where_it_was(self, load, root, admin, tmp_path):
        names = [f"U{n}" for n in range(10)]
        rows = table(
            USERS,
            *(f"{name},{name},active" for name in names[:5]),
            ",nobody,active",
            *(f"{name},{name},active" for name in names[5:]),
        )
        load()
        made = make(root, admin, Options(), tmp_path, {"users": rows})
        killed_after = 0
        while True:
            one = SisImport.objects.get(pk=made.pk)
            if one.has_ended:
                break
            killed_after += 1
            _run_until(one, chunks=1)
        # Once after each of the four chunks; then it came to its end.
        assert killed_after == 5
        assert (one.workflow_state, one.data["counts"]["users"]) == ("imported_with_messages", 10)
        assert warnings(one) == [(7, "no_user_id")]
        assert User.objects.filter(sis_user_id__in=names, sis_import_id=one.pk).count() == 10
        assert one.data["statistics"]["Pseudonym"]["created"] == 10

    def test_one_that_fails_again_and_again_is_given_up_with_a_report_number(self, load, root, admin, tmp_path):
        load()
        made = make(root, admin, Options(), tmp_path, {"users": people("U1")})
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE sis_statechange RENAME TO out_of_order")
        for _try in range(2):
            with pytest.raises(ProgrammingError, match="sis_statechange"):
                work_off(root)
        work_off(root)
        made.refresh_from_db()
        assert (made.workflow_state, made.error_count) == ("failed_with_messages", 1)
        assert "report" in made.sis_import_errors.get().message

    def test_a_database_that_goes_away_is_no_reason_to_give_up(
        self, transactional_db, load, root, admin, tmp_path, monkeypatch
    ):
        load()
        made = make(root, admin, Options(), tmp_path, {"users": people("U1", "U2", "U3", "U4")})
        real = runner.apply_chunk
        for _time in range(4):
            monkeypatch.setattr(runner, "apply_chunk", _after_our_connection_was_ended(real))
            with pytest.raises(OperationalError):
                work_off(root)
        monkeypatch.setattr(runner, "apply_chunk", real)
        work_off(root)
        made.refresh_from_db()
        assert (made.workflow_state, made.data["counts"]["users"], made.attempts) == ("imported", 4, 0)
        forget_all_jobs()

    @pytest.mark.parametrize("dry_run", [False, True])
    def test_a_row_that_the_database_does_not_take_is_left_out_and_the_others_are_applied(
        self, load, caplog, monkeypatch, dry_run
    ):
        load()
        refuse(["u3", "u4", "u8"])
        names = [f"U{n}" for n in range(9)]
        made = load(options=Options(dry_run=dry_run), users=table(USERS, ",nobody,active", *people(*names).split()[1:]))
        assert (made.workflow_state, made.data["counts"]["users"]) == ("imported_with_messages", 6)
        assert warnings(made) == [(2, "no_user_id"), *((row, "not_saved") for row in (6, 7, 11))]
        assert made.sis_import_errors.get(row=6).row_info == "U3,u3,active"
        there = User.objects.filter(sis_user_id__in=names).count()
        assert there == (0 if dry_run else 6)
        assert "out_of_order" in caplog.text
        assert "u3" not in caplog.text

    def test_when_no_row_is_taken_it_is_given_up(self, load, root, admin, tmp_path, monkeypatch):
        load()
        monkeypatch.setattr(runner, "MOST_NOT_SAVED", 2)
        refuse(["u1", "u2", "u3"])
        made = make(root, admin, Options(), tmp_path, {"users": people("U0", "U1", "U2", "U3", "U4")})
        with pytest.raises(IntegrityError, match="out_of_order"):
            work_off(root)
        made.refresh_from_db()
        assert made.workflow_state == "importing"

    def test_what_one_chunk_cannot_do_at_once_it_tries_again(self, load, root, admin, tmp_path, monkeypatch):
        load()
        made = make(root, admin, Options(), tmp_path, {"users": people("U1", "U2")})
        failures = iter([OperationalError("deadlock"), OperationalError("deadlock")])
        real = runner.apply_chunk

        def sometimes(*args, **more):
            for error in failures:
                raise error
            return real(*args, **more)

        monkeypatch.setattr(runner, "apply_chunk", sometimes)
        work_off(root)
        made.refresh_from_db()
        assert (made.workflow_state, made.data["counts"]["users"]) == ("imported", 2)

    def test_one_that_is_aborted_stops_within_a_chunk(self, load, root, admin, tmp_path):
        load()
        made = make(root, admin, Options(), tmp_path, {"users": people(*(f"U{n}" for n in range(9)))})

        def tell(sis_import):
            if sis_import.progress > 30:
                abort(SisImport.objects.get(pk=made.pk), by=admin)

        Import(made, tell).go()
        made.refresh_from_db()
        assert made.workflow_state == "aborted"
        assert User.objects.filter(sis_user_id__startswith="U").count() == 3
        assert abort(made, by=admin) is False

    def test_one_that_is_aborted_while_it_arrives_does_not_run_and_is_not_kept(self, load, root, admin):
        load()

        class Slow(BytesIO):
            def read(self, size=-1):
                if piece := super().read(size):
                    abort(SisImport.objects.latest("pk"), by=admin)
                return piece

        made = create_import(root, Slow(people("U1").encode()), "users.csv", Options(), by=admin)
        work_off(root)
        assert (made.workflow_state, made.stored_file) == ("aborted", "")
        assert not User.objects.filter(sis_user_id="U1").exists()
        assert [name for name in stored_names() if f"/{made.pk}." in name] == []

    def test_imports_run_one_after_the_other_the_oldest_first(self, load, root, admin, tmp_path):
        load(users=people("U1"))
        for name in ("First", "Second"):
            make(root, admin, Options(), tmp_path, {"users": f"{USERS},full_name\nU1,u1,active,{name}"})
        work_off(root)
        assert User.objects.get(sis_user_id="U1").name == "Second"
        assert set(SisImport.objects.values_list("workflow_state", flat=True)) == {"imported"}


def _after_our_connection_was_ended(real):
    def apply_chunk(*args, **more):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return real(*args, **more)

    return apply_chunk


def refuse(logins):
    """Have the database refuse these logins, as it would what no rule has foreseen."""
    with connection.cursor() as cursor:
        listed = ", ".join(f"'{login}'" for login in logins)
        cursor.execute(f"ALTER TABLE accounts_user ADD CONSTRAINT out_of_order CHECK (login_id NOT IN ({listed}))")


def _run_until(sis_import, *, chunks):
    """Run it as if the process were killed after so many chunks: what is committed stays, nothing more happens."""

    class KilledError(BaseException):
        pass

    left = [chunks]

    def tell(one):
        left[0] -= 1
        if left[0] < 0 or (left[0] == 0 and not one.has_ended):
            raise KilledError

    with suppress(KilledError):
        Import(sis_import, tell).go()


@pytest.mark.django_db(transaction=True)
class TestDryRun:
    def test_it_says_what_would_happen_and_keeps_nothing(self, load, year):
        before = everything_stored()
        made = load(
            options=Options(dry_run=True, ignore_deletion_brake=True),
            users=table(
                f"{USERS},full_name", "NEW,new,active,New Person", "KIM,kim,active,Kim Changed", "LEE,lee,deleted,"
            ),
            enrollments=table(ENROLLMENTS, "S1,KIM,student,deleted", "S1,NEW,student,active", "S1,,student,active"),
            observers=table(LINKS, "PAT,KIM,active"),
        )
        assert everything_stored() == before
        report = made.report
        assert report["users"]["created"] == {"count": 1, "examples": ["New Person (NEW)"]}
        assert report["users"]["changed"] == {"count": 1, "examples": ["Kim Changed (KIM)"]}
        assert report["users"]["removed"]["count"] == 1
        assert report["enrollments"]["removed"]["count"] == 1
        assert report["user_observers"]["created"] == {"count": 1, "examples": ["pat → Kim Changed"]}
        assert (made.workflow_state, made.data["counts"]["users"]) == ("imported_with_messages", 3)
        assert warnings(made) == [(4, "no_user")]

    def test_changed_ids_are_changes(self, load, year):
        made = load(
            options=Options(dry_run=True),
            changed="old_id,new_id,type\nKIM,KIM-2,user\nS1,S1-2,section\nnobody,X,user",
        )
        assert made.report["users"]["changed"] == {"count": 1, "examples": ["kim (KIM-2)"]}
        assert made.report["sections"]["changed"] == {"count": 1, "examples": ["A"]}

    def test_the_brake_warns_there_and_stops_nothing(self, load):
        load(users=people(*(f"U{n}" for n in range(30))))
        made = load(options=Options(dry_run=True), users=people(*(f"U{n}" for n in range(20)), status="deleted"))
        assert (made.workflow_state, warnings(made)) == ("imported_with_messages", [(None, "brake")])
        assert made.report["users"]["removed"]["count"] == 20
