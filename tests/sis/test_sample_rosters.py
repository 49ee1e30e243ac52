"""Whole rosters of OneRoster and School Data Sync, invented for these tests, from the files to the records."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from accounts.models import Account, ObservationLink, User
from courses.models import Course, Enrollment, Section, Term
from sis.upload.contents import open_upload
from tests.sis.rosters import column, links_of, rows_by_kind, sample_roster, sample_texts

pytestmark = pytest.mark.django_db

IN_AUTUMN = datetime(2024, 10, 1, tzinfo=UTC)
A_YEAR_LATER = datetime(2025, 9, 1, tzinfo=UTC)
MODELS = (Account, Term, Course, Section, User, Enrollment, ObservationLink)


@pytest.fixture
def read(tmp_path):
    """`read(name, at=…)` gives the rows of a sample by kind, and what was said of each file."""

    def read(name, at=IN_AUTUMN):
        with open_upload(sample_roster(tmp_path, name), "rosters.zip", at=at) as upload:
            assert upload.is_whole
            rows = rows_by_kind(upload)
            assert not any(problem.failure or problem.row for problem in upload.problems)
            return rows, [(problem.file, problem.message) for problem in upload.problems]

    return read


def counts(rows):
    return {kind: len(found) for kind, found in rows.items()}


def test_oneroster_1_1_brings_accounts_terms_courses_people_and_links(read):
    rows, _said = read("oneroster-1.1")
    assert counts(rows) == {
        "account": 3, "term": 2, "course": 3, "section": 3, "user": 7, "enrollment": 6, "user_observer": 3,
    }  # fmt: skip
    assert column(rows["account"], "name", "parent_account_id") == [
        ("Hollow Brook District", None),
        ("Willow School, Lower Site", "hb-d"),
        ("Zurich International", "hb-d"),
    ]
    assert column(rows["user"], "last_name")[1:3] == ["de la Cruz, Jr.", "Żółć"]


def test_oneroster_1_1_links_the_parents_and_guardians_of_students_only(read):
    rows, said = read("oneroster-1.1")
    assert links_of(rows["user_observer"]) == [
        ("p-iris", "p-noor", "active"),
        ("p-juan", "p-noor", "active"),
        ("p-iris", "p-emil", "active"),
    ]
    agents = "Agents who are not a guardian, parent or relative of a student: 1. No link was created."
    assert ("users.csv", agents) in said


def test_in_oneroster_1_1_what_is_to_be_deleted_is_and_the_people_of_a_closed_class_go_with_it(read):
    rows, _said = read("oneroster-1.1")
    assert column(rows["course"], "course_id", "term_id", "status") == [
        ("cl-bio7a", "tm-a", "published"),
        ("cl-art", "tm-old", "published"),
        ("cl-old", "tm-a", "deleted"),
    ]
    assert Counter(column(rows["user"], "status")) == {"active": 5, "deleted": 1, "suspended": 1}
    gone = {("cl-art", "p-noor", "deleted"), ("cl-old", "p-noor", "deleted")}
    assert gone <= set(column(rows["enrollment"], "section_id", "user_id", "status"))


def test_oneroster_1_1_says_what_has_no_place_here(read):
    _rows, said = read("oneroster-1.1")
    assert Counter(file for file, _message in said) == {
        "demographics.csv": 1, "academicSessions.csv": 2, "classes.csv": 1, "users.csv": 1,
    }  # fmt: skip


def test_in_oneroster_1_2_a_teacher_can_be_a_guardian_as_well(read):
    rows, said = read("oneroster-1.2")
    assert counts(rows) == {
        "account": 1, "term": 1, "course": 1, "section": 1, "user": 4, "enrollment": 3, "user_observer": 2,
    }  # fmt: skip
    assert links_of(rows["user_observer"]) == [("mp-olga", "mp-finn", "active"), ("mp-olga", "mp-kai", "active")]
    assert column(rows["user"], "short_name", "declared_user_type", "pronouns") == [
        ("Olly Brandt", "teacher", "she/her"),
        (None, "student", "they/them"),
        (None, "student", None),
        (None, "administrative", None),
    ]
    assert said[-1][1] == "Agents who are not a guardian, parent or relative of a student: 1. No link was created."


def test_in_oneroster_1_2_the_guardian_is_none_any_more_once_that_role_has_ended(read):
    rows, said = read("oneroster-1.2", at=A_YEAR_LATER)
    assert rows["user_observer"] == []
    assert said[-1][1] == "Agents whose guardian role is not valid today: 2. No link was created."
    assert set(column(rows["enrollment"], "status")) == {"completed"}


def test_a_maker_of_oneroster_who_fills_in_little_is_understood(read):
    rows, said = read("oneroster-bare")
    assert counts(rows) == {
        "account": 2, "term": 0, "course": 2, "section": 2, "user": 2, "enrollment": 3, "user_observer": 0,
    }  # fmt: skip
    assert column(rows["account"], "account_id", "parent_account_id") == [("1", None), ("2", "1")]
    assert column(rows["enrollment"], "section_id", "user_id", "role", "status") == [
        ("k1", "n1", "student", "active"),
        ("k2", "n1", "student", "active"),
        ("k2", "n2", "student", "active"),
    ]
    assert [file for file, _message in said] == ["demographics.csv"]


def test_school_data_sync_brings_guardians_and_relatives(read):
    rows, said = read("sds-2.1")
    assert counts(rows) == {
        "account": 2, "term": 1, "course": 1, "section": 1, "user": 4, "enrollment": 3, "user_observer": 2,
    }  # fmt: skip
    assert links_of(rows["user_observer"]) == [("u-rut", "u-lars", "active"), ("u-rut", "u-mina", "active")]
    assert column(rows["user"], "declared_user_type") == ["student", "student", "observer", "teacher"]
    assert column(rows["course"], "course_id", "short_name", "account_id", "term_id") == [
        ("k-geo", "GEO", "o-2", "y25")
    ]
    assert [file for file, _message in said] == ["demographics.csv"]


def records():
    """How many there are of each, and who observes whom."""
    links = ObservationLink.objects.filter(state="active").order_by("id")
    return (
        [model.objects.count() for model in MODELS],
        list(links.values_list("observer__sis_user_id", "student__sis_user_id")),
        Counter(Enrollment.objects.values_list("type", "state")),
    )


@pytest.mark.parametrize("name", ["oneroster-1.1", "oneroster-1.2", "oneroster-bare", "sds-2.1"])
def test_a_roster_arrives_whole_and_a_second_time_changes_nothing(load, name):
    made = load(**sample_texts(name))
    assert made.workflow_state == "imported_with_messages"
    assert not made.sis_import_errors.exclude(kind="file").exists()
    after_once = records()
    again = load(**sample_texts(name))
    assert again.data["statistics"]["total_state_changes"] == 0
    assert records() == after_once


def test_what_a_whole_roster_does_not_list_any_more_goes(load):
    texts = sample_texts("sds-2.1")
    load(**texts)
    assert User.objects.get(sis_user_id="u-mina").state == "registered"
    without = {name: "\n".join(row for row in text.splitlines() if "u-mina" not in row) for name, text in texts.items()}
    load(**without)
    assert User.objects.get(sis_user_id="u-mina").state == "deleted"
    live = ObservationLink.objects.filter(state="active")
    assert list(live.values_list("student__sis_user_id", flat=True)) == ["u-lars"]
