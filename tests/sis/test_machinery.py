"""How imports run: batch mode, data sets, the brake, dry runs, stopping, going on, taking back (reference 3)."""

from contextlib import suppress
from io import BytesIO

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection

from accounts.errors import Invalid
from accounts.models import Action, AuditEvent, ObservationLink, User
from courses.domain.enrollments import change_states
from courses.domain.observation import link, unlink
from courses.models import Course, Enrollment, Section, Term
from sis.imports import runner
from sis.imports.deletion_brake import set_deletion_brake
from sis.imports.intake import create_import
from sis.imports.queue import abort, turn, work_off
from sis.imports.repeats import MOST
from sis.imports.restore import begin_restoring
from sis.imports.runner import Import
from sis.models import SisImport, SisImportError
from sis.options import Options
from tests.database import statements
from tests.factories import EnrollmentFactory
from tests.jobs import forget_all_jobs
from tests.sis.conftest import make, warnings
from tests.sis.texts import COURSES, ENROLLMENTS, LINKS, SECTIONS, USERS, people, state_of, table


def test_of_many_rows_about_one_person_and_others_between_the_last_counts(load):
    rows = [f"U{number % 3},u{number % 3},Name {number},active" for number in range(200)]
    made = load(users=table("user_id,login_id,full_name,status", *rows, *rows[:150]))
    names = dict(User.objects.filter(sis_user_id__startswith="U").values_list("sis_user_id", "name"))
    assert names == {"U0": "Name 147", "U1": "Name 148", "U2": "Name 149"}
    assert [kind for _row, kind in warnings(made)] == ["repeated"] * 3


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

        def sometimes(*args):
            for error in failures:
                raise error
            return real(*args)

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

    def test_one_that_is_aborted_while_it_arrives_does_not_run_and_is_not_kept(self, load, root, admin, settings):
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
        assert list((settings.DATA_DIR / "sis_imports").glob(f"{made.pk}.*")) == []

    def test_imports_run_one_after_the_other_the_oldest_first(self, load, root, admin, tmp_path):
        load()
        for name in ("First", "Second"):
            make(root, admin, Options(), tmp_path, {"users": f"{USERS},full_name\nU1,u1,active,{name}"})
        work_off(root)
        assert User.objects.get(sis_user_id="U1").name == "Second"
        assert set(SisImport.objects.values_list("workflow_state", flat=True)) == {"imported"}


def _after_our_connection_was_ended(real):
    def apply_chunk(*args):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return real(*args)

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


@pytest.fixture
def year(load):
    """A term with two courses, each with a section, and a student in both."""
    return load(
        terms="term_id,name,status\nT1,Fall,active\nT2,Spring,active",
        users=people("KIM", "LEE", "PAT"),
        courses=table(COURSES, "C1,b,Biology,T1,published", "C2,c,Chemistry,T1,published", "C3,d,Drama,T2,published"),
        sections=table(SECTIONS, "S1,C1,A,active", "S2,C2,B,active", "S3,C3,C,active"),
        enrollments=table(ENROLLMENTS, "S1,KIM,student,active", "S2,KIM,student,active", "S3,KIM,student,active"),
    )


def batch(**more):
    term = Term.objects.get(sis_term_id="T1").pk
    return Options(batch_mode=True, batch_mode_term_id=term, ignore_deletion_brake=True, **more)


