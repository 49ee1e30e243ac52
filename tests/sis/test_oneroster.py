"""OneRoster 1.1 and 1.2, read as Canvas's roster files."""

import pytest

from sis.upload.contents import MalformedFile
from tests.sis.oneroster import (
    CLASSES,
    COURSES,
    ENROLLMENTS,
    ORGS,
    ROLES,
    SESSIONS,
    USERS,
    USERS_1_2,
    manifest,
    people_with_roles,
    roster,
    rows_of,
)
from tests.sis.rosters import column, rows_by_kind, zipped

pytestmark = pytest.mark.django_db


def test_orgs_come_parents_first_and_loops_last(tmp_path):
    text = (
        ORGS + "c,,,C,school,,b\nb,,,B,district,,a\nx,,,X,school,,y\ny,,,Y,school,,x\na,,,A,state,,\nd,,,D,school,,?\n"
    )
    rows, warnings = rows_of(tmp_path, "account", orgs=text)
    assert column(rows, "account_id", "parent_account_id") == [
        ("a", None), ("d", None), ("b", "a"), ("c", "b"), ("x", "y"), ("y", "x"),
    ]  # fmt: skip
    assert [row.number for row in rows] == [6, 7, 3, 2, 4, 5]
    assert warnings == ["1 org names a parent that is not in the file. It was placed below the root account."]


def test_orgs_that_go_come_last_and_from_below(tmp_path):
    text = ORGS + "a,tobedeleted,,A,state,,\nb,tobedeleted,,B,district,,a\nc,,,C,school,,\nd,,,D,school,,c\n"
    rows, _warnings = rows_of(tmp_path, "account", orgs=text)
    assert column(rows, "account_id", "status") == [
        ("c", "active"), ("d", "active"), ("b", "deleted"), ("a", "deleted"),
    ]  # fmt: skip


def test_of_changes_an_org_keeps_a_parent_that_is_not_in_the_file(tmp_path):
    rows, warnings = rows_of(tmp_path, "account", "delta", orgs=ORGS + "d,active,2025-01-01,D,school,,elsewhere\n")
    assert column(rows, "parent_account_id") == ["elsewhere"]
    assert warnings == []


def test_school_years_are_terms_where_classes_name_them(tmp_path):
    sessions = (
        SESSIONS + "y,,,Year,schoolYear,2024-08-01,2025-07-31,,\nz,,,Other,schoolYear,2024-08-01,,,\nt,,,T,term,,,y,\n"
    )
    classes = CLASSES + "k,,,K,,,,y\n"
    rows, warnings = rows_of(tmp_path, "term", academicSessions=sessions, classes=classes)
    assert column(rows, "term_id") == ["y", "t"]
    assert warnings == [
        "1 row of the kind “schoolyear” was left out: this kind is not imported. Imported: term, semester."
    ]


def test_school_years_are_terms_where_there_are_no_others(tmp_path):
    sessions = SESSIONS + "y,,,Year,schoolYear,2024-08-01,2025-07-31,,\nq,,,Q,gradingPeriod,,,y,\n"
    rows, _warnings = rows_of(tmp_path, "term", academicSessions=sessions)
    assert column(rows, "term_id", "start_date", "end_date") == [("y", "2024-08-01", "2025-07-31")]


def test_a_class_is_a_course_and_a_section_with_the_best_code_there_is(tmp_path):
    courses = COURSES + "c1,,,Physics,PHY,\nc2,,,Art,,\n"
    sessions = SESSIONS + "late,,,L,term,2025-01-01,,,\nearly,,,E,term,2024-08-01,,,\n"
    classes = CLASSES + 'k1,,,One,c1,K-1,s,"late, early"\nk2,,,Two,c1,,s,late\nk3,,,Three,c2,,s,?\nk4,,,Four,,,,\n'
    with roster(tmp_path, courses=courses, academicSessions=sessions, classes=classes) as upload:
        rows = rows_by_kind(upload)
    assert column(rows["course"], "course_id", "short_name", "long_name", "account_id", "term_id", "status") == [
        ("k1", "K-1", "One", "s", "early", "published"),
        ("k2", "PHY", "Two", "s", "late", "published"),
        ("k3", "Three", "Three", "s", "?", "published"),
        ("k4", "Four", "Four", None, None, "published"),
    ]
    assert column(rows["section"], "section_id", "course_id", "name") == [
        ("k1", "k1", "One"), ("k2", "k2", "Two"), ("k3", "k3", "Three"), ("k4", "k4", "Four"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "enabled", "expected"),
    [
        ("", "true", "active"),
        ("active", "", "active"),
        ("active", "FALSE", "suspended"),
        ("", "perhaps", "suspended"),
        ("inactive", "true", "suspended"),
        ("toBeDeleted", "true", "deleted"),
    ],
)
def test_status_and_enabled_user_decide_who_may_sign_in(tmp_path, status, enabled, expected):
    rows, _warnings = rows_of(tmp_path, "user", users=USERS + f"u,{status},,{enabled},student,sam,Sam,Person,\n")
    assert column(rows, "status") == [expected]


