"""Sections of rosters: where they belong, and where they are cross-listed to and from."""

import pytest

from accounts.domain.sis_fields import stick
from accounts.models import BaseType, ObservationLink
from courses.domain.observation import link
from courses.models import Course, Enrollment, Section
from sis.options import Options
from tests.factories import AccountFactory, EnrollmentFactory, UserFactory
from tests.sis.conftest import warnings
from tests.sis.records import course, section


@pytest.fixture
def two_courses(load):
    load(courses="course_id,short_name,long_name,status\nC1,b,Biology,published\nC2,c,Chemistry,published")


@pytest.mark.usefixtures("two_courses")
class TestSections:
    HEADER = "section_id,course_id,name,status"

    @pytest.mark.parametrize(
        ("row", "kind"),
        [
            (",C1,A,active", "no_section_id"),
            ("S1,,A,active", "no_course_id"),
            ("S1,C1,,active", "no_name"),
            ("S1,C1,A,open", "bad_status"),
            ("S1,C9,A,active", "no_course"),
        ],
    )
    def test_impossible_rows_about_sections_are_refused(self, load, row, kind):
        assert warnings(load(sections=f"{self.HEADER}\n{row}")) == [(2, kind)]
        assert not Section.objects.exists()

    def test_another_course_moves_the_section(self, load):
        load(sections=f"{self.HEADER}\nS1,C1,A,active")
        load(sections=f"{self.HEADER}\nS1,C2,A,active")
        assert section().course == course("C2")

    def test_deleting_deletes_all_its_enrollments(self, load):
        load(sections=f"{self.HEADER}\nS1,C1,A,active")
        enrollment = EnrollmentFactory(section=section())
        made = load(sections=f"{self.HEADER}\nS1,C1,,deleted")
        enrollment.refresh_from_db()
        assert (section().workflow_state, enrollment.state) == ("deleted", "deleted")
        assert made.data["statistics"]["Enrollment"]["deleted"] == 1

    def test_dates_restrict_and_a_blank_clears(self, load):
        header = f"{self.HEADER},start_date,end_date"
        load(sections=f"{header}\nS1,C1,A,active,2026-09-01,")
        assert (section().start_at.month, section().restrict_enrollments_to_section_dates) == (9, True)
        load(sections=f"{header}\nS1,C1,A,active,,")
        assert (section().start_at, section().restrict_enrollments_to_section_dates) == (None, False)

    def test_a_date_that_cannot_be_read_lets_no_section_run_on(self, load):
        header = f"{self.HEADER},start_date,end_date"
        load(sections=f"{header}\nS1,C1,A,active,,2026-12-01")
        load(sections=f"{header}\nS1,C1,A,active,,2026-13-45")
        assert section().restrict_enrollments_to_section_dates

    @pytest.mark.parametrize("stuck", ["start_at", "end_at"])
    def test_if_a_person_has_set_a_date_no_date_is_imported_and_none_begins_to_bind(self, load, stuck):
        load(sections=f"{self.HEADER}\nS1,C1,A,active")
        edited = section()
        stick(edited, [stuck])
        edited.save()
        load(sections=f"{self.HEADER},start_date,end_date\nS1,C1,A,active,2026-09-01,2026-12-01")
        now = section()
        assert (now.start_at, now.end_at, now.restrict_enrollments_to_section_dates) == (None, None, False)

    def test_what_a_person_edited_stays(self, load):
        load(sections=f"{self.HEADER}\nS1,C1,A,active")
        edited = section()
        stick(edited, ["course", "name"])
        edited.save()
        load(sections=f"{self.HEADER}\nS1,C2,B,active")
        assert (section().course, section().name) == (course("C1"), "A")

    def test_a_link_limited_to_a_course_does_not_move_along(self, load):
        load(sections=f"{self.HEADER}\nS1,C1,A,active")
        student, everywhere, here = UserFactory(), UserFactory(), UserFactory()
        EnrollmentFactory(user=student, section=section())
        link(everywhere, student, origin=ObservationLink.Origin.CODE, by=None)
        link(here, student, origin=ObservationLink.Origin.CODE, by=None, course=course("C1"))
        load(sections=f"{self.HEADER}\nS1,C2,A,active")
        assert Enrollment.objects.get(user=everywhere).state == "active"
        assert Enrollment.objects.get(user=here).state == "deleted"