class TestBatchMode:
    FILES = {
        "courses": table(COURSES, "C1,b,Biology,T1,published"),
        "sections": table(SECTIONS, "S1,C1,A,active"),
        "enrollments": table(ENROLLMENTS, "S1,KIM,student,active"),
    }

    def test_what_is_not_listed_any_more_goes_from_its_term(self, load, year):
        by_hand = EnrollmentFactory(section=Section.objects.get(sis_section_id="S1"))
        made = load(options=batch(), **self.FILES)
        assert made.workflow_state == "imported"
        assert {course.sis_course_id: course.workflow_state for course in Course.objects.all()} == {
            "C1": "available",
            "C2": "deleted",
            "C3": "available",
        }
        assert {section.sis_section_id: section.workflow_state for section in Section.objects.all()} == {
            "S1": "active",
            "S2": "deleted",
            "S3": "active",
        }
        states = Enrollment.objects.exclude(pk=by_hand.pk).values_list("section__sis_section_id", "state")
        assert dict(states) == {"S1": "active", "S2": "deleted", "S3": "active"}
        by_hand.refresh_from_db()
        assert by_hand.state == "active"
        counts = made.data["counts"]
        assert counts["batch_courses_deleted"] == 1
        assert counts["batch_sections_deleted"] == 1
        assert counts["batch_enrollments_deleted"] == 1

    def test_only_kinds_that_were_supplied_and_a_header_is_enough(self, load, year):
        load(options=batch(), enrollments=ENROLLMENTS)
        assert Course.objects.filter(workflow_state="deleted").count() == 0
        states = dict(Enrollment.objects.values_list("section__sis_section_id", "state"))
        assert states == {"S1": "deleted", "S2": "deleted", "S3": "active"}

    def test_observers_go_with_their_students(self, load, year):
        load(observers=table(LINKS, "PAT,KIM,active"))
        load(options=batch(), enrollments=ENROLLMENTS)
        states = Enrollment.objects.filter(type="ObserverEnrollment").values_list("section__sis_section_id", "state")
        assert dict(states) == {"S1": "deleted", "S2": "deleted", "S3": "active"}

    @pytest.mark.parametrize("status", ["completed", "inactive"])
    def test_batch_mode_can_conclude_enrollments_instead(self, load, year, status):
        load(options=batch(batch_mode_enrollment_drop_status=status), enrollments=ENROLLMENTS)
        states = dict(Enrollment.objects.values_list("section__sis_section_id", "state"))
        assert states == {"S1": status, "S2": status, "S3": "active"}

    def test_cleaning_up_goes_on_after_an_interruption(self, load, year, root, admin, tmp_path, monkeypatch):
        monkeypatch.setattr("sis.imports.batch_mode.AT_A_TIME", 1)
        made = make(root, admin, batch(), tmp_path, {"enrollments": ENROLLMENTS, "sections": SECTIONS})
        steps = []

        class KilledError(BaseException):
            pass

        class Killed(Import):
            def _save(self, *fields, **more):
                super()._save(*fields, **more)
                if self.row.workflow_state == "cleanup_batch" and fields == ("data",):
                    steps.append(1)
                    if len(steps) == 3:
                        raise KilledError

        with suppress(KilledError):
            Killed(SisImport.objects.get(pk=made.pk), lambda one: None).go()
        assert SisImport.objects.get(pk=made.pk).workflow_state == "cleanup_batch"
        work_off(root)
        made.refresh_from_db()
        assert made.workflow_state == "imported"
        counts = made.data["counts"]
        assert (counts["batch_enrollments_deleted"], counts["batch_sections_deleted"]) == (2, 2)
        assert set(
            Section.objects.filter(sis_section_id__in=["S1", "S2"]).values_list("workflow_state", flat=True)
        ) == {"deleted"}

    def test_a_threshold_stops_it_before_anything_is_deleted(self, load, year):
        made = load(options=batch(change_threshold=40), **self.FILES)
        assert (made.workflow_state, warnings(made)) == ("aborted", [(None, "change_threshold")])
        assert not Course.objects.filter(workflow_state="deleted").exists()
        assert load(options=batch(change_threshold=50), **self.FILES).workflow_state == "imported"

    def test_nothing_is_removed_after_a_failure(self, load, year):
        made = load(options=batch(), enrollments=ENROLLMENTS, broken="strange\n1")
        assert made.workflow_state == "failed_with_messages"
        assert not Enrollment.objects.filter(state="deleted").exists()

    def test_batch_mode_covers_all_terms_of_the_file(self, load, year):
        # As in Canvas this alone is batch mode.
        options = Options(multi_term_batch_mode=True, change_threshold=100, ignore_deletion_brake=True)
        assert load(options=options, enrollments=ENROLLMENTS).workflow_state == "aborted"
        load(options=options, terms="term_id,name,status\nT2,Spring,active", enrollments=ENROLLMENTS)
        states = dict(Enrollment.objects.values_list("section__sis_section_id", "state"))
        assert states == {"S1": "active", "S2": "active", "S3": "deleted"}


