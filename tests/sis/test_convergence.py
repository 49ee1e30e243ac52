"""Whatever came before, a whole upload brings about what it says, save for what people have changed by hand."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils.timezone import now

from accounts.domain.admins import remove_admin
from accounts.domain.users import edit_user
from accounts.models import Account, AccountAdmin, ObservationLink, User
from courses.domain.enrollments import change_state
from courses.domain.observation import link, unlink
from courses.models import Course, Enrollment, Section, Term
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from sis.models import RefusedRow, SisImport, StateChange
from sis.options import Options
from tests.sis.conftest import warnings
from tests.sis.texts import ACCOUNTS, ADMINS, COURSES, ENROLLMENTS, LINKS, SECTIONS, USERS, people, state_of, table

MANIFEST = """propertyName,value
oneroster.version,1.1
file.orgs,bulk
file.classes,bulk
file.users,bulk
file.enrollments,bulk
source.systemCode,x"""
NIGHTLY = Options(ignore_deletion_brake=True)


def night(load, people="s1 s2 g1", *, logins=None, classes="k", enrolled="s1 s2", options=NIGHTLY):
    """A whole OneRoster upload of one school: students `s…` with the guardian `g1`, all in class `k`."""
    known = people.split()
    rows = [
        f"{who},true,o,{'parent' if who[0] == 'g' else 'student'},{(logins or {}).get(who, who)},{who},X,"
        f"{'g1' if who[0] == 's' else ''}"
        for who in known
    ]
    return load(
        options=options,
        manifest=MANIFEST,
        orgs="sourcedId,name,type\no,School,school",
        classes=table("sourcedId,title,schoolSourcedId", *(f"{one},Class {one},o" for one in classes.split())),
        users=table("sourcedId,enabledUser,orgSourcedIds,role,username,givenName,familyName,agentSourcedIds", *rows),
        enrollments=table(
            "sourcedId,classSourcedId,userSourcedId,role", *(f"e-{who},k,{who},student" for who in enrolled.split())
        ),
    )


def what_is():
    """Everybody's enrollments and links that are in force."""
    enrolled = Enrollment.objects.filter(state="active").values_list(
        "user__sis_user_id", "associated_user__sis_user_id"
    )
    links = ObservationLink.objects.filter(state="active").values_list("observer__sis_user_id", "student__sis_user_id")
    return set(enrolled), set(links)


ALL = {("s1", None), ("s2", None), ("g1", "s1"), ("g1", "s2")}, {("g1", "s1"), ("g1", "s2")}


