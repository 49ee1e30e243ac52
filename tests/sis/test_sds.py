"""Microsoft School Data Sync v2.1, read as Canvas's roster files."""

from datetime import UTC, datetime

import pytest

from sis.reading.uploads import MalformedFile, open_upload
from tests.sis.rosters import column, links_of, make_links, rows_by_kind, sample, zipped

pytestmark = pytest.mark.django_db

USERS = "sourcedId,username,givenName,familyName,password\n"
ROLES = "userSourcedId,orgSourcedId,role,isPrimary,roleStartDate,roleEndDate\n"
RELATIONSHIPS = "userSourcedId,relationshipUserSourcedId,relationshipRole\n"


def test_the_sample(tmp_path):
    with open_upload(sample(tmp_path, "sds-v2.1"), "a.zip", at=datetime(2021, 10, 1, tzinfo=UTC)) as upload:
        rows = rows_by_kind(upload)
        assert upload.is_whole
        assert {kind: len(found) for kind, found in rows.items()} == {
            "account": 4, "term": 2, "course": 2, "section": 2, "user": 8, "enrollment": 6, "user_observer": 3,
        }  # fmt: skip
        assert column(rows["user_observer"], "observer_id", "student_id", "status") == [
            ("114002", "114001", "active"),
            ("114002", "114003", "active"),
            ("114005", "114004", "active"),
        ]
        assert column(rows["user"], "declared_user_type") == [
            "student", "observer", "student", "student", "observer", "teacher", "teacher", "student",
        ]  # fmt: skip
        assert column(rows["account"], "account_id", "parent_account_id") == [
            ("110001", None), ("110004", None), ("110002", "110001"), ("110003", "110004"),
        ]  # fmt: skip
        assert column(rows["course"], "course_id", "short_name", "account_id", "term_id") == [
            ("112001", "CS101", "110001", "FS2021HED"),
            ("112002", "B10", "110003", "SY2021K12"),
        ]
        assert column(rows["enrollment"], "section_id", "user_id", "role") == [
            ("112001", "114008", "student"), ("112001", "114006", "teacher"), ("112002", "114001", "student"),
            ("112002", "114003", "student"), ("112002", "114004", "student"), ("112002", "114007", "teacher"),
        ]  # fmt: skip
        assert [problem.file for problem in upload.problems] == ["demographics.csv", "userFlags.csv"]


def test_only_guardians_of_students_are_linked(tmp_path):
    roles = ROLES + "s,o,student,TRUE,,\nt,o,teacher,TRUE,,\n"
    relationships = RELATIONSHIPS + "s,g,Guardian\ns,d,doctor\nt,g,parent\n?,g,relative\n"
    files = {"orgs.csv": "sourcedId,name\n", "users.csv": USERS, "roles.csv": roles, "relationships.csv": relationships}
    with zipped(tmp_path, files) as upload:
        rows = rows_by_kind(upload)["user_observer"]
        assert [(row.number, row.cells["observer_id"], row.cells["student_id"]) for row in rows] == [(2, "g", "s")]
        assert [problem.message for problem in upload.problems] == [
            "1 row of the kind “doctor” has no place here and was left out.",
            "Relationships of people who are not students according to roles.csv: 2. No link was made.",
        ]


WHOLE = {
    "orgs.csv": "sourcedId,name\n",
    "users.csv": USERS + "s,s,,,\nt,t,,,\ng,g,,,\nh,h,,,\n",
    "roles.csv": ROLES + "s,o,student,TRUE,,\nt,o,student,TRUE,,\n",
}


# Links are looked up on a connection of its own, which sees only what is committed.
@pytest.mark.django_db(transaction=True)
def test_all_there_is_ends_links_of_rosters_that_it_does_not_make(tmp_path):
    make_links(("g", "s"), ("h", "s"), ("h", "elsewhere"), ("elsewhere", "t"))
    relationships = RELATIONSHIPS + "s,g,parent\nt,h,doctor\n"
    with zipped(tmp_path, {**WHOLE, "relationships.csv": relationships}) as upload:
        rows = rows_by_kind(upload)["user_observer"]
    assert [(row.number, *found) for row, found in zip(rows, links_of(rows), strict=True)] == [
        (2, "g", "s", "active"), (0, "h", "s", "deleted"),
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_without_orgs_no_link_ends(tmp_path):
    make_links(("h", "s"))
    files = {**WHOLE, "relationships.csv": RELATIONSHIPS + "s,g,parent\n"}
    del files["orgs.csv"]
    with zipped(tmp_path, files) as upload:
        assert links_of(rows_by_kind(upload)["user_observer"]) == [("g", "s", "active")]


@pytest.mark.django_db(transaction=True)
def test_relationships_without_any_end_only_links_that_came_with_people(tmp_path):
    make_links(("h", "s"))
    with zipped(tmp_path, {**WHOLE, "relationships.csv": RELATIONSHIPS}) as upload:
        assert rows_by_kind(upload)["user_observer"] == []
        assert [problem.file for problem in upload.problems] == ["relationships.csv"]
        assert upload.problems[0].message.startswith("1 link was kept")


def test_a_fault_in_the_relationships_leaves_the_people_be(tmp_path):
    files = {"users.csv": USERS + "u,sam,Sam,P,hush\n", "roles.csv": ROLES, "relationships.csv": RELATIONSHIPS + '"'}
    with zipped(tmp_path, files) as upload:
        users, links = upload.files
        assert column(list(users.rows()), "user_id", "declared_user_type") == [("u", None)]
        with pytest.raises(MalformedFile, match="relationships"):
            next(links.rows())


def test_without_relationships_there_is_nothing_about_links(tmp_path):
    with zipped(tmp_path, {"users.csv": USERS, "roles.csv": ROLES}) as upload:
        assert [file.kind for file in upload.files] == ["user"]


def test_that_all_there_is_has_no_relationships_is_said(tmp_path):
    with zipped(tmp_path, WHOLE) as upload:
        assert upload.is_whole
        assert "user_observer" not in rows_by_kind(upload)
        assert [(problem.file, problem.failure) for problem in upload.problems] == [("users.csv", False)]
        assert "links stay as they are" in upload.problems[0].message


def test_the_orgs_tell_the_source(tmp_path):
    found = []
    for orgs in ["a,A\nb,B\n", "b,B\na,New name\n", "a,A\nc,C\n", ""]:
        with zipped(tmp_path, {**WHOLE, "orgs.csv": f"sourcedId,name\n{orgs}"}) as upload:
            found.append(upload.source)
    assert found[0] == found[1] != found[2]
    assert [bool(source) for source in found] == [True, True, True, False]


def test_one_file_by_itself_is_not_all_there_is(tmp_path):
    orgs = "sourcedId,name\n"
    for files, whole in [
        ({"users.csv": USERS}, False),
        ({"users.csv": USERS, "roles.csv": ROLES}, False),
        ({"users.csv": USERS, "roles.csv": ROLES, "orgs.csv": orgs}, True),
        ({"users.csv": USERS, "roles.csv": ROLES, "orgs.csv": '"'}, False),
    ]:
        with zipped(tmp_path, files) as upload:
            assert upload.is_whole is whole
            assert any("nothing that the files leave out" in problem.message for problem in upload.problems) != whole


def test_relationships_without_users_and_roles_link_nobody(tmp_path):
    with zipped(tmp_path, {"relationships.csv": RELATIONSHIPS + "s,g,guardian\n"}) as upload:
        assert rows_by_kind(upload) == {"user_observer": []}
