"""Microsoft School Data Sync v2.1, read as Canvas's roster files."""

import pytest

from sis.upload.contents import MalformedFile
from tests.sis.rosters import column, links_of, make_links, rows_by_kind, zipped

pytestmark = pytest.mark.django_db

USERS = "sourcedId,username,givenName,familyName,password\n"
ROLES = "userSourcedId,orgSourcedId,role,isPrimary,roleStartDate,roleEndDate\n"
RELATIONSHIPS = "userSourcedId,relationshipUserSourcedId,relationshipRole\n"


def test_only_guardians_of_students_are_linked(tmp_path):
    roles = ROLES + "s,o,student,TRUE,,\nt,o,teacher,TRUE,,\n"
    relationships = RELATIONSHIPS + "s,g,Guardian\ns,d,doctor\nt,g,parent\n?,g,relative\n"
    files = {"orgs.csv": "sourcedId,name\n", "users.csv": USERS, "roles.csv": roles, "relationships.csv": relationships}
    with zipped(tmp_path, files) as upload:
        rows = rows_by_kind(upload)["user_observer"]
        assert [(row.number, row.cells["observer_id"], row.cells["student_id"]) for row in rows] == [(2, "g", "s")]
        assert [problem.message for problem in upload.problems] == [
            "1 row of the kind “doctor” was left out: this kind is not imported. Imported: guardian, parent, relative.",
            "Relationships of people who are not students according to roles.csv: 2. No link was created.",
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


def test_the_orgs_of_school_data_sync_tell_the_source(tmp_path):
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
            assert any("not list are not removed" in problem.message for problem in upload.problems) != whole


def test_relationships_without_users_and_roles_link_nobody(tmp_path):
    with zipped(tmp_path, {"relationships.csv": RELATIONSHIPS + "s,g,guardian\n"}) as upload:
        assert rows_by_kind(upload) == {"user_observer": []}