def test_a_status_in_capital_letters_is_the_same(tmp_path):
    lines = "u,ACTIVE,,true,student,sam,Sam,Person,\nv,ToBeDeleted,,true,student,max,Max,Person,\n"
    rows, warnings = rows_of(tmp_path, "user", users=USERS + lines)
    assert column(rows, "status") == ["active", "deleted"]
    assert warnings == []


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("account", "orgs", ORGS + "a,{0},,A,school,,\nb,,,B,school,,\n"),
        ("term", "academicSessions", SESSIONS + "a,{0},,A,term,,,,\nb,,,B,term,,,,\n"),
        ("course", "classes", CLASSES + "a,{0},,A,,,,\nb,,,B,,,,\n"),
        ("section", "classes", CLASSES + "a,{0},,A,,,,\nb,,,B,,,,\n"),
        ("user", "users", USERS + "a,{0},,,student,a,,,\nb,,,,student,b,,,\n"),
        ("enrollment", "enrollments", ENROLLMENTS + "a,{0},,a,a,student,,\nb,,,b,b,student,,\n"),
    ],
)
@pytest.mark.parametrize("word", ["Deleted", "tobedeleted?", "suspended", "\u200bactive"])
def test_a_row_whose_status_means_nothing_is_left_out_with_a_warning(tmp_path, kind, name, text, word):
    rows, warnings = rows_of(tmp_path, kind, **{name: text.format(word)})
    assert [row.number for row in rows] == [3]
    assert warnings == [
        f"1 row with the status “{word.lower()}” was left out: it must be active, inactive or tobedeleted."
    ]


def test_each_word_that_is_no_status_is_reported_once_for_each_file(tmp_path):
    people = "".join(f"u{n},{word},,,u{n},,,\n" for n in range(20) for word in ("gone", "GONE", "left"))
    roles = ROLES + "1,gone,,u1,primary,student,,,\n"
    with roster(tmp_path, users=USERS_1_2 + people, roles=roles) as upload:
        for _again in range(2):
            assert rows_by_kind(upload) == {"user": [], "user_observer": []}
        found = {problem.file: [] for problem in upload.problems}
        for problem in upload.problems:
            found[problem.file].append(problem.message.partition(" was ")[0].partition(" were ")[0])
    assert found == {
        "users.csv": ["40 rows with the status “gone”", "20 rows with the status “left”"],
        "roles.csv": ["1 row with the status “gone”"],
    }


def test_enrollments_go_with_their_class_though_others_are_left_out(tmp_path):
    classes = CLASSES + "k,tobedeleted,,K,,,,\n"
    lines = "e1,gone,,k,u1,student,,\ne2,,,k,u2,student,,\ne3,gone,,k,u3,student,,\ne4,,,l,u4,student,,\n"
    rows, _warnings = rows_of(tmp_path, "enrollment", classes=classes, enrollments=ENROLLMENTS + lines)
    assert column(rows, "user_id", "status") == [("u2", "deleted"), ("u4", "active")]


@pytest.mark.parametrize(
    ("role", "declared"),
    [("student", "student"), ("Teacher", "teacher"), ("guardian", "observer"), ("parent", "observer"),
     ("relative", "observer"), ("administrator", "administrative"), ("districtAdministrator", "administrative"),
     ("principal", "administrative"), ("aide", "staff"), ("proctor", "staff"), ("ext:cook", "staff"), ("", None)],
)  # fmt: skip
def test_roles_become_the_declared_type_of_people(tmp_path, role, declared):
    rows, _warnings = rows_of(tmp_path, "user", users=USERS + f"u,,,true,{role},sam,Sam,Person,\n")
    assert column(rows, "declared_user_type") == [declared]


def test_people_are_called_as_they_prefer_and_nobody_gets_a_password(tmp_path):
    header = (
        "sourcedId,status,dateLastModified,username,givenName,familyName,password,preferredGivenName,"
        "preferredFamilyName,email\n"
    )
    text = header + "u,,,sam,Samantha,Person,hush,Sam,,sam@example.org\nv,,,max,Max,Person,hush,,,\n"
    rows, _warnings = rows_of(tmp_path, "user", users=text)
    assert column(rows, "first_name", "last_name", "short_name", "email") == [
        ("Samantha", "Person", "Sam Person", "sam@example.org"),
        ("Max", "Person", None, None),
    ]
    assert not any("hush" in str(row) for row in rows)


