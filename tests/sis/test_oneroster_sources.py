"""Which uploads of OneRoster come from the same source, and which say all there is."""

import pytest

from sis.upload.contents import open_upload
from tests.sis.oneroster import ORGS, TODAY, USERS, manifest
from tests.sis.rosters import zip_of, zipped

pytestmark = pytest.mark.django_db


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
