"""accounts.csv, terms.csv, courses.csv, sections.csv, xlists.csv, change_sis_id.csv (reference 1.3 to 1.7, 1.10)."""

import pytest

from accounts.domain.sis_fields import stick
from accounts.models import Account, Role, User
from courses.models import Course, Term
from sis.options import Options
from tests.factories import EnrollmentFactory, SectionFactory
from tests.sis.conftest import warnings
from tests.sis.records import account, course, term


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

    def test_a_child_may_be_listed_before_its_parent(self, load):
        made = load(accounts=f"{self.HEADER}\nB,A,School,active\nA,,District,active")
        assert warnings(made) == []
        assert account("B").parent == account("A")

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