class TestWholeUploads:
    def test_somebody_missing_one_night_comes_back_with_enrollments_and_observers(self, load):
        night(load)
        assert what_is() == ALL
        night(load, "s2 g1")
        assert what_is() == ({("s2", None), ("g1", "s2")}, {("g1", "s2")})
        assert night(load).workflow_state == "imported"
        assert what_is() == ALL

    def test_an_observer_missing_one_night_comes_back_with_links_and_what_they_open(self, load):
        night(load)
        night(load, "s1 s2")
        assert what_is() == ({("s1", None), ("s2", None)}, set())
        night(load)
        assert what_is() == ALL

    def test_a_class_missing_one_night_comes_back_with_everybody_in_it(self, load):
        night(load)
        night(load, classes="other")
        assert what_is()[0] == set()
        night(load)
        assert what_is() == ALL

    def test_a_row_refused_one_night_and_mended_the_next_brings_all_that_hung_on_it(self, load):
        load(users=table(USERS, "HOLDER,taken,active"))
        refused = night(load, logins={"s1": "taken"})
        assert [kind for _row, kind in warnings(refused)] == ["login_claimed", "user_not_found", "unknown_student"]
        assert what_is() == ({("s2", None), ("g1", "s2")}, {("g1", "s2")})
        assert night(load).workflow_state == "imported"
        assert what_is() == ALL

    def test_what_is_refused_is_tried_and_said_every_night_until_it_is_right(self, load):
        load(users=table(USERS, "HOLDER,taken,active"))
        for _night in range(3):
            assert len(warnings(night(load, logins={"s1": "taken"}))) == 3
        load(users=table(USERS, "HOLDER,free,active"))
        assert night(load, logins={"s1": "taken"}).workflow_state == "imported"
        assert what_is() == ALL
        made = night(load, logins={"s1": "taken"})
        assert (made.workflow_state, made.data["counts"]["users"]) == ("imported", 0)
        assert not RefusedRow.objects.filter(sis_import=made).exists()

    def test_what_another_import_has_changed_since_is_as_the_upload_says(self, load):
        night(load)
        load(
            users=table(USERS, "s1,s1,deleted", "s2,elsewhere,active"),
            observers=table(LINKS, "g1,s2,deleted"),
        )
        assert what_is()[0] == {("s2", None)}
        night(load)
        assert what_is() == ALL
        assert User.objects.get(sis_user_id="s2").login_id == "s2"

    @pytest.mark.parametrize("missing", ["s1", "g1", "s1 g1"])
    def test_a_link_ended_by_hand_does_not_come_back_with_either_person(self, load, admin, missing):
        """Guardians stand in the row of a student, and so vanish and come back along with it."""
        night(load)
        unlink(ObservationLink.objects.get(student__sis_user_id="s1"), by=admin)
        night(load, " ".join(sorted({"s1", "s2", "g1"} - {*missing.split()})), enrolled="s2")
        night(load)
        night(load)
        enrolled, links = what_is()
        assert links == {("g1", "s2")}
        assert enrolled == {("s1", None), ("s2", None), ("g1", "s2")}

    def test_what_people_have_changed_by_hand_stays(self, load, admin):
        night(load)
        change_state(Enrollment.objects.get(user__sis_user_id="s1"), "deleted", by=admin)
        unlink(ObservationLink.objects.get(student__sis_user_id="s2"), by=admin)
        by_hand = {("s2", None)}, {("g1", "s1")}
        assert what_is() == by_hand
        night(load)
        assert what_is() == by_hand


def data_set(**more):
    return Options(diffing_data_set_identifier="nightly", ignore_deletion_brake=True, **more)


