"""OneRoster 1.1 and 1.2, read as Canvas's roster files."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import ObservationLink
from sis.imports.diff import differing
from sis.kinds.registry import KINDS
from sis.models import SisImport
from sis.upload.contents import MalformedFile, open_upload
from tests.sis.rosters import column, links_of, make_links, rows_by_kind, zip_of, zipped

pytestmark = pytest.mark.django_db

TODAY = datetime(2025, 3, 1, 12, tzinfo=UTC)
ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
SESSIONS = "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n"
COURSES = "sourcedId,status,dateLastModified,title,courseCode,orgSourcedId\n"
CLASSES = "sourcedId,status,dateLastModified,title,courseSourcedId,classCode,schoolSourcedId,termSourcedIds\n"
USERS = "sourcedId,status,dateLastModified,enabledUser,role,username,givenName,familyName,agentSourcedIds\n"
USERS_1_2 = "sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,agentSourcedIds\n"
ROLES = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId\n"
ENROLLMENTS = "sourcedId,status,dateLastModified,classSourcedId,userSourcedId,role,beginDate,endDate\n"


def manifest(version="1.2", **modes):
    """A manifest that says of each named file what it is."""
    lines = [f"oneroster.version,{version}", *(f"file.{name},{mode}" for name, mode in modes.items())]
    return "propertyName,value\n" + "\n".join(lines) + "\n"


def roster(tmp_path, mode="bulk", *, is_to_compare=False, **files):
    """An upload of these files, all bulk or all delta."""
    content = {f"{name}.csv": text for name, text in files.items()}
    content["manifest.csv"] = manifest(**dict.fromkeys(files, mode))
    path = zip_of(tmp_path, content)
    return open_upload(path, "rosters.zip", at=TODAY, is_to_compare=is_to_compare)


def rows_of(tmp_path, kind, mode="bulk", **files):
    """The rows of one kind of such an upload, and its warnings."""
    with roster(tmp_path, mode, **files) as upload:
        return rows_by_kind(upload)[kind], [problem.message for problem in upload.problems]


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


# Guardian g and student s in every way they may name each other.
@pytest.mark.parametrize(
    ("of_g", "of_s", "links"),
    [("s", "", 1), ("", "g", 1), ("s", "g", 1), ("", "", 0), ('"s, s"', '"g,g"', 1), ('"s,t"', "g", 2), ("g", "s", 0)],
)
def test_either_side_may_name_the_other(tmp_path, of_g, of_s, links):
    text = USERS + f"g,,,,parent,g,,,{of_g}\ns,,,,student,s,,,{of_s}\nt,,,,student,t,,,\n"
    rows, _warnings = rows_of(tmp_path, "user_observer", users=text)
    assert links_of(rows) == [("g", "s", "active"), ("g", "t", "active")][:links]


@pytest.mark.parametrize("one", ["student", "teacher", "administrator", "aide", ""])
@pytest.mark.parametrize("other", ["student", "teacher"])
def test_agents_who_are_no_guardians_make_no_link(tmp_path, one, other):
    rows, warnings = rows_of(tmp_path, "user_observer", users=USERS + f"a,,,,{one},a,,,b\nb,,,,{other},b,,,a\n")
    assert rows == []
    assert len(warnings) == 1
    assert ": 2. No link was created" in warnings[0]


def test_two_guardians_make_no_link_and_roles_alone_make_none(tmp_path):
    text = USERS + "a,,,,parent,a,,,b\nb,,,,guardian,b,,,a\nc,,,,student,c,,,\n"
    assert rows_of(tmp_path, "user_observer", users=text)[0] == []


def people_with_roles(*roles):
    """Person 1 names person 2; each has the roles given, as `role begin end`."""
    lines = [
        f"r{person}{n},,,{person},{'secondary' if n else 'primary'},{','.join([*role.split(), '', ''][:3])},\n"
        for person, held in enumerate(roles, 1)
        for n, role in enumerate(held)
    ]
    return {"users": USERS_1_2 + "1,,,,one,,,2\n2,,,,two,,,\n", "roles": ROLES + "".join(lines)}


@pytest.mark.parametrize(
    ("first", "second", "link"),
    [
        (["teacher", "guardian"], ["student"], ("1", "2", "active")),
        (["student"], ["siteAdministrator", "relative"], ("2", "1", "active")),
        # A grown-up student with a child at school.
        (["student", "parent"], ["student"], ("1", "2", "active")),
        # Each could be the guardian of the other.
        (["student", "parent"], ["student", "parent"], None),
        (["guardian 2024-01-01 2025-03-02"], ["student"], ("1", "2", "active")),
        (["guardian 2024-01-01 2025-03-01"], ["student"], None),
        (["guardian 2025-03-02"], ["student"], None),
        (["guardian 2024-01-01 soon"], ["student"], None),
        (["guardian"], ["student 2020-01-01 2021-01-01"], ("1", "2", "active")),
        (["guardian 2020-01-01 2021-01-01", "parent"], ["student"], ("1", "2", "active")),
        ([], ["student"], None),
        (["guardian"], [], None),
    ],
)
def test_exactly_one_must_be_a_guardian_today_and_the_other_a_student(tmp_path, first, second, link):
    rows, warnings = rows_of(tmp_path, "user_observer", **people_with_roles(first, second))
    assert links_of(rows) == ([link] if link else [])
    assert bool(warnings) == (not link)


def test_who_is_to_be_deleted_observes_nobody_and_is_observed_by_nobody(tmp_path):
    text = USERS + "g,tobedeleted,,,parent,g,,,s\ns,,,,student,s,,,\nh,,,,parent,h,,,t\nt,tobedeleted,,,student,t,,,h\n"
    assert rows_of(tmp_path, "user_observer", users=text)[0] == []


# The guardian g and the student s, each with a row in both files; one of the four has a status of no meaning.
@pytest.mark.parametrize("odd", ["person g", "person s", "role g", "role s"])
@pytest.mark.parametrize("lister", ["g", "s"])
@pytest.mark.parametrize("mode", ["bulk", "delta"])
def test_no_link_is_made_by_or_for_somebody_with_a_status_of_no_meaning(tmp_path, odd, lister, mode):
    status = {what: "deleted" if what == odd else "active" for what in ("person g", "person s", "role g", "role s")}
    agent = {"g": "s" if lister == "g" else "", "s": "g" if lister == "s" else ""}
    users = USERS_1_2 + "".join(f"{one},{status[f'person {one}']},,,{one},,,{agent[one]}\n" for one in "gs")
    roles = ROLES + f"1,{status['role g']},,g,primary,parent,,,\n2,{status['role s']},,s,primary,student,,,\n"
    rows, warnings = rows_of(tmp_path, "user_observer", mode, users=users, roles=roles)
    assert rows == []
    assert any("“deleted” was left out" in warning for warning in warnings)
    assert links_of(rows_of(tmp_path, "user_observer", mode, users=users.replace("deleted", "active"),
                            roles=roles.replace("deleted", "active"))[0]) == [("g", "s", "active")]  # fmt: skip


@pytest.mark.parametrize("odd", ["g", "s"])
def test_in_files_of_1_1_too_nobody_with_a_status_of_no_meaning_gets_a_link(tmp_path, odd):
    lines = f"g,{'gone' if odd == 'g' else ''},,,parent,g,,,s\ns,{'gone' if odd == 's' else ''},,,student,s,,,g\n"
    assert rows_of(tmp_path, "user_observer", users=USERS + lines)[0] == []


def test_a_file_that_does_not_speak_of_agents_says_nothing_about_links(tmp_path):
    text = "sourcedId,status,dateLastModified,role,username\ng,,,parent,g\n"
    for mode, said in [("bulk", 1), ("delta", 0)]:
        with roster(tmp_path, mode, users=text) as upload:
            assert [file.kind for file in upload.files] == ["user"]
            assert ["links stay as they are" in problem.message for problem in upload.problems] == [True] * said


def test_an_upload_that_does_not_tell_roles_says_nothing_about_links(tmp_path):
    with roster(tmp_path, users=USERS_1_2 + "s,,,,s,,,g\ng,,,,g,,,s\n") as upload:
        assert [file.kind for file in upload.files] == ["user"]
        assert "links stay as they are" in upload.problems[0].message


# Links are looked up on a connection of its own, which sees only what is committed.
@pytest.mark.django_db(transaction=True)
def test_of_changes_a_list_is_the_whole_list_of_that_person(tmp_path):
    make_links(("g", "s"), ("g", "t"), ("h", "s"), ("h", "t"))
    text = (
        USERS + "g,active,,,parent,g,,,t\nt,active,,,student,t,,,g\ns,active,,,student,s,,,k\nk,active,,,parent,k,,,\n"
    )
    with roster(tmp_path, "delta", users=text) as upload:
        assert not upload.is_whole
        rows = rows_by_kind(upload)["user_observer"]
        again = rows_by_kind(upload)["user_observer"]
    assert sorted(links_of(rows)) == [
        ("g", "s", "deleted"), ("g", "t", "active"), ("h", "s", "deleted"), ("h", "t", "deleted"), ("k", "s", "active"),
    ]  # fmt: skip
    assert again == rows


@pytest.mark.django_db(transaction=True)
def test_of_changes_a_second_reading_finds_what_the_first_has_removed_since(tmp_path):
    make_links(("g", "s"), ("h", "s"), ("k", "s"))
    ObservationLink.objects.filter(observer__sis_user_id="k").update(state="deleted", updated_at=TODAY)
    ObservationLink.objects.filter(observer__sis_user_id="h").update(
        state="deleted", updated_at=TODAY - timedelta(seconds=1)
    )
    listing = "s,active,,,student,s,,,m\nm,active,,,parent,m,,,\n"
    rows, _warnings = rows_of(tmp_path, "user_observer", "delta", users=USERS + listing)
    assert links_of(rows) == [("m", "s", "active"), ("g", "s", "deleted"), ("k", "s", "deleted")]


@pytest.mark.django_db(transaction=True)
def test_of_changes_links_made_by_codes_stay(tmp_path):
    make_links(("g", "s"), sis_import_id=None)
    rows, _warnings = rows_of(
        tmp_path, "user_observer", "delta", users=USERS + "s,active,,,student,s,,,k\nk,,,,parent,k,,,\n"
    )
    assert links_of(rows) == [("k", "s", "active")]


@pytest.mark.django_db(transaction=True)
def test_of_changes_a_person_whose_role_is_not_told_keeps_the_link(tmp_path):
    make_links(("g", "s"))
    rows, warnings = rows_of(tmp_path, "user_observer", "delta", users=USERS + "s,active,,,student,s,,,g\n")
    assert rows == []
    assert "role is not in this upload: 1." in warnings[0]


@pytest.mark.django_db(transaction=True)
def test_of_changes_an_empty_list_counts_where_others_in_that_role_have_one(tmp_path):
    make_links(("g", "s"), ("h", "t"))
    listing = "s,active,,,student,s,,,\nu,active,,,student,u,,,h\nh,active,,,parent,h,,,\n"
    rows, warnings = rows_of(tmp_path, "user_observer", "delta", users=USERS + listing)
    # The student's empty list is one; that of the guardian h is not: guardians list nobody in this file.
    assert sorted(links_of(rows)) == [("g", "s", "deleted"), ("h", "u", "active")]
    assert warnings == ["1 link was kept although the list of agents is empty. A bulk upload decides whether it stays."]


@pytest.mark.django_db(transaction=True)
def test_of_changes_a_link_whose_two_people_have_changed_parts_is_dropped(tmp_path):
    make_links(("s", "g"))
    listing = "s,active,,,student,s,,,g\ng,active,,,parent,g,,,s\n"
    rows, _warnings = rows_of(tmp_path, "user_observer", "delta", users=USERS + listing)
    assert links_of(rows) == [("g", "s", "active"), ("s", "g", "deleted")]


# Guardians g and h and students s and t; only s has a list.
FAMILIES = USERS + "s,,,,student,s,,,g\nt,,,,student,t,,,\ng,,,,parent,g,,,\nh,,,,parent,h,,,\n"
NO_FAMILIES = FAMILIES.replace("s,,,g", "s,,,")


@pytest.mark.django_db(transaction=True)
def test_all_there_is_ends_links_of_rosters_between_people_in_it_that_it_does_not_make(tmp_path):
    make_links(("g", "s"), ("h", "s"), ("h", "t"))
    with roster(tmp_path, users=FAMILIES) as upload:
        rows = rows_by_kind(upload)["user_observer"]
        again = rows_by_kind(upload)["user_observer"]
    assert [(row.number, *links) for row, links in zip(rows, links_of(rows), strict=True)] == [
        (2, "g", "s", "active"), (0, "h", "s", "deleted"), (0, "h", "t", "deleted"),
    ]  # fmt: skip
    assert again == rows
    assert upload.problems == []


@pytest.mark.django_db(transaction=True)
def test_all_there_is_says_nothing_about_links_of_people_who_are_not_in_it(tmp_path):
    make_links(("h", "elsewhere"), ("elsewhere", "t"))
    rows, _warnings = rows_of(tmp_path, "user_observer", users=FAMILIES)
    assert links_of(rows) == [("g", "s", "active")]


@pytest.mark.django_db(transaction=True)
def test_all_there_is_leaves_links_made_by_codes(tmp_path):
    make_links(("h", "s"), sis_import_id=None)
    assert links_of(rows_of(tmp_path, "user_observer", users=FAMILIES)[0]) == [("g", "s", "active")]


@pytest.mark.parametrize("word", ["tobedeleted", "gone"])
@pytest.mark.django_db(transaction=True)
def test_all_there_is_says_nothing_about_links_of_those_whom_it_deletes_or_leaves_out(tmp_path, word):
    make_links(("h", "s"), ("h", "t"))
    rows, _warnings = rows_of(tmp_path, "user_observer", users=FAMILIES.replace("h,,", f"h,{word},"))
    assert links_of(rows) == [("g", "s", "active")]


@pytest.mark.django_db(transaction=True)
def test_in_all_there_is_who_has_no_role_holds_none(tmp_path):
    make_links(("g", "s"), ("h", "t"))
    users = FAMILIES.replace("t,,,,student,t,,,", "t,,,,student,t,,,h").replace("g,,,,parent", "g,,,,")
    rows, _warnings = rows_of(tmp_path, "user_observer", users=users)
    assert links_of(rows) == [("h", "t", "active"), ("g", "s", "deleted")]


@pytest.mark.django_db(transaction=True)
def test_all_there_is_without_a_link_ends_only_those_that_came_with_people(root, tmp_path):
    kinds = [["account", "user", "user_observer"], ["user_observer"]]
    with_people, alone = (
        SisImport.objects.create(account=root, file_name="x.zip", data={"supplied_batches": supplied})
        for supplied in kinds
    )
    make_links(("g", "s"), sis_import_id=with_people.pk)
    make_links(("h", "t"), sis_import_id=alone.pk)
    rows, warnings = rows_of(tmp_path, "user_observer", users=NO_FAMILIES)
    assert links_of(rows) == [("g", "s", "deleted")]
    assert warnings == ["1 link was kept: it came from a file with only links, and this upload has no links."]


@pytest.mark.django_db(transaction=True)
def test_of_all_there_is_a_second_reading_finds_what_the_first_has_removed_since(tmp_path):
    make_links(("g", "t"), ("h", "s"), ("h", "t"))
    ObservationLink.objects.filter(observer__sis_user_id="g").update(state="deleted", updated_at=TODAY)
    ObservationLink.objects.filter(student__sis_user_id="s").update(
        state="deleted", updated_at=TODAY - timedelta(seconds=1)
    )
    rows, _warnings = rows_of(tmp_path, "user_observer", users=FAMILIES)
    assert links_of(rows) == [("g", "s", "active"), ("g", "t", "deleted"), ("h", "t", "deleted")]


@pytest.mark.parametrize("mode", ["bulk", "delta"])
@pytest.mark.django_db(transaction=True)
def test_a_comparison_does_not_hide_that_a_link_has_to_go(tmp_path, mode):
    make_links(("h", "s"))
    users = FAMILIES.replace(",,,,", ",active,,,") if mode == "delta" else FAMILIES
    for folder in (now := tmp_path / "now", before := tmp_path / "before"):
        folder.mkdir()
    with roster(now, mode, users=users) as new, roster(before, mode, users=users, is_to_compare=True) as old:
        [links, old_links] = [
            next(file for file in upload.files if file.kind == "user_observer") for upload in (new, old)
        ]
        assert links_of(list(old_links.rows())) == [("g", "s", "active")]
        found = [one.row for one in differing(links, old_links, KINDS["user_observer"].key) if one.position]
    assert links_of(found) == [("h", "s", "deleted")]


def test_all_is_not_the_whole_truth_unless_the_manifest_says_bulk_of_all(tmp_path):
    for modes, whole in [
        ({"orgs": "bulk", "users": "bulk"}, True),
        ({"orgs": "bulk", "users": "delta"}, False),
        ({"orgs": "bulk"}, False),
        ({}, False),
    ]:
        files = {"manifest.csv": manifest(**modes), "orgs.csv": ORGS, "users.csv": USERS}
        with zipped(tmp_path, files) as upload:
            assert upload.is_whole is whole
            assert len(upload.files) == 3


def test_without_a_manifest_nothing_counts_as_whole_and_that_is_said(tmp_path):
    with zipped(tmp_path, {"folder/Users.csv": USERS}) as upload:
        assert [file.kind for file in upload.files] == ["user", "user_observer"]
        assert not upload.is_whole
        assert "no manifest.csv" in upload.problems[0].message


def test_a_manifest_that_promises_what_is_missing_stops_everything(tmp_path):
    for broken in ({}, {"users.csv": "sourcedId,status\n"}, {"x/users.csv": USERS, "y/users.csv": USERS}):
        files = {"manifest.csv": manifest(orgs="bulk", users="bulk"), "orgs.csv": ORGS, **broken}
        with zipped(tmp_path, files) as upload:
            assert upload.files == []
            assert "lists users.csv" in upload.problems[-1].message
            assert upload.problems[-1].failure


def test_a_file_that_the_manifest_calls_absent_is_left_out(tmp_path):
    files = {"manifest.csv": manifest(orgs="bulk", users="absent"), "orgs.csv": ORGS, "users.csv": USERS}
    with zipped(tmp_path, files) as upload:
        assert [file.kind for file in upload.files] == ["account"]
        assert upload.is_whole
        assert [problem.file for problem in upload.problems] == ["users.csv"]


def source_of(tmp_path, lines, properties="", orgs="bulk", **files):
    """What is told as the source of an upload with these orgs, and these further lines of the manifest."""
    content = {f"{name}.csv": text for name, text in {"orgs": ORGS + lines, **files}.items()}
    content["manifest.csv"] = manifest(orgs=orgs, **dict.fromkeys(files, "delta")) + properties
    with open_upload(zip_of(tmp_path, content), "rosters.zip", at=TODAY) as upload:
        return upload.source


DISTRICT = "d,,,District,district,,\n"
SYSTEM = "source.systemName,Rosters\nsource.systemCode,R7\n"


@pytest.mark.parametrize(
    ("lines", "properties"),
    [
        # Written in another way.
        ("b,,,B,school,,\na,,,A,school,,\n", SYSTEM),
        ("a,,2025-01-01,New name,school,,\nb,,,B,school,,\n", SYSTEM),
        ("a,,,A,school,,gone\nb,,,B,school,,\n", SYSTEM),
        ("a,,,A,school,,\na,,,A,school,,\nb,,,B,school,,\n", SYSTEM),
        # What is below the top comes and goes, and so does the name of a system that has a code.
        ("a,,,A,school,,\nb,,,B,school,,\nc,,,C,department,,b\n", SYSTEM),
        ("a,,,A,school,,\nb,,,B,school,,\n", "source.systemCode, r7 \nsource.systemName,Rosters 2\n"),
    ],
)
def test_the_next_upload_of_a_source_is_known_again(tmp_path, lines, properties):
    first = source_of(tmp_path, "a,,,A,school,,\nb,,,B,school,,\n", SYSTEM)
    assert first
    assert source_of(tmp_path, lines, properties) == first


def test_no_two_sources_are_taken_for_one(tmp_path):
    uploads = [
        ("a,,,A,school,,\n", SYSTEM),
        ("b,,,B,school,,\n", SYSTEM),
        ("a,,,A,school,,\n", ""),
        ("a,,,A,school,,\n", "source.systemName,Rosters\n"),
        ("a,,,A,school,,\n", "source.systemName,Library\n"),
        ("a,,,A,school,,\nb,,,B,school,,\n", SYSTEM),
        # Each school sends its own, and the district above with it.
        (DISTRICT + "s1,,,One,school,,d\n", SYSTEM),
        (DISTRICT + "s2,,,Two,school,,d\n", SYSTEM),
        # The district sends them together.
        (DISTRICT + "s1,,,One,school,,d\ns2,,,Two,school,,d\n", SYSTEM),
        (DISTRICT.replace("d,", "e,", 1) + "s1,,,One,school,,e\ns2,,,Two,school,,e\n", SYSTEM),
    ]
    found = [source_of(tmp_path, *upload) for upload in uploads]
    assert all(found)
    assert len(set(found)) == len(uploads)


def test_a_school_is_the_same_whatever_stands_above_and_below_it(tmp_path):
    below = "m,,,Maths,department,,s1\n"
    found = {
        source_of(tmp_path, lines, SYSTEM)
        for lines in (
            "s1,,,One,school,,\n",
            DISTRICT + "s1,,,One,School,,d\n",
            DISTRICT + "s1,,,One,school,,d\n" + below,
        )
    }
    assert len(found) == 1


def test_a_district_stays_the_same_when_schools_come_and_go(tmp_path):
    schools = "s1,,,One,school,,d\ns2,,,Two,school,,d\n"
    assert source_of(tmp_path, DISTRICT + schools) == source_of(tmp_path, DISTRICT + schools + "s3,,,Three,school,,d\n")


def test_what_a_manifest_writes_for_no_answer_is_none(tmp_path):
    none = "source.systemCode,absent\nsource.systemName,\n"
    assert source_of(tmp_path, "a,,,A,school,,\n", none) == source_of(tmp_path, "a,,,A,school,,\n")


def test_changes_tell_their_source_only_with_all_orgs(tmp_path):
    line = "a,,,A,school,,\n"
    assert source_of(tmp_path, line, SYSTEM, users=USERS) == source_of(tmp_path, line, SYSTEM)
    assert source_of(tmp_path, line, SYSTEM, "delta", users=USERS) == ""


@pytest.mark.parametrize("lines", ["", "a,,,A,school,,b\nb,,,B,district,,a\n".replace("school", "state"), 'a,,,"A\n'])
def test_where_orgs_do_not_tell_there_is_no_source(tmp_path, lines):
    assert source_of(tmp_path, lines, SYSTEM) == ""


def test_without_orgs_there_is_no_source(tmp_path):
    files = {"manifest.csv": manifest(users="bulk") + SYSTEM, "users.csv": USERS}
    with zipped(tmp_path, files) as upload:
        assert upload.is_whole
        assert upload.source == ""


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