def test_of_several_roles_the_primary_one_of_today_speaks(tmp_path):
    roles = (
        ROLES + "1,,,u,secondary,student,,,\n2,,,u,primary,teacher,2020-01-01,2021-01-01,\n3,,,u,primary,aide,,,\n"
        "4,tobedeleted,,v,primary,teacher,,,\n5,,,w,primary,teacher,,2020-01-01,\n"
    )
    users = USERS_1_2 + "u,,,true,u,,,\nv,,,true,v,,,\nw,,,true,w,,,\n"
    rows, _warnings = rows_of(tmp_path, "user", users=users, roles=roles)
    assert column(rows, "declared_user_type") == ["staff", None, "teacher"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("e,,,k,u,student,,", [("student", "active")]),
        ("e,active,,k,u,Teacher,2025-01-01,2025-03-02", [("teacher", "active")]),
        ("e,,,k,u,aide,,2025-03-01", [("ta", "completed")]),
        ("e,tobedeleted,,k,u,student,,2020-01-01", [("student", "deleted")]),
        ("e,inactive,,k,u,student,,", [("student", "inactive")]),
        ("e,,,k,u,student,,some day", [("student", "active")]),
        ("e,,,k,u,guardian,,", []),
        ("e,,,k,u,,,", []),
    ],
)
def test_roles_and_status_of_enrollments_are_translated(tmp_path, line, expected):
    rows, warnings = rows_of(tmp_path, "enrollment", enrollments=f"{ENROLLMENTS}{line}\n")
    assert column(rows, "role", "status") == expected
    assert len(warnings) == (not expected)


def test_a_class_takes_its_enrollments_with_it(tmp_path):
    classes = CLASSES + "k,tobedeleted,,K,,,,\nl,,,L,,,,\n"
    lines = "".join(f"e{n},,,{place},u{n},{role},,\n" for n, (place, role) in enumerate(
        [("k", "student"), ("l", "student"), ("k", "proctor"), ("?", "teacher"), ("k", "teacher")]
    ))  # fmt: skip
    rows, _warnings = rows_of(tmp_path, "enrollment", classes=classes, enrollments=ENROLLMENTS + lines)
    assert column(rows, "section_id", "status") == [
        ("k", "deleted"), ("l", "active"), ("?", "active"), ("k", "deleted"),
    ]  # fmt: skip


def test_enrollments_are_read_though_the_classes_cannot_be(tmp_path):
    files = {"classes": CLASSES + '"', "enrollments": ENROLLMENTS + "e,,,k,u,student,,\n"}
    with roster(tmp_path, **files) as upload:
        [found] = [list(file.rows()) for file in upload.files if file.kind == "enrollment"]
    assert column(found, "status") == ["active"]


def test_roles_without_a_place_are_reported_once_each_however_many_there_are(tmp_path):
    lines = [f"e{n},,,k,u{n},{role},,\n" for n in range(500) for role in ("proctor", "administrator")]
    more = [f"f{n},,,k,u{n},role{n},,\n" for n in range(500)]
    _rows, warnings = rows_of(tmp_path, "enrollment", enrollments=ENROLLMENTS + "".join(lines + more))
    assert (
        warnings[0]
        == "500 rows of the kind “proctor” were left out: this kind is not imported. Imported: student, teacher, aide."
    )
    assert (
        warnings[-1]
        == "482 rows of the kind “…” were left out: this kind is not imported. Imported: student, teacher, aide."
    )
    assert len(warnings) == 21


def test_files_of_canvas_in_the_same_upload_are_refused(tmp_path):
    links = "observer_id,student_id,status\n"
    files = {"manifest.csv": manifest(orgs="bulk"), "orgs.csv": ORGS, "user_observers.csv": links, "cooks.csv": "a,b\n"}
    with zipped(tmp_path, files) as upload:
        assert [file.kind for file in upload.files] == ["account"]
        assert {problem.file: problem.failure for problem in upload.problems} == {
            "cooks.csv": True,
            "user_observers.csv": True,
        }


@pytest.mark.parametrize("broken", ["users", "roles"])
def test_a_fault_in_one_file_is_a_failure_of_every_file_made_from_it_and_of_no_other(tmp_path, broken):
    files = {"orgs": ORGS + "a,,,A,school,,\n", **people_with_roles(["parent"], ["student"])}
    files[broken] += 'x,"y\n'
    with roster(tmp_path, **files) as upload:
        for file in upload.files:
            if file.kind == "account":
                assert len(list(file.rows())) == 1
                continue
            for _again in range(2):
                with pytest.raises(MalformedFile) as caught:
                    next(file.rows())
                assert caught.value.problem.file == "users.csv"
                assert ("roles.csv, which is also required" in caught.value.problem.message) == (broken == "roles")


@pytest.mark.filterwarnings("error")
def test_an_upload_may_be_closed_amid_its_rows(tmp_path):
    users = USERS + "".join(f"s{n},,,,student,s{n},,,g{n}\ng{n},,,,parent,g{n},,,\n" for n in range(20_000))
    with roster(tmp_path, users=users) as upload:
        reading = [file.rows() for file in upload.files]
        firsts = [next(rows) for rows in reading]
    assert [first.number for first in firsts] == [2, 2]
    for rows in reading:
        rows.close()


def test_a_manifest_that_cannot_be_read_stops_everything(tmp_path):
    with zipped(tmp_path, {"manifest.csv": manifest(orgs="bulk") + '"', "orgs.csv": ORGS}) as upload:
        assert upload.files == []
        assert [problem.file for problem in upload.problems] == ["manifest.csv"]