class TestDataSets:
    def test_who_comes_under_a_new_id_takes_the_login_of_the_old_one_the_same_night(self, load):
        load(options=data_set(), users=table(USERS, "U1,kim,active", "U2,lee,active"))
        made = load(options=data_set(), users=table(USERS, "N1,kim,active", "U2,lee,active"))
        assert (made.workflow_state, state_of("U1"), state_of("N1")) == ("imported", "deleted", "registered")
        assert User.objects.get(sis_user_id="N1").login_id == "kim"

    def test_who_is_given_a_new_id_by_their_login_is_not_removed_before(self, load):
        first = load(options=data_set(), users=table(USERS, "U1,kim,active"))
        load(options=data_set(update_sis_id_if_login_claimed=True), users=table(USERS, "N1,kim,active"))
        kim = User.objects.get(login_id="kim")
        assert (kim.sis_user_id, kim.state, first.workflow_state) == ("N1", "registered", "imported")

    def test_a_removal_that_was_refused_is_tried_again_the_next_night(self, load):
        term, course = "term_id,name,status\nT1,Fall,active", table(COURSES, "C1,b,Biology,T1,published")
        load(options=data_set(), terms=term)
        load(courses=course)
        refused = load(options=data_set(), terms="term_id,name,status")
        assert warnings(refused) == [(None, "term_in_use")]
        again = load(options=data_set(), terms="term_id,name,status")
        assert warnings(again) == [(None, "term_in_use")]
        load(courses=course.replace("published", "deleted"))
        assert load(options=data_set(), terms="term_id,name,status").workflow_state == "imported"
        assert Term.objects.get(sis_term_id="T1").workflow_state == "deleted"

    def test_what_comes_back_before_its_removal_went_through_stays(self, load):
        term = "term_id,name,status\nT1,Fall,active"
        load(options=data_set(), terms=term, courses=table(COURSES, "C1,b,Biology,T1,published"))
        load(options=data_set(), terms="term_id,name,status", courses=table(COURSES, "C1,b,Biology,T1,published"))
        made = load(options=data_set(), terms=term, courses=COURSES)
        assert (made.workflow_state, Term.objects.get(sis_term_id="T1").workflow_state) == ("imported", "active")

    def test_a_course_moves_to_its_term_once_there_is_one(self, load):
        course = table(COURSES, "C1,b,Biology,T1,published")
        load(options=data_set(), courses=course)
        load(terms="term_id,name,status\nT1,Fall,active")
        assert load(options=data_set(), courses=course).workflow_state == "imported"
        assert Course.objects.get(sis_course_id="C1").term.sis_term_id == "T1"

    def test_what_was_undone_since_is_done_again(self, load, admin, root):
        made = load(options=data_set(), users=people("U1", "U2"))
        load(options=data_set(), users=people("U1", "U2"))
        begin_restoring(made, by=admin)
        work_off(root)
        assert state_of("U1") == "deleted"
        load(options=data_set(), users=people("U1", "U2"))
        assert (state_of("U1"), state_of("U2")) == ("registered", "registered")

    def test_options_that_give_rows_another_meaning_apply_all_of_them(self, load, admin):
        users = "user_id,login_id,full_name,status\nU1,u1,Kim Lee,active"
        load(options=data_set(), users=users)
        edit_user(User.objects.get(sis_user_id="U1"), name="Kimberly Lee", by=admin)
        load(options=data_set(), users=users)
        assert User.objects.get(sis_user_id="U1").name == "Kimberly Lee"
        load(options=data_set(override_sis_stickiness=True), users=users)
        assert User.objects.get(sis_user_id="U1").name == "Kim Lee"

    def test_deletions_skipped_by_an_option_are_done_without_it(self, load):
        gone = table(USERS, "U1,u1,deleted", "U3,u3,active")
        load(options=data_set(), users=people("U1", "U2", "U3"))
        load(options=data_set(skip_deletes=True), users=gone)
        assert (state_of("U1"), state_of("U2")) == ("registered", "registered")
        load(options=data_set(), users=gone)
        assert (state_of("U1"), state_of("U2")) == ("deleted", "deleted")

    def test_after_a_pause_longer_than_changes_are_kept_all_rows_are_applied(self, load, settings):
        both = people("U1", "U2")
        first = load(options=data_set(), users=both)
        load(users=table(USERS, "U1,u1,deleted"))
        SisImport.objects.filter(pk=first.pk).update(ended_at=now() - timedelta(days=settings.SIS_KEEP_DAYS + 1))
        assert load(options=data_set(), users=both).data["counts"]["users"] == 2

    def test_columns_that_change_their_order_change_what_a_row_says(self, load):
        load(options=data_set(), users="user_id,first_name,last_name,login_id,status\nU1,Kim,Lee,u1,active")
        load(options=data_set(), users="user_id,last_name,first_name,login_id,status\nU1,Kim,Lee,u1,active")
        assert User.objects.get(sis_user_id="U1").name == "Lee Kim"


TERMS, XLISTS = "term_id,name,status", "xlist_course_id,section_id,status"
SCHOOL = {
    "accounts": table(ACCOUNTS, "HS,,High School,active", "MS,,Middle School,active"),
    "terms": table(TERMS, "T1,Fall,active", "T2,Spring,active"),
    "courses": table(COURSES, "C1,b,Biology,T1,published", "C2,c,Chemistry,T1,published", "C3,d,Drama,T1,published"),
    "sections": table(SECTIONS, "S1,C1,A,active", "S2,C1,B,active"),
    "xlists": table(XLISTS, "C2,S1,active"),
    "users": table(f"{USERS},declared_user_type", "U1,u1,active,", "U2,u2,active,"),
    "enrollments": table(f"{ENROLLMENTS},root_account", "S2,U1,student,active,", "S2,U2,student,active,"),
}


