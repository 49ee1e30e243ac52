"""Words and dates that cannot be taken: what is said of them, and what stays as it was."""

from datetime import UTC, date, datetime

import pytest

from accounts.models import ObservationLink, User
from courses.models import Course, Enrollment, Section, Term
from sis.files.cells import BadDate, BadFlag, day, flag, moment
from sis.kinds.registry import KINDS
from sis.options import Options
from tests.sis.conftest import warnings

# A row of each kind that can be applied, in a school that has what the rows name.
GOOD = {
    "change_sis_id": {"old_id": "P", "new_id": "P2", "type": "user"},
    "account": {"account_id": "A", "name": "School", "status": "active"},
    "term": {"term_id": "T", "name": "Autumn", "status": "active"},
    "course": {"course_id": "C", "short_name": "c", "long_name": "Chemistry", "status": "active", "term_id": "T"},
    "section": {"section_id": "S", "course_id": "C", "name": "One", "status": "active"},
    "xlist": {"xlist_course_id": "X", "section_id": "S", "status": "active"},
    "user": {"user_id": "K", "login_id": "kim", "status": "active"},
    "login": {"user_id": "K2", "login_id": "kim2", "existing_user_id": "K"},
    "enrollment": {"section_id": "S", "user_id": "K", "role": "student", "status": "active"},
    "admin": {"user_id": "P", "account_id": "A", "role": "AccountAdmin", "status": "active"},
    "user_observer": {"observer_id": "P", "student_id": "K", "status": "active"},
}
# Which column each message about a word is about.
COLUMN = {
    "bad_status": "status",
    "bad_type": "type",
    "bad_role": "role",
    "bad_admin_role": "role",
    "bad_override_type": "date_override_enrollment_type",
    "bad_course_format": "course_format",
    "bad_grade_passback_setting": "grade_passback_setting",
    "bad_declared_user_type": "declared_user_type",
    "unknown_auth_provider": "authentication_provider_id",
}
WORDS = [(kind.name, message) for kind in KINDS.values() for message in kind.allowed]
DATED = [(kind.name, column) for kind in KINDS.values() for column in sorted(kind.dates)]
RECORDS = {"term": Term, "course": Course, "section": Section, "enrollment": Enrollment}


def file_of(kind, **changes):
    row = GOOD[kind] | changes
    if kind == "account":
        row |= {"parent_account_id": ""}
    return ",".join(row) + "\n" + ",".join(f'"{cell}"' for cell in row.values())


def messages(made):
    return list(made.sis_import_errors.order_by("id").values_list("message", flat=True))


@pytest.fixture
def school(load):
    load(
        accounts=file_of("account"),
        terms=file_of("term"),
        courses=file_of("course"),
        sections=file_of("section"),
        users="user_id,login_id,status\nK,kim,active\nP,pat,active",
        enrollments=file_of("enrollment"),
    )


class TestWords:
    def test_every_column_of_words_has_a_message_that_lists_them(self):
        for kind in KINDS.values():
            assert {COLUMN[message] for message in kind.allowed} >= kind.words, kind.name
            for message in kind.allowed:
                text = kind.messages.get(message)
                assert text is None or "{words}" in str(text)

    @pytest.mark.parametrize(("kind", "message"), WORDS)
    def test_a_word_that_cannot_stand_there_is_answered_with_those_that_can(self, load, school, kind, message):
        made = load(**{kind: file_of(kind, **{COLUMN[message]: "Wizard"})})
        assert [said for _row, said in warnings(made)] == [message]
        [text] = messages(made)
        assert "“wizard”" in text.lower()
        for word in KINDS[kind].allowed[message]:
            assert word in text

    @pytest.mark.parametrize(("kind", "message"), WORDS)
    def test_each_of_the_words_listed_can_stand_there(self, load, school, kind, message):
        words = [word.upper() if message == "bad_status" else word for word in KINDS[kind].allowed[message]]
        files = [file_of(kind, **{COLUMN[message]: word}).split("\n") for word in words]
        made = load(**{kind: "\n".join([files[0][0], *(row for _header, row in files)])})
        assert message not in [said for _row, said in warnings(made)]

    def test_what_other_systems_call_roles_is_not_guessed(self, load, school):
        rows = [f"S,K,{word},active" for word in ("Instructor", "Learner", "Teaching Assistant", "Parent")]
        made = load(enrollments="\n".join(["section_id,user_id,role,status", *rows]))
        assert warnings(made) == [(row, "bad_role") for row in (2, 3, 4, 5)]
        for text in messages(made):
            assert "student, teacher, ta, designer or observer" in text


