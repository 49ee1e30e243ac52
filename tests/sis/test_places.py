"""accounts.csv, terms.csv, courses.csv, sections.csv, xlists.csv, change_sis_id.csv (reference 1.3 to 1.7, 1.10)."""

import pytest

from accounts.domain.sis_fields import stick
from accounts.models import Account, BaseType, ObservationLink, Role, User
from courses.domain.observation import link
from courses.models import Course, Enrollment, Section, Term
from sis.options import Options
from tests.factories import AccountFactory, EnrollmentFactory, SectionFactory, UserFactory
from tests.sis.conftest import warnings


def account(sis_id):
    return Account.objects.get(sis_account_id=sis_id)


def term(sis_id="T"):
    return Term.objects.get(sis_term_id=sis_id)


def course(sis_id="C1"):
    return Course.objects.get(sis_course_id=sis_id)


def section(sis_id="S1"):
    return Section.objects.get(sis_section_id=sis_id)


class TestAccounts:
    HEADER = "account_id,parent_account_id,name,status"

    def test_parents_come_before_their_children_in_one_file(self, load, root):
        made = load(accounts=f"{self.HEADER}\nA,,District,active\nB,A,School,active\nC,B,Class,active")
        assert account("C").parent == account("B")
        assert account("B").parent == account("A")
        assert account("A").parent == root
        assert made.data["counts"]["accounts"] == 3

    @pytest.mark.parametrize(
        ("row", "kind"),
        [
            (",,X,active", "no_account_id"),
            ("X,nowhere,X,active", "no_parent"),
            ("X,,X,gone", "bad_status"),
            ("X,,X,", "bad_status"),
            ("X,,,active", "no_name"),
            ("A,B,A,active", "account_loop"),
            ("A,A,A,active", "account_loop"),
            ("A,,A,deleted", "account_in_use"),
        ],
    )
    def test_impossible_rows_about_accounts_are_refused(self, load, row, kind):
        load(accounts=f"{self.HEADER}\nA,,District,active\nB,A,School,active")
        assert warnings(load(accounts=f"{self.HEADER}\n{row}")) == [(2, kind)]
        assert not Account.objects.filter(sis_account_id="X").exists()

    def test_a_child_listed_before_its_parent_is_refused(self, load):
        made = load(accounts=f"{self.HEADER}\nB,A,School,active\nA,,District,active")
        assert warnings(made) == [(2, "no_parent")]

    def test_nothing_comes_to_life_below_what_is_deleted(self, load, root):
        load(accounts=f"{self.HEADER}\nA,,District,active\nB,A,School,active")
        gone = f"{self.HEADER}\nB,A,School,deleted\nA,,District,deleted"
        load(accounts=gone)
        assert warnings(load(accounts=gone)) == []
        made = load(accounts=f"{self.HEADER}\nB,A,School,active\nC,A,Other,active\nC,A,Other,deleted")
        assert warnings(made) == [(2, "no_parent"), (3, "no_parent")]
        assert "parent account A of B is unknown or deleted" in made.sis_import_errors.get(row=2).message
        assert (account("B").workflow_state, account("C").workflow_state) == ("deleted", "deleted")
        stuck = account("B")
        stick(stuck, ["parent"])
        stuck.save()
        assert warnings(load(accounts=f"{self.HEADER}\nB,,School,active")) == [(2, "no_parent")]

    def test_blanks_keep_name_and_status_of_an_account(self, load):
        load(accounts=f"{self.HEADER}\nA,,District,active")
        assert warnings(load(accounts=f"{self.HEADER}\nA,,,")) == []
        assert (account("A").name, account("A").workflow_state) == ("District", "active")

    def test_an_account_with_a_live_course_is_not_deleted(self, load):
        load(
            accounts=f"{self.HEADER}\nA,,District,active",
            courses="course_id,short_name,long_name,account_id,status\nC1,c,C,A,active",
        )
        assert warnings(load(accounts=f"{self.HEADER}\nA,,District,deleted")) == [(2, "account_in_use")]

    def test_children_deleted_first_let_the_parent_go(self, load):
        load(accounts=f"{self.HEADER}\nA,,District,active\nB,A,School,active")
        assert warnings(load(accounts=f"{self.HEADER}\nB,A,School,deleted\nA,,District,deleted")) == []

    def test_an_edited_name_and_place_stay(self, load, root):
        load(accounts=f"{self.HEADER}\nA,,District,active\nB,A,School,active")
        edited = account("B")
        stick(edited, ["name", "parent"])
        edited.save()
        load(accounts=f"{self.HEADER}\nB,,Other,active")
        assert (account("B").name, account("B").parent) == ("School", account("A"))