class TestRowsThatWereRefused:
    """What is listed no more goes, although its row was refused the night before and would be again."""

    @pytest.mark.parametrize(
        ("file", "refused", "gone"),
        [
            ("accounts", "MS,NOPE,Middle School,active", Account.objects.filter(workflow_state="active")),
            ("terms", "T2,,active", Term.objects.filter(workflow_state="active").exclude(sis_term_id=None)),
            ("courses", "C3,d,,T1,published", Course.objects.exclude(workflow_state="deleted")),
            ("sections", "S2,,B,active", Section.objects.filter(workflow_state="active")),
            ("xlists", ",S1,active", Section.objects.exclude(nonxlist_course=None)),
            ("users", "U2,u2,active,nobody", User.objects.exclude(state="deleted")),
            ("enrollments", "S2,U2,student,active,elsewhere", Enrollment.objects.filter(state="active")),
        ],
    )
    def test_stand_in_the_way_of_no_end(self, load, file, refused, gone):
        load(options=data_set(), **SCHOOL)
        *others, _last = SCHOOL[file].split("\n")
        there = gone.all().count()
        assert load(options=data_set(), **{**SCHOOL, file: table(*others, refused)}).warning_count
        assert gone.all().count() == there
        made = load(options=data_set(), **{**SCHOOL, file: table(*others)})
        assert (gone.all().count(), made.workflow_state) == (there - 1, "imported")

    def test_nor_does_the_course_that_their_section_has_left(self, load):
        school = {**SCHOOL, "xlists": XLISTS}
        both = "course_id,section_id,user_id,role,status"
        load(options=data_set(), **{**school, "enrollments": table(both, "C1,S2,U1,student,active")})
        moved = {"sections": table(SECTIONS, "S1,C1,A,active", "S2,C2,B,active"), "enrollments": both}
        assert load(options=data_set(), **{**school, **moved}).workflow_state == "imported"
        assert Enrollment.objects.get().state == "deleted"


FAMILY = {
    "users": table(USERS, "KIM,kim,active", "LEE,lee,active", "PAT,pat,active"),
    "courses": table(COURSES, "C1,b,Biology,T1,published"),
    "sections": table(SECTIONS, "S1,C1,A,active"),
    "enrollments": table(ENROLLMENTS, "S1,KIM,student,active", "S1,LEE,teacher,active"),
    "admins": table(ADMINS, "LEE,,AccountAdmin,active"),
    "observers": table(LINKS, "PAT,KIM,active"),
}
# The same in other words: the columns are in another order.
REORDERED = {
    **FAMILY,
    "enrollments": table("user_id,section_id,status,role", "KIM,S1,active,student", "LEE,S1,active,teacher"),
    "admins": table("status,user_id,account_id,role", "active,LEE,,AccountAdmin"),
    "observers": table("student_id,observer_id,status", "KIM,PAT,active"),
}
# The same, and each of these rows twice, once with something else in it.
REPEATED = {
    **FAMILY,
    "enrollments": table(
        f"{ENROLLMENTS},start_date",
        *("S1,KIM,student,active,", "S1,LEE,teacher,active,", "S1,LEE,teacher,active,2020-01-01T00:00:00Z"),
    ),
    "observers": table(f"{LINKS},remark", "PAT,KIM,active,one", "PAT,KIM,active,two"),
}


def an_id_changed(load, first, settings, monkeypatch):
    load(courses=table(COURSES, "C2,c,Chemistry,T1,published"))
    load(changes="old_id,new_id,type\nC2,C9,course")


def it_was_long_ago(load, first, settings, monkeypatch):
    SisImport.objects.filter(pk=first.pk).update(ended_at=now() - timedelta(days=settings.SIS_KEEP_DAYS + 1))