class TestYesAndNo:
    HEADER = "section_id,user_id,role,status,limit_section_privileges"

    def limit(self):
        return Enrollment.objects.get(type="TeacherEnrollment").limit_privileges_to_course_section

    @pytest.mark.parametrize("stored", ["true", "false"])
    def test_a_word_for_neither_leaves_what_is_there(self, load, school, stored):
        load(enrollments=f"{self.HEADER}\nS,P,teacher,active,{stored}")
        made = load(enrollments=f"{self.HEADER}\nS,P,teacher,active,section")
        assert warnings(made) == [(2, "bad_flag")]
        assert "limit_section_privileges “section”" in messages(made)[0]
        assert self.limit() == (stored == "true")

    def test_somebody_new_is_limited_rather_than_not(self, load, school):
        load(enrollments=f"{self.HEADER}\nS,P,teacher,active,ja")
        assert self.limit() is True

    @pytest.mark.parametrize(("text", "value"), [("Yes", "true"), ("2", "true"), ("0", "false"), ("OFF", "false")])
    def test_words_and_numbers_for_either(self, text, value):
        assert flag(text) == value

    @pytest.mark.parametrize("text", ["+-1", "maybe", "10%", "nein"])
    def test_anything_else_is_neither(self, text):
        with pytest.raises(BadFlag):
            flag(text)


OTHERWISE = ["8/1/2026", "01.08.2026", "2026/08/01", "20260801", "Aug 1, 2026", "1 August 2026", "46235", "next Monday"]


class TestDates:
    @pytest.mark.parametrize("text", [*OTHERWISE, "2026-02-30", "2026-13-01", "0026-08-01", "2026-08-01 9am"])
    def test_only_a_day_that_exists_with_the_year_first_is_read(self, text):
        for read in (moment, day):
            with pytest.raises(BadDate):
                read(text)

    @pytest.mark.parametrize("text", ["2026-08-01", "2026-8-1", "2026-08-01T23:30:00-10:00", "2026-08-01 10:00"])
    def test_the_day_of_a_moment_is_the_one_that_is_written(self, text):
        assert day(text) == date(2026, 8, 1)

    @pytest.mark.parametrize(("kind", "column"), DATED)
    def test_the_message_gives_column_and_value_and_how_to_write_it(self, load, school, kind, column):
        header, _row = file_of(kind, **{column: ""}).split("\n")
        rows = [file_of(kind, **{column: text}).split("\n")[1] for text in OTHERWISE]
        made = load(**{kind: "\n".join([header, *rows])})
        assert warnings(made) == [(row, "bad_date") for row in range(2, 2 + len(OTHERWISE))]
        for text, message in zip(OTHERWISE, messages(made), strict=True):
            assert f"{column} “{text}”" in message
            assert "2026-11-28" in message
            assert "exist" not in message

    @pytest.mark.parametrize("kind", RECORDS)
    def test_both_dates_of_a_row_are_named(self, load, school, kind):
        made = load(**{kind: file_of(kind, start_date="8/1/2026", end_date="12/18/2026")})
        assert "start_date “8/1/2026”" in messages(made)[0]
        assert "end_date “12/18/2026”" in messages(made)[0]

    @pytest.mark.parametrize("kind", RECORDS)
    @pytest.mark.parametrize("column", ["start_date", "end_date"])
    def test_what_had_ended_is_not_opened_again_by_a_date_that_cannot_be_read(self, load, school, kind, column):
        dates = {"start_date": "2020-01-01", "end_date": "2020-06-01"}
        load(**{kind: file_of(kind, **dates)})
        load(**{kind: file_of(kind, **dates | {column: "6/1/2020"})})
        found = RECORDS[kind].objects.exclude(start_at=None).get()
        assert (found.start_at, found.end_at) == (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 6, 1, tzinfo=UTC))

    def test_what_is_new_keeps_the_date_that_can_be_read(self, load, school):
        load(terms=file_of("term", term_id="N", start_date="2026-08-01", end_date="12/18/2026"))
        found = Term.objects.get(sis_term_id="N")
        assert (found.start_at.month, found.end_at) == (8, None)

    def test_dates_for_one_type_of_enrollment_stay_too(self, load, school):
        row = {"date_override_enrollment_type": "StudentEnrollment", "start_date": "2026-08-01"}
        load(terms=file_of("term", **row))
        before = Term.objects.get().date_overrides
        made = load(terms=file_of("term", **row | {"start_date": "8/1/2026"}))
        assert (warnings(made), Term.objects.get().date_overrides) == ([(2, "bad_date")], before)
        assert before["StudentEnrollment"]["start_at"].startswith("2026-08-01")

    def test_a_dry_run_says_the_same(self, load, school):
        made = load(terms=file_of("term", start_date="8/1/2026"), options=Options(dry_run=True))
        assert warnings(made) == [(2, "bad_date")]