@pytest.mark.usefixtures("two_courses")
class TestCrossLists:
    HEADER = "xlist_course_id,section_id,status"

    @pytest.fixture(autouse=True)
    def _section(self, load, two_courses):
        load(sections="section_id,course_id,name,status\nS1,C1,A,active")

    @pytest.mark.parametrize("by", ["xlists", "sections"])
    def test_an_observer_of_one_course_is_not_carried_into_another_school(self, load, by):
        files = {
            "xlists": f"{self.HEADER}\nC2,S1,active",
            "sections": "section_id,course_id,name,status\nS1,C2,A,active",
        }
        student = EnrollmentFactory(section=section()).user
        aunt, parent = (
            EnrollmentFactory(section=section(), type=BaseType.OBSERVER, associated_user=student).user for _ in "ab"
        )
        link(parent, student, origin=ObservationLink.Origin.CODE, by=None)
        Course.objects.filter(sis_course_id="C2").update(account=AccountFactory())
        load(**{by: files[by]})
        assert section().course == course("C2")
        states = dict(Enrollment.objects.filter(type=BaseType.OBSERVER).values_list("user", "state"))
        assert states == {aunt.pk: "deleted", parent.pk: "active"}
        # Set up again where the section is now, it stays there, night after night.
        Enrollment.objects.filter(user=aunt).update(state="active")
        load(**{by: files[by]})
        assert Enrollment.objects.get(user=aunt).state == "active"

    def test_a_section_is_cross_listed_and_returns(self, load):
        for _time in range(2):
            load(xlists=f"{self.HEADER}\nC2,S1,active")
            assert (section().course, section().nonxlist_course) == (course("C2"), course("C1"))
        for _time in range(2):
            load(xlists=f"{self.HEADER}\nwherever,S1,deleted")
            assert (section().course, section().nonxlist_course) == (course("C1"), None)

    def test_naming_its_own_course_takes_it_home(self, load):
        load(xlists=f"{self.HEADER}\nC2,S1,active")
        load(xlists=f"{self.HEADER}\nC1,S1,active")
        assert (section().course, section().nonxlist_course) == (course("C1"), None)

    def test_an_unknown_course_is_made_unpublished_after_the_sections_own(self, load):
        load(
            sections="section_id,course_id,name,status\nS2,C2,B,active",
            xlists=f"{self.HEADER}\nX,S1,active\nX,S2,active",
        )
        made = course("X")
        assert (made.name, made.course_code, made.workflow_state) == ("Biology", "b", "unpublished")
        assert {section().course, section("S2").course} == {made}

    def test_a_deleted_course_is_revived(self, load):
        Course.objects.filter(sis_course_id="C2").update(workflow_state="deleted")
        load(xlists=f"{self.HEADER}\nC2,S1,active")
        assert course("C2").workflow_state == "unpublished"

    @pytest.mark.parametrize(
        ("row", "kind"),
        [
            (",S1,active", "no_xlist_course_id"),
            ("C2,,active", "no_section_id"),
            ("C2,S1,activeX", "bad_status"),
            ("C2,S9,active", "no_section"),
        ],
    )
    def test_impossible_rows_about_cross_listings_are_refused(self, load, row, kind):
        assert warnings(load(xlists=f"{self.HEADER}\n{row}")) == [(2, kind)]

    def test_a_section_moved_by_a_person_stays_without_a_word(self, load):
        edited = section()
        stick(edited, ["course"])
        edited.save()
        made = load(xlists=f"{self.HEADER}\nC2,S1,active")
        assert (section().course, warnings(made), made.data["counts"]["xlists"]) == (course("C1"), [], 0)
        load(xlists=f"{self.HEADER}\nC2,S1,active", options=Options(override_sis_stickiness=True))
        assert section().course == course("C2")

    def test_the_place_sticks_or_not_as_with_any_other_row(self, load):
        load(sections="section_id,course_id,name,status\nS1,C1,A,active")
        sticking = Options(override_sis_stickiness=True, add_sis_stickiness=True)
        load(options=sticking, xlists=f"{self.HEADER}\nC1,S1,active\nC1,S1,deleted")
        assert section().stuck_sis_fields == []
        load(options=sticking, xlists=f"{self.HEADER}\nC2,S1,active")
        assert section().stuck_sis_fields == ["course"]
        clearing = Options(override_sis_stickiness=True, clear_sis_stickiness=True)
        load(options=clearing, xlists=f"{self.HEADER}\nC1,S1,deleted")
        assert (section().stuck_sis_fields, section().course) == ([], course("C1"))

    def test_a_sections_row_keeps_the_cross_listing_while_it_names_home(self, load):
        load(xlists=f"{self.HEADER}\nC2,S1,active")
        load(sections="section_id,course_id,name,status\nS1,C1,A,active")
        assert section().course == course("C2")
        load(sections="section_id,course_id,name,status\nS1,C2,A,active")
        assert (section().course, section().nonxlist_course) == (course("C2"), None)

    def test_the_default_section_is_followed_when_it_is_cross_listed_away(self, load):
        load(
            users="user_id,login_id,status\nU1,u1,active\nU2,u2,active",
            enrollments="course_id,user_id,role,status\nC1,U1,student,active",
        )
        default = Section.objects.get(is_default=True)
        default.sis_section_id = "D1"
        default.save()
        load(xlists=f"{self.HEADER}\nC2,D1,active")
        made = load(
            enrollments="course_id,user_id,role,status\nC1,U2,student,active",
            others="course_id,user_id,role,status\nC2,U2,student,active",
        )
        assert warnings(made) == []
        enrollments = Enrollment.objects.filter(user__sis_user_id="U2")
        assert {enrollment.section.course for enrollment in enrollments} == {course("C2")}
        assert default.pk in {enrollment.section_id for enrollment in enrollments}
        assert len(enrollments) == 2