def too_much_is_unsettled(load, first, settings, monkeypatch):
    monkeypatch.setattr("sis.imports.unsettled.MOST", -1)


def nothing_happened(load, first, settings, monkeypatch):
    pass


class TestWhatPeopleEndedByHand:
    """It stays ended while its rows stay as they are, whatever makes all rows count again."""

    @pytest.mark.parametrize(
        ("happens", "options", "then", "again"),
        [
            (an_id_changed, {}, {}, FAMILY),
            (it_was_long_ago, {}, {}, FAMILY),
            (too_much_is_unsettled, {}, {}, FAMILY),
            (nothing_happened, {"skip_deletes": True}, {}, FAMILY),
            (nothing_happened, {}, {"override_sis_stickiness": True}, FAMILY),
            (an_id_changed, {}, {}, REORDERED),
        ],
    )
    def test_stays_ended(self, load, admin, settings, monkeypatch, happens, options, then, again):
        first = load(options=data_set(**options), **FAMILY)
        end_by_hand(admin)
        happens(load, first, settings, monkeypatch)
        made = load(options=data_set(**then), **again)
        assert made.data["counts"]["users"] == 3, "not all rows were applied"
        assert ended() == ENDED

    def test_stays_ended_though_its_file_was_missing_one_night(self, load, admin):
        load(options=data_set(), **FAMILY)
        end_by_hand(admin)
        load(options=data_set(), users=FAMILY["users"])
        load(options=data_set(), **FAMILY)
        assert ended() == ENDED

    def test_stays_ended_though_its_rows_are_repeated(self, load, admin):
        load(options=data_set(), **REPEATED)
        end_by_hand(admin)
        load(options=data_set(), **REPEATED)
        assert ended() == ENDED

    def test_what_was_set_up_anew_by_hand_stays_as_it_is(self, load, admin, settings, monkeypatch):
        gone = {**FAMILY, "observers": table(LINKS, "PAT,KIM,deleted")}
        load(options=data_set(), **FAMILY)
        load(options=data_set(), **gone)
        kim, pat = (User.objects.get(sis_user_id=name) for name in ("KIM", "PAT"))
        link(pat, kim, origin=ObservationLink.Origin.STAFF, by=admin)
        an_id_changed(load, None, settings, monkeypatch)
        load(options=data_set(), **gone)
        assert ObservationLink.objects.get().state == "active"

    def test_returns_when_its_row_changes(self, load, admin):
        load(options=data_set(), **FAMILY)
        end_by_hand(admin)
        load(options=data_set(), **{**FAMILY, "enrollments": f"{FAMILY['enrollments']}\n", "observers": LINKS})
        load(options=data_set(), **FAMILY)
        assert ObservationLink.objects.get().state == "active"

    def test_what_another_import_ended_comes_back_after_a_long_time(self, load, settings):
        first = load(options=data_set(), **FAMILY)
        other = load(enrollments=table(ENROLLMENTS, "S1,LEE,teacher,deleted"))
        long_ago = timedelta(days=settings.SIS_KEEP_DAYS + 1)
        for one in (first, other):
            SisImport.objects.filter(pk=one.pk).update(
                started_at=F("started_at") - long_ago, ended_at=F("ended_at") - long_ago
            )
        # All of a test is one transaction, which began before either.
        Enrollment.objects.update(updated_at=SisImport.objects.get(pk=other.pk).started_at)
        StateChange.objects.all().delete()
        load(options=data_set(), **FAMILY)
        assert Enrollment.objects.get(user__sis_user_id="LEE").state == "active"


ENDED = ("deleted", "deleted", "deleted", "deleted")


def end_by_hand(admin):
    change_state(Enrollment.objects.get(user__sis_user_id="LEE"), "deleted", by=admin)
    unlink(ObservationLink.objects.get(), by=admin)
    remove_admin(AccountAdmin.objects.get(user__sis_user_id="LEE"), by=admin)
    assert ended() == ENDED


