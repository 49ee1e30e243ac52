"""Batch mode: what an upload no longer lists goes, in the terms that it is about (reference 3.5)."""

from contextlib import suppress

import pytest

from courses.domain.enrollments import change_states
from courses.models import Course, Enrollment, Section, Term
from sis.imports.queue import work_off
from sis.imports.runner import Import
from sis.models import SisImport
from sis.options import Options
from tests.factories import EnrollmentFactory
from tests.sis.conftest import make, warnings
from tests.sis.texts import COURSES, ENROLLMENTS, LINKS, SECTIONS, table


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