class TestSourcedFiles:
    ORGS = "sourcedId,status,name,type\no,active,Lake,school"
    USERS = "sourcedId,status,enabledUser,username,givenName,familyName,role,agentSourcedIds\n"
    CLASSES = "sourcedId,status,title,schoolSourcedId\nk,active,Math,o"

    def test_dates_are_named_as_the_files_name_them(self, load):
        made = load(
            orgs=self.ORGS,
            academicSessions="sourcedId,status,title,type,startDate,endDate\nt,active,Fall,term,8/1/2026,2026-12-18",
            classes=self.CLASSES,
            users=f"{self.USERS}s,active,true,kim,Kim,Lee,student,",
            enrollments="sourcedId,status,classSourcedId,userSourcedId,role,beginDate,endDate\n"
            "e,active,k,s,student,2026-08-01,12/18/2026",
        )
        said = [message for message in messages(made) if "cannot be read" in message]
        assert len(said) == 2
        assert "startDate “8/1/2026”" in said[0]
        assert "endDate “12/18/2026”" in said[1]
        assert Enrollment.objects.get().state == "active"

    @pytest.mark.parametrize("manifest", ["bulk", "delta"])
    def test_a_class_that_had_ended_is_not_opened_again_by_a_date_that_cannot_be_read(self, load, manifest):
        def night(begins, ends):
            load(
                manifest=f"propertyName,value\noneroster.version,1.2\nfile.orgs,{manifest}\nfile.classes,{manifest}\n"
                f"file.users,{manifest}\nfile.enrollments,{manifest}",
                orgs=self.ORGS,
                classes=self.CLASSES,
                users=f"{self.USERS}s,active,true,kim,Kim,Lee,student,",
                enrollments="sourcedId,status,classSourcedId,userSourcedId,role,beginDate,endDate\n"
                f"e,active,k,s,student,{begins},{ends}",
            )
            found = Enrollment.objects.get()
            return found.state, found.start_at and found.start_at.year, found.end_at and found.end_at.year

        assert night("2020-01-01", "2020-06-01") == ("completed", 2020, 2020)
        assert night("2020-01-01", "6/1/2020") == ("completed", 2020, 2020)
        assert night("1/1/2020", "2020-06-01") == ("completed", 2020, 2020)
        assert night("2020-01-01", "2190-06-01") == ("active", 2020, 2190)

    @pytest.mark.parametrize("column", ["beginDate", "endDate"])
    def test_a_role_with_a_date_that_cannot_be_read_makes_nobody_a_guardian_and_is_named(self, load, column):
        made = load(
            orgs=self.ORGS,
            users="sourcedId,status,username,agentSourcedIds\ns,active,kim,g\ng,active,pat,",
            roles=f"sourcedId,status,userSourcedId,role,{column}\n1,active,s,student,\n2,active,g,guardian,12/31/2030",
        )
        assert not ObservationLink.objects.exists()
        assert any(f"their {column.lower()}" in text or f"its {column.lower()}" in text for text in messages(made))
        assert any("“12/31/2030”" in text for text in messages(made))

    def test_somebody_who_is_neither_enabled_nor_not_is_suspended_with_a_message(self, load):
        made = load(orgs=self.ORGS, users=f"{self.USERS}s,active,enabled,kim,Kim,Lee,student,")
        assert User.objects.get(sis_user_id="s").state == "suspended"
        assert any("enabledUser is “enabled”: it must be true or false" in text for text in messages(made))

    def test_words_of_the_manifest_that_mean_nothing_remove_nothing_and_are_named(self, load):
        made = load(
            manifest="propertyName,value\noneroster.version,1.2\nfile.orgs,full",
            orgs=self.ORGS,
        )
        assert any("“full” of orgs.csv: it must be bulk, delta or absent" in text for text in messages(made))

    def test_roles_in_courses_that_mean_nothing_are_answered_with_those_that_do(self, load):
        made = load(
            orgs=self.ORGS,
            classes=self.CLASSES,
            users=f"{self.USERS}s,active,true,kim,Kim,Lee,student,",
            enrollments="sourcedId,status,classSourcedId,userSourcedId,role\ne,active,k,s,pupil",
        )
        assert any("“pupil” was left out" in text and "student, teacher, aide" in text for text in messages(made))


