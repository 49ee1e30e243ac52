"""Rosters that real tools made, from the files to the records: run where they lie beside the checkout."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from accounts.models import Account, ObservationLink, User
from courses.models import Course, Enrollment, Section, Term
from sis.upload.contents import open_upload
from tests.sis.rosters import PUBLIC, column, links_of, rows_by_kind, sample_roster, sample_texts

pytestmark = pytest.mark.django_db

TODAY = datetime(2025, 3, 1, 12, tzinfo=UTC)
MODELS = (Account, Term, Course, Section, User, Enrollment, ObservationLink)


def records() -> tuple:
    """How many there are of each, who observes whom, and who is in the courses as what."""
    links = ObservationLink.objects.filter(state="active").order_by("id")
    return (
        [model.objects.count() for model in MODELS],
        list(links.values_list("observer__sis_user_id", "student__sis_user_id")),
        Counter(Enrollment.objects.values_list("type", "state")),
    )


@pytest.mark.parametrize(
    ("name", "counts", "links", "enrollments"),
    [
        (
            "oneroster-v1p1-moodle-full",
            # The root account and the admin who imports are there already.
            [2, 3, 2, 2, 7, 6, 1],
            [("usr-222-1234561", "usr-222-66778899")],
            {("TeacherEnrollment", "completed"): 1, ("StudentEnrollment", "completed"): 2,
             ("TeacherEnrollment", "deleted"): 1, ("StudentEnrollment", "deleted"): 2},
        ),
        (
            "oneroster-v1p2-moodle",
            # The role of the only guardian has ended in the meantime.
            [2, 3, 2, 2, 7, 6, 0],
            [],
            {("TeacherEnrollment", "completed"): 1, ("StudentEnrollment", "completed"): 2,
             ("TeacherEnrollment", "deleted"): 1, ("StudentEnrollment", "deleted"): 2},
        ),
        ("oneroster-v1p1-tao", [3, 0, 3, 3, 3, 3, 0], [], {("StudentEnrollment", "active"): 3}),
        (
            "sds-v2.1",
            [5, 2, 2, 2, 9, 9, 3],
            [("114002", "114001"), ("114002", "114003"), ("114005", "114004")],
            {("StudentEnrollment", "active"): 4, ("TeacherEnrollment", "active"): 2,
             ("ObserverEnrollment", "active"): 3},
        ),
    ],
)  # fmt: skip
def test_a_sample_arrives_whole_and_a_second_time_changes_nothing(load, name, counts, links, enrollments):
    for _again in range(2):
        made = load(**sample_texts(name, PUBLIC))
        assert made.workflow_state == "imported_with_messages"
        assert not made.sis_import_errors.exclude(kind="file").exists()
        assert records() == (counts, links, Counter(enrollments))
    changes = made.data["statistics"]
    assert changes["total_state_changes"] == 0


def test_what_a_whole_roster_does_not_list_any_more_goes(load):
    texts = sample_texts("sds-v2.1", PUBLIC)
    load(**texts)
    people = texts["users"].splitlines()
    gone = people[-1].split(",")[0].strip('"')
    assert User.objects.get(sis_user_id=gone).state == "registered"
    texts = {name: "\n".join(line for line in text.splitlines() if gone not in line) for name, text in texts.items()}
    load(**texts)
    assert User.objects.get(sis_user_id=gone).state == "deleted"


def test_the_public_sample_of_oneroster_1_1_is_read(tmp_path):
    with open_upload(sample_roster(tmp_path, "oneroster-v1p1-moodle-full", PUBLIC), "a.zip", at=TODAY) as upload:
        rows = rows_by_kind(upload)
        assert upload.is_whole
        assert {kind: len(found) for kind, found in rows.items()} == {
            "account": 1, "term": 3, "course": 2, "section": 2, "user": 6, "enrollment": 6, "user_observer": 1,
        }  # fmt: skip
        assert [file.name for file in upload.files] == [
            "orgs.csv", "academicSessions.csv", "classes.csv", "classes.csv", "users.csv", "enrollments.csv",
            "users.csv",
        ]  # fmt: skip
        assert links_of(rows["user_observer"]) == [("usr-222-1234561", "usr-222-66778899", "active")]
        assert rows["user_observer"][0].number == 4
        assert Counter(column(rows["user"], "status", "declared_user_type")) == {
            ("active", "teacher"): 2, ("active", "student"): 3, ("active", "observer"): 1,
        }  # fmt: skip
        assert Counter(column(rows["enrollment"], "role", "status")) == {
            ("teacher", "completed"): 1, ("student", "completed"): 2,
            # In the class that is to be deleted.
            ("teacher", "deleted"): 1, ("student", "deleted"): 2,
        }  # fmt: skip
        assert column(rows["course"], "short_name", "term_id", "status") == [
            ("Phys 100 - 1", "as-trm-222-1234", "published"),
            ("2", "as-trm-222-1234", "deleted"),
        ]
        assert column(rows["term"], "term_id") == ["as-trm-222-1234", "as-grp-222-2345", "as-trm-222-1235"]
        found = Counter(problem.file for problem in upload.problems)
        assert found == {"orgs.csv": 1, "academicSessions.csv": 2, "classes.csv": 1, "users.csv": 1}
        assert not any(problem.failure or problem.row for problem in upload.problems)


def test_the_public_sample_of_oneroster_1_2_is_read(tmp_path):
    with open_upload(sample_roster(tmp_path, "oneroster-v1p2-moodle", PUBLIC), "a.zip", at=TODAY) as upload:
        rows = rows_by_kind(upload)
        assert upload.is_whole
        assert {kind: len(found) for kind, found in rows.items()} == {
            "account": 1, "term": 3, "course": 2, "section": 2, "user": 6, "enrollment": 6, "user_observer": 2,
        }  # fmt: skip
        # A teacher who is a guardian as well, named by two students.
        assert links_of(rows["user_observer"]) == [
            ("usr-222-123456", "usr-222-66778899", "active"),
            ("usr-222-123456", "usr-222-1234561232", "active"),
        ]
        assert column(rows["user"], "declared_user_type") == [
            "teacher", "student", "administrative", "teacher", "student", "student",
        ]  # fmt: skip
        assert column(rows["user"], "pronouns")[:3] == ["he/him/his", "she/her/hers", None]
        assert "Agents who are not a guardian, parent or relative of a student: 3." in upload.problems[-1].message


def test_in_the_sample_of_1_2_the_guardian_is_none_any_more_once_that_role_has_ended(tmp_path):
    with open_upload(
        sample_roster(tmp_path, "oneroster-v1p2-moodle", PUBLIC), "a.zip", at=datetime(2025, 9, 23, 12, tzinfo=UTC)
    ) as upload:
        assert rows_by_kind(upload)["user_observer"] == []
        assert "not valid today: 2." in upload.problems[-1].message


def test_another_vendors_sample_of_oneroster_is_read(tmp_path):
    with open_upload(sample_roster(tmp_path, "oneroster-v1p1-tao", PUBLIC), "a.zip", at=TODAY) as upload:
        rows = rows_by_kind(upload)
        assert upload.is_whole
        assert {kind: len(found) for kind, found in rows.items()} == {
            "account": 2, "term": 0, "course": 3, "section": 3, "user": 2, "enrollment": 3, "user_observer": 0,
        }  # fmt: skip
        assert column(rows["account"], "account_id", "parent_account_id") == [("54321", None), ("12345", "54321")]
        assert column(rows["enrollment"], "section_id", "user_id", "role", "status") == [
            ("class1", "user1", "student", "active"),
            ("class2", "user1", "student", "active"),
            ("class3", "user2", "student", "active"),
        ]
        assert [problem.file for problem in upload.problems] == ["demographics.csv"]


def test_the_sample_of_school_data_sync(tmp_path):
    with open_upload(
        sample_roster(tmp_path, "sds-v2.1", PUBLIC), "a.zip", at=datetime(2021, 10, 1, tzinfo=UTC)
    ) as upload:
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