@pytest.mark.parametrize("state", ["inactive", "rejected"])
def test_batch_mode_concludes_nothing_that_shows_nothing(load, year, state):
    change_states(Enrollment.objects.all(), state, by=None)
    load(options=batch(batch_mode_enrollment_drop_status="completed"), enrollments=ENROLLMENTS)
    assert set(Enrollment.objects.values_list("state", flat=True)) == {state}


class TestBrake:
    @pytest.fixture
    def full(self, load):
        names = [f"U{n}" for n in range(100)]
        load(
            terms="term_id,name,status\nT1,Fall,active",
            users=table(f"{USERS},integration_id", "PAT,pat,active,", *(f"{n},{n.lower()},active,I{n}" for n in names)),
            courses=table(COURSES, "C1,b,Biology,T1,published"),
            sections=table(SECTIONS, "S1,C1,A,active"),
            enrollments=table(ENROLLMENTS, *(f"S1,{name},student,active" for name in names)),
            observers=table(LINKS, *(f"PAT,{name},active" for name in names)),
        )
        return names

    def test_too_many_deletions_stop_before_the_first_row(self, load, full):
        rows = table(USERS, "NEW,new,active", *(f"{name},{name},deleted" for name in full[:15]))
        made = load(options=Options(), users=rows)
        assert (made.workflow_state, warnings(made)) == ("aborted", [(None, "brake")])
        assert "15 of" in made.sis_import_errors.get().message
        assert not User.objects.filter(sis_user_id="NEW").exists()
        assert load(options=Options(ignore_deletion_brake=True), users=rows).workflow_state == "imported"

    def test_what_is_less_than_the_share_passes_the_deletion_brake(self, load, full):
        rows = people(*full[:9], status="deleted")
        assert load(options=Options(), users=rows).workflow_state == "imported"

    def test_the_share_is_the_root_accounts(self, load, full, root, admin):
        for wrong in (-1, 101):
            with pytest.raises(Invalid):
                set_deletion_brake(root, wrong, by=admin)
        set_deletion_brake(root, 50, by=admin)
        assert AuditEvent.objects.get(action=Action.SIS_BRAKE_CHANGED).details == {"before": 10, "after": 50}
        assert load(options=Options(), users=people(*full[:30], status="deleted")).workflow_state == "imported"

    @pytest.mark.parametrize(
        "files",
        [
            {"observers": lambda names: table(LINKS, *(f"PAT,{name},deleted" for name in names))},
            {"enrollments": lambda names: table(ENROLLMENTS, *(f"S1,{name},student,deleted" for name in names))},
            {
                "enrollments": lambda names: table(
                    "course_id,user_integration_id,role,status,associated_user_id",
                    *(f"C1,I{name},student,deleted,whoever" for name in names),
                )
            },
            {"sections": lambda names: table(SECTIONS, "S1,C1,A,deleted")},
            {"courses": lambda names: table(COURSES, "C1,b,Biology,T1,deleted")},
            {"users": lambda names: people(*names, status="deleted")},
            {"users": lambda names: people(*names, status="suspended")},
        ],
    )
    def test_every_way_of_removing_many(self, load, full, files):
        Section.objects.update(is_default=True)
        before = _everything()
        made = load(options=Options(), **{name: text(full) for name, text in files.items()})
        assert (made.workflow_state, warnings(made)) == ("aborted", [(None, "brake")])
        assert _everything() == before

    def test_people_found_by_their_logins_count_where_they_would_be_found(self, load, full):
        others = table(USERS, *(f"X{name},{name},deleted" for name in full))
        assert load(options=Options(), users=others).workflow_state == "imported_with_messages"
        assert load(options=Options(update_sis_id_if_login_claimed=True), users=others).workflow_state == "aborted"
        User.objects.exclude(sis_user_id="ALEX").update(sis_user_id=None)
        assert load(options=Options(), users=others).workflow_state == "aborted"

    def test_what_is_passed_over_or_gone_already_does_not_count(self, load, full):
        rows = table(ENROLLMENTS, *(f"S1,{name},student,deleted" for name in full))
        made = load(options=Options(skip_deletes=True), enrollments=rows)
        assert (made.workflow_state, made.data["counts"]["enrollments"]) == ("imported", 0)
        Enrollment.objects.update(state="completed")
        assert load(options=Options(), enrollments=rows).workflow_state == "imported"

    def test_an_observers_enrollment_that_a_file_lists_is_not_the_students(self, load, full):
        header = f"{ENROLLMENTS},associated_user_id"
        rows = table(header, *(f"S1,PAT,observer,deleted,{name}" for name in full))
        made = load(options=Options(), enrollments=rows)
        assert "100 of 200" in made.sis_import_errors.get().message

    def test_batch_mode_counts_what_stands_in_the_courses_it_removes(self, load, full):
        term = Term.objects.get(sis_term_id="T1").pk
        options = Options(batch_mode=True, batch_mode_term_id=term)
        assert load(options=options, courses=COURSES).workflow_state == "aborted"
        assert load(options=options, sections=SECTIONS).workflow_state == "aborted"
        listed = table(ENROLLMENTS, *(f"S1,{name},student,active" for name in full))
        assert load(options=options, enrollments=listed).workflow_state == "imported"

    def test_courses_count_even_with_nobody_in_them(self, load):
        names = [f"C{n}" for n in range(20)]
        load(courses=table(COURSES, *(f"{name},b,Biology,,published" for name in names)))
        made = load(options=Options(), courses=table(COURSES, *(f"{name},b,Biology,,deleted" for name in names)))
        assert "20 of 20 active courses" in made.sis_import_errors.get().message
        concluded = table(COURSES, *(f"{name},b,Biology,,completed" for name in names))
        assert load(options=Options(), courses=concluded).workflow_state == "imported"

    @pytest.mark.parametrize("skip_deletes", [False, True])
    def test_people_whom_a_data_set_would_suspend_count(self, load, full, skip_deletes):
        data_set = Options(
            diffing_data_set_identifier="x", diffing_user_remove_status="suspended", skip_deletes=skip_deletes
        )
        load(options=data_set, users=people(*full))
        assert load(options=data_set, users=people(*full[:50])).workflow_state == "aborted"
        assert not User.objects.filter(state="suspended").exists()

    def test_batch_mode_and_data_sets_are_braked_too(self, load, full):
        term = Term.objects.get(sis_term_id="T1").pk
        made = load(options=Options(batch_mode=True, batch_mode_term_id=term), enrollments=ENROLLMENTS)
        assert made.workflow_state == "aborted"
        data_set = Options(diffing_data_set_identifier="x")
        load(options=data_set, users=people(*full))
        assert load(options=data_set, users=people(*full[:50])).workflow_state == "aborted"
        assert not User.objects.filter(state="deleted").exists()