class TestTerms:
    HEADER = "term_id,name,status,start_date,end_date"

    def test_a_term_with_its_dates(self, load):
        load(terms=f"{self.HEADER}\nT,Fall,active,2026-09-01,2027-01-31T12:00:00+01:00")
        assert term().start_at.isoformat() == "2026-09-01T00:00:00+00:00"
        assert term().end_at.isoformat() == "2027-01-31T11:00:00+00:00"
        load(terms=f"{self.HEADER}\nT,Fall,active,,")
        assert term().start_at is None

    @pytest.mark.parametrize(
        ("row", "kind"),
        [(",Fall,active,,", "no_term_id"), ("T,Fall,open,,", "bad_status"), ("T,,active,,", "no_name")],
    )
    def test_impossible_rows_about_terms_are_refused(self, load, row, kind):
        assert warnings(load(terms=f"{self.HEADER}\n{row}")) == [(2, kind)]
        assert not Term.objects.exists()

    def test_a_day_that_does_not_exist_is_a_warning_and_left_out(self, load):
        made = load(terms=f"{self.HEADER}\nT,Fall,active,2012-13-05,2012-12-05")
        assert warnings(made) == [(2, "bad_date")]
        assert (term().start_at, term().end_at.year, made.data["counts"]["terms"]) == (None, 2012, 1)

    @pytest.mark.parametrize("word", ["n/a", "None", "NULL", "-", "<delete>"])
    def test_a_word_for_no_date_is_no_date(self, load, word):
        load(terms=f"{self.HEADER}\nT,Fall,active,2026-09-01,")
        assert warnings(load(terms=f"{self.HEADER}\nT,Fall,active,{word},")) == []
        assert term().start_at is None

    def test_a_term_with_courses_is_not_deleted(self, load):
        load(
            terms=f"{self.HEADER}\nT,Fall,active,,",
            courses="course_id,short_name,long_name,term_id,status\nC1,c,C,T,active",
        )
        assert warnings(load(terms=f"{self.HEADER}\nT,Fall,deleted,,")) == [(2, "term_in_use")]
        assert term().workflow_state == "active"

    def test_when_one_date_is_edited_neither_is_imported(self, load):
        load(terms=f"{self.HEADER}\nT,Fall,active,2026-09-01,2027-01-31")
        edited = term()
        stick(edited, ["start_at"])
        edited.save()
        load(terms=f"{self.HEADER}\nT,Autumn,active,2026-10-01,2027-02-28")
        assert (term().name, term().start_at.month, term().end_at.month) == ("Autumn", 9, 1)

    def test_dates_for_one_type_of_enrollment(self, load):
        header = f"{self.HEADER},date_override_enrollment_type"
        load(terms=f"{header}\nT,Fall,active,2026-09-01,,\nT,,active,2026-08-01,2026-12-01,TeacherEnrollment")
        assert list(term().date_overrides) == ["TeacherEnrollment"]
        assert (term().name, term().start_at.month) == ("Fall", 9)
        load(terms=f"{header}\nT,,deleted,,,TeacherEnrollment")
        assert (term().date_overrides, term().workflow_state) == ({}, "active")
        made = load(terms=f"{header}\nX,,active,,,TeacherEnrollment\nT,,active,,,ObserverEnrollment")
        assert warnings(made) == [(2, "no_override_term"), (3, "bad_override_type")]


