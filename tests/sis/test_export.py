"""user_observers.csv of the links in force, on the way out."""

import csv
import io

import pytest
from django.db import connection
from django.db.transaction import TransactionManagementError

from accounts.models import AuditEvent, ObservationLink, User
from accounts.text.csv_export import harmless
from courses.domain.observation import link as follow
from courses.models import Enrollment
from sis.export import Written, export
from tests.database import statements
from tests.factories import UserFactory, make_student

pytestmark = pytest.mark.django_db


def link(observer: User, student: User, **fields) -> ObservationLink:
    return ObservationLink.objects.create(observer=observer, student=student, **{"origin": "code", **fields})


def person(sis_id: str | None, **fields) -> User:
    return UserFactory(sis_user_id=sis_id, **fields)


def exported(admin: User | None = None) -> tuple[list[list[str]], Written]:
    written = Written()
    text = "".join(export(written, by=admin))
    return list(csv.reader(io.StringIO(text))), written


def test_every_link_in_force_is_a_line_whatever_made_it():
    student = person("S1")
    for observer, origin in [("P1", "code"), ("P2", "sis"), ("P3", "api")]:
        link(person(observer), student, origin=origin)
    link(person("P4"), student, state="deleted")
    link(person("P5", state="deleted"), student)
    link(person("P6"), person("S2", state="deleted"))
    link(person("P7", state="suspended"), student)
    lines, written = exported()
    assert lines == [
        ["observer_id", "student_id", "status"],
        ["P1", "S1", "active"], ["P2", "S1", "active"], ["P3", "S1", "active"], ["P7", "S1", "active"],
    ]  # fmt: skip
    assert written == Written(links=4)


def test_without_links_there_is_a_header():
    assert exported() == ([["observer_id", "student_id", "status"]], Written())


def test_people_without_a_sis_id_are_left_out_and_counted():
    link(person(None), person("S1"))
    link(person("P1"), person(None))
    link(person("P2"), person(""))
    assert exported()[1] == Written(without_id=3)


def test_a_link_limited_to_some_courses_would_open_all_elsewhere_and_is_left_out():
    link(person("P1"), person("S1"), scope="courses")
    assert exported()[1] == Written(limited=1)


@pytest.mark.parametrize(
    "sis_id",
    [
        "=1+1",
        "+49",
        "-12",
        "@sum",
        "＝1",
        " =1",
        "\t1",
        " 12",
        "12 ",
        "a\nb",
        "a\rb",
        "\u202ea",
        "\ufeffa",
        "a;=1+1",
        "a\t+1",
        "a|-1",
        "a,@b",
    ],
)
def test_ids_that_a_spreadsheet_would_run_or_a_reader_would_change_are_left_out(sis_id):
    link(person(sis_id), person("S1"))
    link(person("P1"), person("S2"))
    lines, written = exported()
    assert written == Written(links=1, unfit=1)
    assert all(cell == harmless(cell) == cell.strip() for line in lines for cell in line)


@pytest.mark.parametrize("sis_id", ["a,b", 'say "hi"', "007", "Ärger-1", "a b", "1e5", "'x", "a=b"])
def test_other_ids_come_as_they_are(sis_id):
    link(person(sis_id), person("S1"))
    lines, written = exported()
    assert (lines[1], written) == ([sis_id, "S1", "active"], Written(links=1))


def test_the_export_is_recorded_before_its_first_line():
    admin = person("A")
    export(Written(), by=admin)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor) == ("links.exported", admin)


def test_any_number_of_links_is_one_statement_and_a_few_lines_at_a_time():
    link(person("P"), person("S"))
    before = statements(exported)
    for n in range(30):
        link(person(f"P{n}"), person(f"S{n}"))
    assert statements(exported) == before
    pieces = list(export(Written(), by=None))
    assert all(len(piece) < 100_000 for piece in pieces)


def everything() -> list[list[tuple]]:
    with connection.cursor() as cursor:
        rows = []
        for model in (User, ObservationLink, Enrollment):
            fields = [
                field.column
                for field in model._meta.concrete_fields
                # Who touched a record last, and when, is not what it says.
                if field.column not in ("sis_import_id", "updated_at")
            ]
            names = ", ".join(f'"{field}"' for field in fields)
            cursor.execute(f'SELECT {names} FROM "{model._meta.db_table}" ORDER BY id')  # noqa: S608
            rows.append(cursor.fetchall())
    return rows


def test_rows_are_not_read_a_few_at_a_time_outside_of_a_transaction(transactional_db):
    with pytest.raises(TransactionManagementError):
        list(export(Written(), by=None))


def test_importing_what_was_exported_changes_nothing(load):
    for n in range(3):
        student = make_student(sis_user_id=f"S{n}")
        for m in range(2):
            follow(person(f"P{n}{m}"), student, origin=ObservationLink.Origin.CODE, by=None)
    link(person("P limited"), person("S limited"), scope="courses")
    link(person("=P"), make_student(sis_user_id="S9"))
    text = "".join(export(Written(), by=None))
    before = everything()
    made = load(user_observers=text)
    assert (made.workflow_state, made.data["counts"]["user_observers"]) == ("imported", 6)
    assert everything() == before