@pytest.mark.django_db(transaction=True)
class TestDryRun:
    def test_it_says_what_would_happen_and_keeps_nothing(self, load, year):
        before = _everything()
        made = load(
            options=Options(dry_run=True, ignore_deletion_brake=True),
            users=table(
                f"{USERS},full_name", "NEW,new,active,New Person", "KIM,kim,active,Kim Changed", "LEE,lee,deleted,"
            ),
            enrollments=table(ENROLLMENTS, "S1,KIM,student,deleted", "S1,NEW,student,active", "S1,,student,active"),
            observers=table(LINKS, "PAT,KIM,active"),
        )
        assert _everything() == before
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


def _everything():
    return [
        sorted(model.objects.values_list())
        for model in (User, Course, Section, Enrollment, ObservationLink, Term)
        if model is not User
    ] + [sorted(User.objects.values_list("pk", "name", "state", "sis_import_id"))]


class TestTakingBack:
    def test_states_return_to_what_they_were(self, load, year, admin, root):
        load(observers=table(LINKS, "PAT,KIM,active"))
        made = load(
            users=table(USERS, "LEE,lee,deleted", "NEW,new,active"),
            courses=table(COURSES, "C2,c,Chemistry,T1,completed"),
            enrollments=table(ENROLLMENTS, "S1,KIM,student,deleted", "S2,KIM,student,completed"),
        )
        begin_restoring(made, by=admin)
        work_off(root)
        made.refresh_from_db()
        assert (made.workflow_state, made.restoring["progress"]) == ("restored", 100)
        assert (state_of("LEE"), state_of("NEW")) == ("registered", "deleted")
        assert Course.objects.get(sis_course_id="C2").workflow_state == "available"
        assert set(Enrollment.objects.values_list("state", flat=True)) == {"active"}
        assert AuditEvent.objects.filter(action=Action.SIS_IMPORT_RESTORED).exists()

    def test_only_conclusions_can_be_restored(self, load, year, admin, root):
        made = load(enrollments=table(ENROLLMENTS, "S1,KIM,student,deleted", "S2,KIM,student,completed"))
        begin_restoring(made, by=admin, unconclude_only=True)
        work_off(root)
        made.refresh_from_db()
        states = dict(Enrollment.objects.values_list("section__sis_section_id", "state"))
        assert (states["S1"], states["S2"], made.workflow_state) == ("deleted", "active", "partially_restored")

    def test_links_end_that_the_import_made_and_those_it_ended_return_with_what_they_open(
        self, load, year, admin, root
    ):
        load(
            enrollments=table(ENROLLMENTS, "S1,KIM,student,active", "S1,LEE,student,active"),
            observers=table(LINKS, "PAT,KIM,active"),
        )
        made = load(observers=table(LINKS, "PAT,KIM,deleted", "PAT,LEE,active"))
        begin_restoring(made, by=admin)
        work_off(root)
        made.refresh_from_db()
        assert made.workflow_state == "restored"
        assert dict(ObservationLink.objects.values_list("student__sis_user_id", "state")) == {
            "KIM": "active",
            "LEE": "deleted",
        }
        of_pat = Enrollment.objects.filter(user__sis_user_id="PAT", state="active")
        assert {one.associated_user.sis_user_id for one in of_pat} == {"KIM"}

    def test_a_link_that_a_person_made_again_since_then_stays(self, load, year, admin, root):
        made = load(observers=table(LINKS, "PAT,KIM,active"))
        unlink(ObservationLink.objects.get(), by=admin)
        link(User.objects.get(sis_user_id="PAT"), User.objects.get(sis_user_id="KIM"), origin="code", by=None)
        begin_restoring(made, by=admin)
        work_off(root)
        made.refresh_from_db()
        assert (made.workflow_state, ObservationLink.objects.get().state) == ("partially_restored", "active")

    def test_a_link_to_one_course_that_the_import_ended_does_not_return_as_one_to_all(self, load, year, admin, root):
        pat, kim = User.objects.get(sis_user_id="PAT"), User.objects.get(sis_user_id="KIM")
        link(pat, kim, origin="code", by=None, course=Course.objects.get(sis_course_id="C1"))
        made = load(observers=table(LINKS, "PAT,KIM,deleted"))
        begin_restoring(made, by=admin)
        work_off(root)
        made.refresh_from_db()
        assert (made.workflow_state, ObservationLink.objects.get().state) == ("partially_restored", "deleted")

    def test_what_has_run_for_nothing_or_long_ago_is_refused(self, load, admin, root, settings):
        looked = load(options=Options(dry_run=True), users=people("U1"))
        once = load(users=people("U1"))
        begin_restoring(once, by=admin)
        work_off(root)
        old = load(users=people("U2"))
        SisImport.objects.filter(pk=old.pk).update(ended_at="2026-01-01T00:00:00Z")
        for refused, why in ((looked, "dry run"), (once, "already"), (old, "30 days")):
            with pytest.raises(Invalid, match=why):
                begin_restoring(refused, by=admin)

    def test_what_somebody_changed_since_stays(self, load, year, admin, root):
        made = load(enrollments=table(ENROLLMENTS, "S1,KIM,student,completed"))
        Enrollment.objects.filter(section__sis_section_id="S1").update(state="inactive")
        begin_restoring(made, by=admin)
        work_off(root)
        made.refresh_from_db()
        assert made.workflow_state == "partially_restored"
        assert Enrollment.objects.get(section__sis_section_id="S1").state == "inactive"

    def test_it_goes_on_where_it_was_interrupted(self, transactional_db, load, year, admin, root):
        made = load(users=table(USERS, "LEE,lee,deleted", "LEE,lee,suspended"))
        begin_restoring(made, by=admin)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE sis_sisimport ADD CONSTRAINT no_end CHECK (workflow_state <> 'restored')")
            with pytest.raises(IntegrityError, match="no_end"):
                work_off(root)
            cursor.execute("ALTER TABLE sis_sisimport DROP CONSTRAINT no_end")
        work_off(root)
        made.refresh_from_db()
        # What was put back twice would look as if somebody had changed it.
        assert (made.workflow_state, state_of("LEE")) == ("restored", "registered")
        forget_all_jobs()