class TestCourses:
    HEADER = "course_id,short_name,long_name,status"

    def test_a_course_belongs_to_the_root_account_and_no_term_by_default(self, load, root):
        load(courses=f"{self.HEADER}\nC1,BIO,Biology,active")
        assert (course().name, course().course_code, course().account, course().term) == ("Biology", "BIO", root, None)
        assert course().workflow_state == "unpublished"

    @pytest.mark.parametrize(
        ("row", "kind"),
        [
            (",b,B,active,", "no_course_id"),
            ("C1,,B,active,", "no_short_name"),
            ("C1,b,,active,", "no_long_name"),
            ("C1,b,B,open,", "bad_status"),
            ("C1,b,B,active,nowhere", "no_account"),
        ],
    )
    def test_impossible_rows_about_courses_are_refused(self, load, row, kind):
        assert warnings(load(courses=f"{self.HEADER},account_id\n{row}")) == [(2, kind)]
        assert not Course.objects.exists()

    @pytest.mark.parametrize(
        ("before", "status", "after"),
        [
            ("unpublished", "active", "unpublished"),
            ("available", "active", "available"),
            ("completed", "active", "available"),
            ("deleted", "active", "unpublished"),
            ("available", "unpublished", "available"),
            ("unpublished", "published", "available"),
            ("available", "completed", "completed"),
            ("available", "deleted", "deleted"),
        ],
    )
    def test_what_a_status_does_to_a_course(self, load, before, status, after):
        load(courses=f"{self.HEADER}\nC1,b,B,active")
        Course.objects.update(workflow_state=before)
        load(courses=f"{self.HEADER}\nC1,b,B,{status}")
        assert course().workflow_state == after

    def test_an_unknown_term_changes_nothing(self, load):
        load(
            terms="term_id,name,status\nT,Fall,active",
            courses=f"{self.HEADER},term_id\nC1,b,B,active,T",
        )
        assert warnings(load(courses=f"{self.HEADER},term_id\nC1,b,B,active,nowhere")) == []
        assert course().term == term()

    def test_an_unknown_account_falls_back(self, load):
        load(accounts="account_id,parent_account_id,name,status\nA,,School,active")
        load(courses=f"{self.HEADER},account_id,fallback_account_id\nC1,b,B,active,nowhere,A")
        assert course().account == account("A")

    def test_a_deleted_account_takes_no_course_but_those_that_go(self, load):
        accounts, header = "account_id,parent_account_id,name,status", f"{self.HEADER},account_id"
        load(
            accounts=f"{accounts}\nA,,School,active\nB,,Other,active",
            courses=f"{header}\nC1,b,B,active,A\nC2,b,B,active,B",
        )
        load(courses=f"{header}\nC1,b,B,deleted,A")
        load(accounts=f"{accounts}\nA,,School,deleted")
        assert warnings(load(courses=f"{header}\nC1,b,B,deleted,A")) == []
        made = load(courses=f"{header}\nC1,b,B,active,\nC2,b,B,active,A\nC3,b,B,active,A")
        assert warnings(made) == [(2, "no_account"), (3, "no_account"), (4, "no_account")]
        assert "account A of course C1 is unknown or deleted" in made.sis_import_errors.get(row=2).message
        assert (course().workflow_state, course("C2").account) == ("deleted", account("B"))
        load(courses=f"{header},fallback_account_id\nC1,b,B,active,A,B")
        assert (course().workflow_state, course().account) == ("unpublished", account("B"))

    def test_a_course_stays_where_the_roles_of_its_people_are(self, load, root):
        header = f"{self.HEADER},account_id"
        load(
            accounts="account_id,parent_account_id,name,status\nA,,School,active\nA1,A,Part,active\nB,,Other,active",
            courses=f"{header}\nC1,b,B,active,A",
        )
        role = Role.objects.create(label="Helper", base_type="TaEnrollment", account=account("A"))
        enrollment = EnrollmentFactory(section=SectionFactory(course=course()), role=role, type="TaEnrollment")
        made = load(courses=f"{header}\nC1,x,X,active,B")
        assert warnings(made) == [(2, "strange_roles")]
        assert "(Helper)" in made.sis_import_errors.get().message
        assert (course().account, course().name) == (account("A"), "B")
        assert warnings(load(courses=f"{header}\nC1,x,X,active,A1")) == []
        enrollment.state = "deleted"
        enrollment.save()
        assert warnings(load(courses=f"{header}\nC1,x,X,active,B")) == []

    def test_dates_turn_the_restriction_on_and_are_cleared_by_a_word(self, load):
        header = f"{self.HEADER},start_date,end_date"
        load(courses=f"{header}\nC1,b,B,active,2026-09-01,2026-12-01")
        assert course().restrict_enrollments_to_course_dates
        load(courses=f"{header}\nC1,b,B,active,,<delete>")
        assert (course().start_at.month, course().end_at) == (9, None)
        assert course().restrict_enrollments_to_course_dates

    @pytest.mark.parametrize("cells", ["<delete>,<delete>", "<delete>,"])
    def test_a_course_without_dates_goes_by_its_term_again(self, load, cells):
        """Otherwise nothing would end it."""
        header = f"{self.HEADER},start_date,end_date"
        load(courses=f"{header}\nC1,b,B,active,2026-09-01,{'2026-12-01' if cells.endswith('>') else ''}")
        load(courses=f"{header}\nC1,b,B,active,{cells}")
        now = course()
        assert (now.start_at, now.end_at, now.restrict_enrollments_to_course_dates) == (None, None, False)

    @pytest.mark.parametrize("stuck", ["start_at", "end_at"])
    def test_if_a_person_has_set_a_date_no_date_is_imported_and_none_begins_to_bind(self, load, stuck):
        header = f"{self.HEADER},start_date,end_date"
        load(courses=f"{self.HEADER}\nC1,b,B,active")
        edited = course()
        stick(edited, [stuck])
        edited.save()
        load(courses=f"{header}\nC1,b,B,active,2026-09-01,2026-12-01")
        now = course()
        assert (now.start_at, now.end_at, now.restrict_enrollments_to_course_dates) == (None, None, False)
        load(courses=f"{header}\nC1,b,B,active,2026-09-01,2026-12-01", options=Options(override_sis_stickiness=True))
        now = course()
        assert (now.start_at.month, now.end_at.month, now.restrict_enrollments_to_course_dates) == (9, 12, True)

    def test_the_format_of_a_course_stays_until_it_is_emptied(self, load):
        load(courses=f"{self.HEADER},course_format\nC1,b,B,active,online")
        load(courses=f"{self.HEADER}\nC1,b,B,active")
        assert course().course_format == "online"
        load(courses=f"{self.HEADER},course_format\nC1,b,B,active,")
        assert course().course_format == ""
        made = load(courses=f"{self.HEADER},course_format\nC1,b,B,active,by_post")
        assert warnings(made) == [(2, "bad_course_format")]

    def test_what_a_person_edited_stays(self, load, root):
        load(courses=f"{self.HEADER}\nC1,b,B,active")
        edited = course()
        stick(edited, ["name", "course_code", "status", "account", "start_at"])
        edited.save()
        load(
            accounts="account_id,parent_account_id,name,status\nA,,School,active",
            courses=f"{self.HEADER},account_id,start_date\nC1,x,X,published,A,2026-09-01",
        )
        now = course()
        assert (now.name, now.course_code, now.workflow_state, now.account, now.start_at) == (
            *("B", "b", "unpublished", root),
            None,
        )

    def test_only_what_a_row_says_sticks(self, load):
        header = f"{self.HEADER},account_id,start_date,grade_passback_setting"
        accounts = "account_id,parent_account_id,name,status\nA,,School,active\nB,,Other,active"
        load(accounts=accounts, courses=f"{header}\nC1,b,B,active,A,2026-09-01,")
        sticking = Options(override_sis_stickiness=True, add_sis_stickiness=True)
        load(options=sticking, courses=f"{header}\nC1,b,B,active,,,")
        assert course().stuck_sis_fields == []
        load(options=sticking, courses=f"{header}\nC1,b,B,active,B,,nightly_sync")
        assert course().stuck_sis_fields == ["account", "grade_passback_setting"]
        load(courses=f"{header}\nC1,b,B,active,A,<delete>,not_set")
        now = course()
        assert (now.account, now.start_at, now.grade_passback_setting) == (account("B"), None, "nightly_sync")
        load(options=sticking, courses=f"{header}\nC1,b,B,active,,2026-10-01,not_set")
        assert course().stuck_sis_fields == [
            *("account", "grade_passback_setting", "restrict_enrollments_to_course_dates", "start_at")
        ]

    def test_an_integration_id_is_overwritten_even_with_a_blank_and_belongs_to_one(self, load):
        header = f"{self.HEADER},integration_id"
        load(courses=f"{header}\nC1,b,B,active,I")
        assert warnings(load(courses=f"{header}\nC2,b,B,active,I")) == [(2, "integration_id_taken")]
        load(courses=f"{header}\nC1,b,B,active,")
        assert course().integration_id is None


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


