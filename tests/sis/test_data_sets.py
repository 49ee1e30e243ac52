"""Data sets that come again and again: only what differs from the one before is applied (reference 3.6)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.domain.retention import all_kept, forget_old
from accounts.models import Account, AccountAdmin, FurtherSisId, ObservationLink, Role, User
from courses.access.courses import observed_students
from courses.domain.enrollments import change_state
from courses.domain.observation import link, unlink
from courses.models import Enrollment, Section, Term
from sis.models import SisImport
from sis.options import Options
from tests.factories import UserFactory
from tests.sis.conftest import warnings
from tests.sis.texts import (
    ACCOUNTS,
    ADMINS,
    COURSES,
    ENROLLMENTS,
    LINKS,
    SECTIONS,
    USERS,
    people,
    state_of,
    table,
)


def data_set(**more):
    return Options(diffing_data_set_identifier="nightly", ignore_deletion_brake=True, **more)


@pytest.fixture
def school(load):
    """A course with a section, a student and somebody who may observe."""
    load(
        users=people("KIM", "LEE", "PAT"),
        courses=table(COURSES, "C1,b,Biology,,published", "C2,c,Chemistry,,published"),
        sections=table(SECTIONS, "S1,C1,A,active", "S2,C2,B,active"),
    )


def test_only_the_differences_between_data_sets_are_applied(load):
    first = load(options=data_set(), users=people("U1", "U2", "U3"))
    second = load(options=data_set(), users=table(USERS, "U1,u1,active", "U2,changed,active", "U4,u4,active"))
    assert second.diffed_against == first
    assert second.data["diffed_against_sis_batch_id"] == first.pk
    # One changed, one new, one gone; the unchanged one is not even looked at.
    assert second.data["counts"]["users"] == 3
    assert {user.sis_user_id: user.state for user in User.objects.filter(sis_user_id__startswith="U")} == {
        "U1": "registered",
        "U2": "registered",
        "U3": "deleted",
        "U4": "registered",
    }
    assert User.objects.get(sis_user_id="U1").sis_import_id == first.pk
    third = load(options=data_set(), users=table(USERS, "U1,u1,active", "U2,changed,active", "U4,u4,active"))
    assert (third.workflow_state, third.diffed_against, third.data["counts"]["users"]) == ("imported", second, 0)


def test_enrollments_and_users_that_vanish_can_end_otherwise(load, school):
    both = table(ENROLLMENTS, "S1,KIM,student,active", "S2,KIM,student,active")
    load(options=data_set(), enrollments=both, users=people("KIM", "LEE"))
    load(
        options=data_set(diffing_drop_status="inactive", diffing_user_remove_status="suspended"),
        enrollments=table(ENROLLMENTS, "S1,KIM,student,active"),
        users=people("KIM"),
    )
    states = dict(Enrollment.objects.values_list("section__sis_section_id", "state"))
    assert (states["S2"], state_of("LEE")) == ("inactive", "suspended")


def test_a_remaster_joins_the_chain_without_being_compared(load):
    load(options=data_set(), users=people("U1", "U2"))
    again = load(options=data_set(diffing_remaster_data_set=True), users=people("U1"))
    assert (again.diffed_against, again.data["counts"]["users"], state_of("U2")) == (None, 1, "registered")
    assert load(options=data_set(), users=people("U1")).diffed_against == again


def test_too_large_a_change_is_not_compared(load):
    load(options=data_set(), users=people(*(f"U{n}" for n in range(10))))
    made = load(options=data_set(change_threshold=10), users=people("U1", "U2"))
    assert (made.diffing_threshold_exceeded, made.diffed_against) == (True, None)
    assert (made.data["counts"]["users"], warnings(made)) == (2, [(None, "diffing_threshold")])
    assert state_of("U3") == "registered"


def test_too_many_changed_rows_are_not_compared(load):
    load(options=data_set(), users=people("U1", "U2", "U3"))
    made = load(options=data_set(diff_row_count_threshold=1), users=people("U1", "U4", "U5"))
    assert (made.diffing_threshold_exceeded, state_of("U2")) == (True, "registered")


def test_after_five_that_were_too_different_in_a_row_the_chain_must_begin_anew(load):
    load(options=data_set(), users=people("U1", "U2", "U3"))
    other = {"options": data_set(diff_row_count_threshold=1), "users": people("U4", "U5", "U6")}
    assert [load(**other).diffing_threshold_exceeded for _ in range(5)] == [True] * 5
    refused = load(options=data_set(), users=people("U7"))
    assert (refused.workflow_state, refused.error_count) == ("failed_with_messages", 1)
    assert "diffing_remaster_data_set" in refused.sis_import_errors.get().message
    assert not User.objects.filter(sis_user_id="U7").exists()
    load(options=data_set(diffing_remaster_data_set=True), users=people("U1", "U2", "U3"))
    assert load(options=data_set(), users=people("U1", "U2", "U7")).workflow_state == "imported"


def test_what_is_told_of_a_row_that_vanished_names_no_row_of_this_file(load, admin):
    User.objects.filter(pk=admin.pk).update(sis_user_id="ME", login_id="me")
    load(options=data_set(), users=people("U1", "ME"))
    made = load(options=data_set(), users=people("U1"))
    assert warnings(made) == [(None, "cannot_remove_self")]


def test_other_columns_are_imported_as_a_whole_with_a_warning(load):
    load(options=data_set(), users=people("U1", "U2"))
    made = load(options=data_set(), users=f"{USERS},email\nU1,u1,active,")
    assert (warnings(made), state_of("U2")) == ([(None, "not_diffed")], "registered")


def test_a_failed_import_is_compared_with_by_none(load):
    first = load(options=data_set(), users=people("U1", "U2"))
    load(options=data_set(), users=people("U1"), broken="strange\n1")
    assert load(options=data_set(), users=people("U1", "U2")).diffed_against == first


def test_links_of_a_student_who_vanished_too_do_not_stand_when_she_returns(load):
    both, links = people("U1", "P1"), table(LINKS, "P1,U1,active")
    load(options=data_set(), users=both, observers=links)
    gone = load(options=data_set(), users=people("P1"), observers=LINKS)
    assert (gone.workflow_state, state_of("U1")) == ("imported", "deleted")
    load(options=data_set(), users=both, observers=LINKS)
    assert (state_of("U1"), ObservationLink.objects.get().state) == ("registered", "deleted")


def test_links_that_vanish_end_unless_a_person_made_them_since(load):
    both = table(LINKS, "P1,U1,active", "P2,U1,active")
    load(options=data_set(), users=people("U1", "P1", "P2"), observers=both)
    ObservationLink.objects.filter(observer__sis_user_id="P2").update(state="deleted")
    User.objects.filter(sis_user_id="U1").update(initial_enrollment_type="student")
    observer, student = (User.objects.get(sis_user_id=name) for name in ("P2", "U1"))
    link(observer, student, origin=ObservationLink.Origin.CODE, by=observer)
    load(options=data_set(), users=people("U1", "P1", "P2"), observers=LINKS)
    states = dict(ObservationLink.objects.values_list("observer__sis_user_id", "state"))
    assert states == {"P1": "deleted", "P2": "active"}


def test_passwords_in_the_file_are_looked_at_every_time(load):
    header = f"{USERS},password"
    load(options=data_set(), users=f"{header}\nU1,u1,active,four-old-bicycles")
    load(options=data_set(), users=f"{header}\nU1,u1,active,five-new-bicycles")
    assert User.objects.get(sis_user_id="U1").check_password("five-new-bicycles")


class TestWhatIsSaidInOtherWords:
    """A row whose key is written in another way comes as a new one; what it says must not be taken back after it."""

    HEADER = "course_id,section_id,user_id,user_integration_id,role,status"

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (",S1,KIM,,student,active", ",S1,KIM,,Student,active"),
            (",S1,KIM,,student,active", "C1,S1,KIM,,student,active"),
            (",S1,KIM,,student,active", ",S1,KIM,I,student,active"),
        ],
    )
    def test_an_enrollment_and_those_of_observers_stay(self, load, school, before, after):
        User.objects.filter(sis_user_id="KIM").update(integration_id="I")
        links = table(LINKS, "PAT,KIM,active")
        load(options=data_set(), enrollments=table(self.HEADER, before), observers=links)
        load(options=data_set(), enrollments=table(self.HEADER, after), observers=links)
        assert list(Enrollment.objects.order_by("type").values_list("type", "state")) == [
            ("ObserverEnrollment", "active"),
            ("StudentEnrollment", "active"),
        ]

    def test_an_observer_listed_without_a_link_goes_although_the_student_changed(self, load, school):
        header = "section_id,user_id,role,status,associated_user_id"
        load(options=data_set(), enrollments=table(header, "S1,KIM,student,active,", "S1,PAT,observer,active,KIM"))
        load(options=data_set(), enrollments=table(header, "S1,KIM,student,inactive,"))
        load(options=data_set(), enrollments=table(header, "S1,KIM,student,active,"))
        assert Enrollment.objects.get(type="ObserverEnrollment").state == "deleted"

    @pytest.mark.parametrize(("update", "change"), [(True, True), (True, False), (False, True)])
    def test_a_person_with_another_id_stays_with_all_that_is_theirs(self, load, school, update, change):
        options = data_set(update_sis_id_if_login_claimed=update)

        def files(sis_id):
            return {
                "users": table(USERS, f"{sis_id},u1,active", "U2,u2,active"),
                "enrollments": table(ENROLLMENTS, f"S1,{sis_id},student,active"),
                "observers": table(LINKS, f"PAT,{sis_id},active"),
            }

        load(options=options, **files("U1"))
        changes = {"changes": "old_id,new_id,type\nU1,U9,user"} if change else {}
        made = load(options=options, **files("U9"), **changes)
        assert (User.objects.get(login_id="u1").sis_user_id, state_of("U9")) == ("U9", "registered")
        assert set(Enrollment.objects.values_list("state", flat=True)) == {"active"}
        assert (ObservationLink.objects.get().state, warnings(made)) == ("active", [])

    def test_a_row_refused_yesterday_and_mended_today_says_nothing_more(self, load, school):
        load(options=data_set(), enrollments=table(ENROLLMENTS, "S1,NOBODY,student,active"))
        made = load(options=data_set(), enrollments=table(ENROLLMENTS, "S1,KIM,student,active"))
        assert (made.workflow_state, warnings(made)) == ("imported", [])


class TestWhatGoesWithItsPlace:
    def test_accounts_go_after_those_below_them_and_after_their_courses(self, load):
        accounts = table(ACCOUNTS, "HS,,High School,active", "SCI,HS,Science,active")
        load(
            options=data_set(),
            accounts=accounts,
            terms="term_id,name,status\nT1,Fall,active",
            courses=table(f"{COURSES},account_id", "C1,b,Biology,T1,published,SCI"),
        )
        gone = load(
            options=data_set(),
            accounts=ACCOUNTS,
            terms="term_id,name,status",
            courses=f"{COURSES},account_id",
        )
        assert (gone.workflow_state, warnings(gone)) == ("imported", [])
        assert set(Account.objects.exclude(sis_account_id=None).values_list("workflow_state", flat=True)) == {"deleted"}
        assert Term.objects.get(sis_term_id="T1").workflow_state == "deleted"
        assert gone.data["completed_importers"] == ["course", "account", "term"]

    def test_what_goes_does_so_although_another_file_of_the_upload_is_about_the_same(self, load, school):
        users = "user_id,login_id,full_name,status\nU1,u1,One,active"
        lists = "xlist_course_id,section_id,status"
        files = {"users": users, "sections": table(SECTIONS, "S1,C1,A,active"), "courses": table(COURSES)}
        load(options=data_set(), **files, xlists=table(lists, "C2,S1,active"))
        files |= {"users": users.splitlines()[0], "sections": table(SECTIONS, "S1,C1,Renamed,active")}
        changes = "old_id,new_integration_id,type\nU1,I1,user"
        load(options=data_set(), **files, xlists=lists, changes=changes)
        assert Section.objects.get(sis_section_id="S1").course.sis_course_id == "C1"
        assert state_of("U1") == "deleted"

    def test_an_admin_named_otherwise_stays(self, load, school, root):
        load(options=data_set(), admins=table(ADMINS, "PAT,,AccountAdmin,active"))
        load(options=data_set(), admins=table(ADMINS, "PAT,,Account Admin,active"))
        assert AccountAdmin.objects.get(user__sis_user_id="PAT").workflow_state == "active"

    def test_dates_for_one_type_of_enrollment_go_without_their_term(self, load):
        header = "term_id,name,status,start_date,end_date,date_override_enrollment_type"
        term, override = "T1,Fall,active,,,", "T1,,active,2026-08-01,2026-12-24,StudentEnrollment"
        load(options=data_set(), terms=table(header, term, override))
        assert Term.objects.get(sis_term_id="T1").date_overrides
        load(options=data_set(), terms=table(header, term))
        found = Term.objects.get(sis_term_id="T1")
        assert (found.workflow_state, found.date_overrides) == ("active", {})

    def test_an_admin_with_another_role_keeps_none_of_the_one_before(self, load, school, root):
        Role.objects.create(label="Helper", base_type="AccountMembership", account=root)
        load(options=data_set(), admins=table(ADMINS, "PAT,,AccountAdmin,active"))
        load(options=data_set(), admins=table(ADMINS, "PAT,,Helper,active"))
        pat = AccountAdmin.objects.filter(user__sis_user_id="PAT", workflow_state="active")
        assert list(pat.values_list("role__label", flat=True)) == ["Helper"]


class TestWhatIsComparedWith:
    @staticmethod
    def _a_summer_later(settings):
        SisImport.objects.update(created_at=timezone.now() - timedelta(days=settings.SIS_KEEP_DAYS + 1))
        forget_old(all_kept())

    def test_the_last_of_a_chain_is_kept_and_a_dry_run_since_changes_nothing(self, load, school, settings):
        load(options=data_set(), observers=table(LINKS, "PAT,KIM,active"))
        load(options=data_set(dry_run=True), observers=table(LINKS, "PAT,KIM,active", "PAT,LEE,active"))
        self._a_summer_later(settings)
        load(options=data_set(), observers=LINKS)
        assert ObservationLink.objects.get().state == "deleted"

    def test_the_file_of_an_older_data_set_is_not_kept(self, load, school, settings):
        first = load(options=data_set(), users=people("U1"))
        load(options=data_set(), users=people("U2"))
        self._a_summer_later(settings)
        first.refresh_from_db()
        assert first.stored_file == ""

    def test_it_is_said_when_it_is_kept_no_more(self, load, school):
        first = load(options=data_set(), users=people("U1", "U2"))
        SisImport.objects.filter(pk=first.pk).update(stored_file="")
        made = load(options=data_set(), users=people("U1"))
        assert (warnings(made), state_of("U2")) == ([(None, "not_diffed")], "registered")

    def test_new_passwords_are_no_difference_that_counts(self, load):
        users = table(f"{USERS},password", "A,a,active,four-old-bicycles", "B,b,active,four-old-bicycles")
        load(options=data_set(), users=users)
        again = load(options=data_set(diff_row_count_threshold=1), users=users.replace("A,a", "A,aa"))
        assert (again.diffing_threshold_exceeded, again.data["counts"]["users"]) == (False, 2)

    @pytest.mark.parametrize("column", ["ext_studentPassword", "pwd"])
    def test_passwords_of_other_systems_are_none(self, load, column):
        users = table(f"{USERS},{column}", "A,a,active,old-bicycles", "B,b,active,old-bicycles")
        load(options=data_set(), users=users)
        again = load(options=data_set(diff_row_count_threshold=1), users=users)
        assert (again.diffing_threshold_exceeded, again.data["counts"]["users"]) == (False, 0)


class TestWhatAPersonHasClosed:
    """A row that vanishes ends something; it opens nothing, whatever word it comes with."""

    @pytest.mark.parametrize("status", ["completed", "inactive", "deleted_last_completed"])
    def test_somebody_removed_by_hand_stays_removed(self, load, school, admin, status):
        load(options=data_set(), enrollments=table(ENROLLMENTS, "S1,KIM,student,active"))
        change_state(Enrollment.objects.get(), "deleted", by=admin)
        load(options=data_set(diffing_drop_status=status), enrollments=ENROLLMENTS)
        assert Enrollment.objects.get().state == "deleted"

    @pytest.mark.parametrize("state", ["inactive", "rejected"])
    def test_an_enrollment_that_shows_nothing_does_not_become_one_that_does(self, load, school, state):
        load(options=data_set(), enrollments=table(ENROLLMENTS, "S1,KIM,student,active"))
        change_state(Enrollment.objects.get(), state, by=None)
        load(options=data_set(diffing_drop_status="completed"), enrollments=ENROLLMENTS)
        assert Enrollment.objects.get().state == state

    def test_an_observer_whose_link_and_enrollment_were_ended_sees_nothing_again(self, load, school, admin):
        header = "section_id,user_id,role,status,associated_user_id"
        student = "S1,KIM,student,active,"
        files = {"enrollments": table(header, student, "S1,PAT,observer,active,KIM")}
        load(options=data_set(), **files, observers=table(LINKS, "PAT,KIM,active"))
        pat = User.objects.get(sis_user_id="PAT")
        assert list(observed_students(pat))
        unlink(ObservationLink.objects.get(), by=admin)
        change_state(Enrollment.objects.get(user=pat), "deleted", by=admin)
        ended = data_set(diffing_drop_status="completed")
        load(options=ended, enrollments=table(header, student), observers=LINKS)
        assert not list(observed_students(pat))

    def test_somebody_deleted_does_not_become_suspended(self, load):
        load(options=data_set(), users=people("U1", "U2"))
        load(users=people("U1", status="deleted"))
        load(options=data_set(diffing_user_remove_status="suspended"), users=people("U2"))
        assert state_of("U1") == "deleted"

    def test_a_login_that_vanishes_gives_nobody_an_id(self, load):
        header = "user_id,login_id,existing_canvas_user_id,status"
        person = UserFactory(login_id="handmade", sis_user_id=None)
        load(options=data_set(), logins=table(header, f"L1,handmade,{person.pk},active"))
        User.objects.filter(pk=person.pk).update(sis_user_id=None)
        load(options=data_set(), logins=header)
        person.refresh_from_db()
        assert person.sis_user_id is None

    def test_a_login_that_vanishes_after_it_was_refused_gives_nobody_an_id(self, load):
        header = "user_id,login_id,existing_user_id,status"
        refused = load(options=data_set(), logins=table(header, "L1,u1,U1,active"))
        assert warnings(refused) == [(2, "existing_user_not_found")]
        load(users=people("U1"))
        load(options=data_set(), logins=header)
        assert not FurtherSisId.objects.exists()


class TestBrake:
    """It counts what will go, not what only is called otherwise."""

    NAMES = [f"U{number}" for number in range(30)]
    BRAKED = Options(diffing_data_set_identifier="nightly")

    def test_enrollments_in_other_words_stay(self, load, school):
        header = "course_id,section_id,user_id,role,status"
        files = {"users": people(*self.NAMES)}
        load(**files, options=self.BRAKED, enrollments=table(header, *(f",S1,{n},student,active" for n in self.NAMES)))
        rows = [f"C1,S1,{name},student,active" for name in self.NAMES]
        made = load(**files, options=self.BRAKED, enrollments=table(header, *rows))
        assert (made.workflow_state, warnings(made)) == ("imported", [])

    def test_links_that_people_made_since_stay(self, load, school, admin):
        files = {"users": people(*self.NAMES)}
        load(**files, options=self.BRAKED, observers=table(LINKS, *(f"PAT,{name},active" for name in self.NAMES)))
        User.objects.exclude(sis_user_id="PAT").update(initial_enrollment_type="student")
        for found in ObservationLink.objects.select_related("observer", "student"):
            unlink(found, by=admin)
            link(found.observer, found.student, origin=ObservationLink.Origin.CODE, by=admin)
        assert load(**files, options=self.BRAKED, observers=LINKS).workflow_state == "imported"
        assert set(ObservationLink.objects.values_list("state", flat=True)) == {"active"}

    def test_people_with_new_ids_stay(self, load):
        load(options=self.BRAKED, users=table(USERS, *(f"{name},{name},active" for name in self.NAMES)))
        made = load(
            options=self.BRAKED,
            users=table(USERS, *(f"N{name},{name},active" for name in self.NAMES)),
            changes=table("old_id,new_id,type", *(f"{name},N{name},user" for name in self.NAMES)),
        )
        assert (made.workflow_state, warnings(made)) == ("imported", [])
