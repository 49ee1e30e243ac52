"""Imports that the deletion brake stops, and what becomes of them."""

import pytest

from accounts.errors import Invalid
from accounts.models import Action, AuditEvent, User
from courses.models import Enrollment, Section, Term
from sis.imports.deletion_brake import set_deletion_brake
from sis.imports.queue import work_off
from sis.imports.runner import Import
from sis.options import Options
from tests.sis.conftest import make, warnings
from tests.sis.contents import everything_stored
from tests.sis.texts import COURSES, ENROLLMENTS, LINKS, SECTIONS, USERS, people, table


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

    def test_what_it_stops_stays_stopped_when_the_process_dies_at_that_moment(
        self, load, full, root, admin, tmp_path, monkeypatch
    ):
        made = make(root, admin, Options(), tmp_path, {"users": people(*full, status="deleted")})
        before = everything_stored()

        def die(*_given):
            raise KeyboardInterrupt

        with monkeypatch.context() as dying:
            dying.setattr(Import, "_finish", die)
            with pytest.raises(KeyboardInterrupt):
                work_off(root)
        made.refresh_from_db()
        assert not made.has_ended
        work_off(root)
        made.refresh_from_db()
        assert (made.was_braked, warnings(made)) == (True, [(None, "brake")])
        assert everything_stored() == before

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
        before = everything_stored()
        made = load(options=Options(), **{name: text(full) for name, text in files.items()})
        assert (made.workflow_state, warnings(made)) == ("aborted", [(None, "brake")])
        assert everything_stored() == before

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