class TestIds:
    """What spreadsheets and invisible characters make of ids."""

    def test_an_id_that_a_spreadsheet_guards_is_the_id(self, load):
        load(users='user_id,login_id,status\n"=""00777""",ef,active')
        assert User.objects.get(login_id="ef").sis_user_id == "00777"

    @pytest.mark.parametrize("guarded_first", [True, False])
    def test_nobody_goes_because_an_id_is_guarded_one_night_and_not_the_next(self, load, guarded_first):
        nights = ['user_id,login_id,status\n"=""7""",ef,active', "user_id,login_id,status\n7,ef,active"]
        for text in nights if guarded_first else reversed(nights):
            load(users=text, options=Options(diffing_data_set_identifier="night", ignore_deletion_brake=True))
        assert User.objects.get(sis_user_id="7").state == "registered"

    @pytest.mark.parametrize("separator", [",", ";"])
    def test_other_formulas_are_text(self, load, separator):
        load(users=separator.join(["user_id", "login_id", "full_name", "status\n1", "ef", '"=""A""&""B"""', "active"]))
        assert User.objects.get(sis_user_id="1").name == '="A"&"B"'

    def test_two_people_under_one_shortened_id_are_both_refused(self, load):
        made = load(users="user_id,login_id,status\n9.87654E+12,ann,active\n9.87654E+12,ben,active")
        assert warnings(made) == [(2, "shortened_id"), (3, "shortened_id")]
        assert "spreadsheet" in messages(made)[0]
        assert not User.objects.filter(login_id__in=["ann", "ben"]).exists()

    def test_invisible_characters_in_cells_are_left_out(self, load):
        load(users="user_id,login_id,full_name,email,status\nU1,ann,Ann\u202egnp Lee,ann@x.test\u200b,active")
        found = User.objects.get(sis_user_id="U1")
        assert (found.name, found.email) == ("Anngnp Lee", "ann@x.test")