def ended():
    """The states of the teacher's enrollment and role, of the link, and of the enrollment that this makes."""
    return (
        Enrollment.objects.get(user__sis_user_id="LEE").state,
        AccountAdmin.objects.get(user__sis_user_id="LEE").workflow_state,
        ObservationLink.objects.get().state,
        Enrollment.objects.get(user__sis_user_id="PAT").state,
    )


def roster(load, *records, mode="bulk", options=NIGHTLY):
    """An upload of one school with these records of enrollments: id, status, end, and perhaps who it is about."""
    rows = [f"{one},{status},k,{(*who, 's1')[0]},student,,{end}" for one, status, end, *who in records]
    files = {
        "users": table(
            "sourcedId,enabledUser,orgSourcedIds,role,username,givenName,familyName", "s1,true,o,student,s1,S,X"
        ),
        "classes": "sourcedId,status,title,schoolSourcedId\nk,,Class,o",
        "orgs": "sourcedId,status,name,type\no,,School,school",
    }
    return load(
        options=options,
        manifest=MANIFEST if mode == "bulk" else MANIFEST.replace("enrollments,bulk", "enrollments,delta"),
        enrollments=table("sourcedId,status,classSourcedId,userSourcedId,role,beginDate,endDate", *rows),
        **files,
    )


class TestRecordsOfOneEnrollment:
    """Somebody who left a class and came back has two records of one enrollment."""

    LEFT, CAME_BACK = ("e1", "inactive", ""), ("e2", "active", "")

    @pytest.mark.parametrize("records", [(LEFT, CAME_BACK), (CAME_BACK, LEFT)])
    def test_the_order_of_rows_decides_nothing(self, load, records):
        roster(load, *records)
        assert Enrollment.objects.get().state == "active"

    @pytest.mark.parametrize("mode", ["bulk", "delta"])
    def test_the_end_of_one_ends_nothing_while_another_stands(self, load, mode):
        roster(load, ("e1", "active", ""), self.CAME_BACK)
        roster(load, ("e1", "tobedeleted", ""), *([self.CAME_BACK] if mode == "bulk" else []), mode=mode)
        assert Enrollment.objects.get().state == "active"
        roster(load, ("e2", "tobedeleted", ""), mode=mode)
        assert Enrollment.objects.get().state == "deleted"

    def test_a_record_that_vanishes_ends_nothing_while_another_stands(self, load):
        roster(load, ("e1", "active", ""), self.CAME_BACK)
        roster(load, ("e2", "inactive", ""))
        assert Enrollment.objects.get().state == "inactive"
        roster(load)
        assert Enrollment.objects.get().state == "deleted"

    def test_what_was_ended_by_other_means_is_no_reason_to_stay(self, load):
        roster(load, ("e1", "active", ""))
        load(users=table(USERS, "s1,s1,deleted"))
        roster(load, ("e2", "active", ""), mode="delta")
        roster(load, ("e2", "tobedeleted", ""), mode="delta")
        assert Enrollment.objects.get().state == "deleted"

    def test_it_lasts_from_the_first_begin_to_the_last_end(self, load):
        roster(load, ("e2", "active", "2091-06-30"), ("e1", "active", "2090-12-18"), ("e3", "inactive", "2099-12-31"))
        assert Enrollment.objects.get().end_at.year == 2091
        roster(load, ("e2", "tobedeleted", ""), mode="delta")
        assert Enrollment.objects.get().end_at.year == 2090


def test_what_another_import_only_names_is_not_applied_again(load):
    files = {
        "users": people("U1", "P1"),
        "courses": "course_id,short_name,long_name,status\nC1,b,Biology,published",
        "sections": table(SECTIONS, "S1,C1,A,active"),
        "enrollments": table(ENROLLMENTS, "S1,U1,student,active"),
        "observers": table(LINKS, "P1,U1,active"),
    }
    load(options=data_set(), **files)
    load(**files)
    counts = load(options=data_set(), **files).data["counts"]
    assert [counts[kind] for kind in ("users", "enrollments", "user_observers")] == [0, 0, 0]