def test_the_turn_is_one_persons_at_a_time(root):
    with turn(root) as mine:
        assert mine


def test_a_row_that_is_repeated_again_and_again_is_applied_a_few_times_only(load, django_assert_max_num_queries):
    load(users=people("KIM"))
    with django_assert_max_num_queries(260):
        made = load(users=table(USERS, *(["KIM,kim,suspended"] * 300), "KIM,kim,active", "LEE,lee,active"))
    assert (state_of("KIM"), state_of("LEE")) == ("registered", "registered")
    assert warnings(made) == [(302, "repeated")]


class TestRowsAboutTheSameAgainAndAgain:
    """A few are corrections, and apply one after the other; many are a fault, and cost nobody's time."""

    HEADER = "user_id,login_id,full_name,status"

    def test_of_many_that_differ_the_last_is_taken_and_said_once(self, load):
        rows = [f"U1,u1,Name {number},active" for number in range(3_000)]
        made = load(users=table(self.HEADER, "U0,u0,First,active", *rows, "U2,u2,Last,active"))
        assert User.objects.get(sis_user_id="U1").name == "Name 2999"
        said = made.sis_import_errors.get()
        assert (said.kind, said.row, made.data["counts"]["users"]) == ("repeated", 3_002, 3)
        assert "3000 rows" in said.message
        assert "U1" in said.message

    def test_it_costs_no_more_statements_than_one_row(self, load):
        def users(number):
            return table(self.HEADER, *(f"U1,u1,Name {number},active" for number in range(number)))

        load(users=users(1))
        many = statements(lambda: load(users=users(500)))
        # What is found is dropped, and said.
        assert many <= statements(lambda: load(users=users(1))) + 3

    def test_of_many_that_are_alike_nothing_is_said(self, load):
        made = load(users=table(USERS, *["U1,u1,active"] * 100))
        assert (made.workflow_state, warnings(made)) == ("imported", [])

    def test_the_same_in_other_files_counts_too_and_what_names_nobody_does_not(self, load):
        load(courses=table(COURSES, "C1,b,Biology,,published"), sections=table(SECTIONS, "S1,C1,A,active"))
        states = ["active", "inactive", "completed"] * 3
        enrollments = [f"S1,U1,student,{state}" for state in states]
        made = load(
            users=table(USERS, "U1,u1,active", *[",,active"] * 20),
            one=table(ENROLLMENTS, *enrollments),
            two=table(ENROLLMENTS, *enrollments[:-1]),
        )
        assert Enrollment.objects.get().state == "inactive"
        assert sorted(kind for _row, kind in warnings(made)) == [*["no_user_id"] * 20, "repeated"]

    def test_a_few_apply_one_after_the_other(self, load):
        rows = [f"U1,u1,Name {number},active" for number in range(MOST)]
        made = load(users=table(self.HEADER, *rows))
        assert (made.data["counts"]["users"], warnings(made)) == (MOST, [])

    def test_rows_that_are_refused_by_themselves_wait_for_none(self, load):
        def users(number):
            return table(self.HEADER, *(f",u1,Name {number},active" for number in range(number)))

        few = statements(lambda: load(users=users(2)))
        assert statements(lambda: load(users=users(100))) == few

    def test_nobody_gets_a_login_that_stands_for_a_crowd(self, load):
        crowd = [f"P{number},nobody@example.org,active" for number in range(MOST + 1)]
        made = load(users=table(USERS, "U1,u1,active", *crowd))
        assert warnings(made) == [(number, "shared_by_many") for number in range(3, MOST + 4)]
        assert set(User.objects.exclude(sis_user_id="ALEX").values_list("sis_user_id", flat=True)) == {"U1"}