class TestChangedIds:
    HEADER = "old_id,old_integration_id,new_id,new_integration_id,type"

    @pytest.fixture(autouse=True)
    def _people(self, load):
        load(users="user_id,login_id,status,integration_id\nU1,u1,active,I1\nU2,u2,active,I2")

    def test_ids_change_before_anything_else_is_applied(self, load):
        load(
            change=f"{self.HEADER}\nU1,,N1,,user",
            users="user_id,login_id,status,full_name\nN1,u1,active,New Name",
        )

        assert User.objects.get(sis_user_id="N1").name == "New Name"
        assert not User.objects.filter(sis_user_id="U1").exists()

    @pytest.mark.parametrize(
        ("row", "kind"),
        [
            (",,N,,user", "no_old_id"),
            ("U1,,,,user", "no_new_id"),
            ("U1,,N,,planet", "bad_type"),
            ("U9,,N,,user", "old_id_unknown"),
            ("U1,I2,N,,user", "old_ids_differ"),
            ("U1,,U2,,user", "new_id_taken"),
            ("U1,,,I2,user", "new_id_taken"),
        ],
    )
    def test_impossible_rows_about_changed_ids_are_refused(self, load, row, kind):
        assert warnings(load(change=f"{self.HEADER}\n{row}")) == [(2, kind)]

    def test_changed_ids_are_applied_one_after_the_other(self, load):
        made = load(change=f"{self.HEADER}\nU1,,N1,,user\nU2,,U1,,user\nN1,,U2,,user\n,I1,,<delete>,user")
        assert warnings(made) == []

        assert User.objects.get(login_id="u1").sis_user_id == "U2"
        assert User.objects.get(login_id="u2").sis_user_id == "U1"
        assert User.objects.get(login_id="u1").integration_id is None
