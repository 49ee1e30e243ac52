"""Taking an import back: what it changed the state of returns to the state before."""

import pytest
from django.db import IntegrityError, connection

from accounts.errors import Invalid
from accounts.models import Action, AuditEvent, ObservationLink, User
from courses.domain.observation import link, unlink
from courses.models import Course, Enrollment
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from sis.models import SisImport
from sis.options import Options
from tests.jobs import forget_all_jobs
from tests.sis.texts import COURSES, ENROLLMENTS, LINKS, USERS, people, state_of, table


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