def test_who_is_named_by_a_further_id_comes_back_with_the_section_too(load):
    files = {
        "users": people("U1"),
        "logins": "user_id,login_id,existing_user_id\nU1-2,u1-2,U1",
        "courses": "course_id,short_name,long_name,status\nC1,b,Biology,published",
        "sections": table(SECTIONS, "S1,C1,A,active"),
        "enrollments": table(ENROLLMENTS, "S1,U1-2,student,active"),
    }
    load(options=data_set(), **files)
    load(options=data_set(), **{**files, "sections": SECTIONS})
    assert Enrollment.objects.get().state == "deleted"
    load(options=data_set(), **files)
    assert Enrollment.objects.get().state == "active"


class TestUploadsThatWereNotComparedWith:
    """What they brought goes as well when the next upload does not list it."""

    def test_one_that_failed_in_part(self, load):
        load(options=data_set(), users=people("U1"))
        failed = load(options=data_set(), users=people("U1", "U2"), broken="strange\n1")
        assert (failed.workflow_state, state_of("U2")) == ("failed_with_messages", "registered")
        load(options=data_set(), users=people("U1"))
        assert (state_of("U1"), state_of("U2")) == ("registered", "deleted")

    def test_one_that_was_too_different(self, load):
        night(load)
        options = Options(ignore_deletion_brake=True, diff_row_count_threshold=0)
        assert night(load, "s1 s2 s3 g1", options=options).diffing_threshold_exceeded
        assert state_of("s3") == "registered"
        night(load)
        assert state_of("s3") == "deleted"
        assert what_is() == ALL

    def test_one_before_a_night_without_such_a_file(self, load):
        files = {"courses": "course_id,short_name,long_name,status\nC1,b,Biology,published"}
        files |= {"users": people("U1", "U2"), "sections": table(SECTIONS, "S1,C1,A,active")}
        load(
            options=data_set(), **files, enrollments=table(ENROLLMENTS, "S1,U1,student,active", "S1,U2,student,active")
        )
        load(options=data_set(), **files)
        load(options=data_set(), **files, enrollments=table(ENROLLMENTS, "S1,U1,student,active"))
        assert list(Enrollment.objects.order_by("user").values_list("state", flat=True)) == ["active", "deleted"]

    def test_one_that_was_to_remove_what_was_in_use_still(self, load):
        term, course = "term_id,name,status", "course_id,short_name,long_name,term_id,status"
        load(options=data_set(), terms=f"{term}\nT1,Fall,active", courses=f"{course}\nC1,b,Biology,T1,published")
        assert warnings(load(options=data_set(), terms=term, users=people("U1"))) == [(None, "term_in_use")]
        load(options=data_set(), courses=course)
        load(options=data_set(), terms=term, courses=course)
        assert Term.objects.get(sis_term_id="T1").workflow_state == "deleted"

    def test_accounts_too_which_go_last(self, load):
        load(options=data_set(), users=people("U1"), accounts=table(ACCOUNTS, "HS,,High School,active"))
        load(options=data_set(), users=people("U1"))
        load(options=data_set(), users=people("U1"), accounts=ACCOUNTS)
        assert Account.objects.get(sis_account_id="HS").workflow_state == "deleted"


def test_a_link_whose_end_was_refused_ends_when_it_is_listed_no_more(load):
    load(options=data_set(), users=people("P1", "U1"), observers=table(LINKS, "P1,U1,active"))
    load(options=data_set(), users=USERS, observers=table(LINKS, "P1,U1,deleted"))
    load(options=data_set(), users=USERS, observers=LINKS)
    assert ObservationLink.objects.get().state == "deleted"
