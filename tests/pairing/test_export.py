"""The file with a code for each student of a class."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone

from accounts.memory import remembering
from accounts.models import BaseType, User
from accounts.text.names import tidied
from courses.models import Course, Enrollment, Section
from pairing import code_text
from pairing.domain.codes import issue
from pairing.domain.eligibility import why_not_for_class
from pairing.domain.export import Forecast, export, file_name, forecast, last_export
from pairing.domain.redemption import redeem
from pairing.errors import ExportedJustNow
from pairing.models import PairingCode
from tests.database import refuse_new_rows, statements
from tests.factories import (
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_student,
    make_students,
)

pytestmark = pytest.mark.usefixtures("root")
BERLIN = ZoneInfo("Europe/Berlin")
HEADINGS = ["Last Name", "First Name", "SIS ID", "Pairing Code", "Expires At"]


def exported(course: Course, by: User | None = None, zone: ZoneInfo = BERLIN) -> str:
    return "".join(once_more(course, by=by or make_admin(), zone=zone))


def once_more(course: Course, by: User, zone: ZoneInfo = BERLIN) -> Iterator[str]:
    """An export by somebody who knows of the last one."""
    last = last_export(course, by=by)
    return export(course, by=by, zone=zone, after=last.pk if last else None)


def rows_of(course: Course, **how) -> list[list[str]]:
    """What a spreadsheet gets to see, without the headings."""
    headings, *rows = csv.reader(io.StringIO(exported(course, **how).removeprefix("\ufeff"), newline=""))
    assert headings == HEADINGS
    return rows


def test_the_file_begins_with_a_mark_that_makes_spreadsheets_read_utf_8():
    section = SectionFactory()
    make_student(section, name="Zoë Łukasz")
    text = exported(section.course)
    assert text.startswith('\ufeff"Last Name","First Name",')
    assert text.encode().startswith(b"\xef\xbb\xbf")
    assert '"Łukasz","Zoë",' in text
    assert text.endswith("\r\n")


def test_a_row_holds_the_name_the_sis_id_a_code_that_works_and_its_end():
    section = SectionFactory()
    student = make_student(section, name="Ana Maria Diaz", sis_user_id="S-17")
    ((last, first, sis, text, until),) = rows_of(section.course)
    assert (last, first, sis) == ("Diaz", "Ana Maria", "S-17")
    observer = UserFactory()
    assert redeem(text, observer=observer, by=observer, network="192.0.2.1").link.student == student
    assert datetime.fromisoformat(until) == PairingCode.objects.get().expires_at.replace(microsecond=0)


def test_a_student_without_sis_id_or_with_one_name_leaves_the_cell_empty():
    section = SectionFactory()
    make_student(section, name="Cher", sis_user_id=None)
    ((last, first, sis, text, _until),) = rows_of(section.course)
    assert (last, first, sis) == ("", "Cher", "")
    assert code_text.complaint(text) is None


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns"])
def test_times_are_iso_8601_with_the_readers_offset(zone):
    section = SectionFactory()
    make_student(section)
    ((*_rest, until),) = rows_of(section.course, zone=ZoneInfo(zone))
    moment = datetime.fromisoformat(until)
    assert moment.utcoffset() == moment.astimezone(ZoneInfo(zone)).utcoffset()
    assert moment == PairingCode.objects.get().expires_at.replace(microsecond=0)
    assert len(until) == len("2030-01-08T10:15:30+00:00")


def test_students_stand_in_the_order_of_the_class_list():
    section = SectionFactory()
    for name in ("Bo Zander", "Cy adams", "Al Brown", "Di Adams"):
        make_student(section, name=name)
    assert [row[:2] for row in rows_of(section.course)] == [
        ["adams", "Cy"],
        ["Adams", "Di"],
        ["Brown", "Al"],
        ["Zander", "Bo"],
    ]


def test_a_student_of_several_sections_gets_one_row_and_one_code():
    course = CourseFactory()
    make_student(*[SectionFactory(course=course) for _ in range(3)])
    make_student(SectionFactory(course=course))
    assert len(rows_of(course)) == PairingCode.objects.count() == 2


def test_who_is_a_student_now_is_in_the_file_and_nobody_else():
    section = SectionFactory()
    for state in Enrollment.State.values:
        EnrollmentFactory(section=section, state=state, user__name=f"Sam {state}")
    EnrollmentFactory(section=section, type=BaseType.TEACHER)
    EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=make_student())
    make_student(SectionFactory())
    make_student(section, state=User.State.DELETED)
    make_student(SectionFactory(course=section.course, workflow_state=Section.State.DELETED))
    assert [last for last, *_ in rows_of(section.course)] == ["active"]


def test_an_empty_class_gives_the_headings_alone():
    assert rows_of(CourseFactory()) == []


def test_codes_are_made_before_the_first_line_is_read_and_all_or_none():
    section = SectionFactory()
    make_students(3, section)
    once_more(section.course, by=make_admin())
    assert PairingCode.objects.count() == 3
    refuse_new_rows("accounts_auditevent")
    with pytest.raises(IntegrityError, match="out_of_order"):
        once_more(section.course, by=make_admin())
    assert PairingCode.objects.count() == 3


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+49", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "\uff1d1", "\uff0d1", "\ufeff=1"],
)
def test_no_cell_is_taken_for_a_formula(name):
    section = SectionFactory()
    make_student(section, name="x", sortable_name=tidied(f"{name},{name}"), sis_user_id=name)
    ((last, first, sis, _text, _until),) = rows_of(section.course)
    assert {cell[0] for cell in (last, first, sis)} == {"'"}
    assert sis.replace("'", "") == name


@pytest.mark.parametrize(
    ("sortable_name", "columns"),
    [
        ('O"Neil, Ann, Bea', ['O"Neil', "Ann Bea"]),
        ("de la Cruz, Kim", ["de la Cruz", "Kim"]),
        ("Lake, Sam, Jr.", ["Lake", "Sam Jr."]),
        ("Lake, Sam III", ["Lake", "Sam III"]),
        ("St. Clair,", ["St. Clair", ""]),
        ("Mia Lake", ["Lake", "Mia"]),
    ],
)
def test_the_two_columns_of_names_are_the_parts_of_the_sortable_name(sortable_name, columns):
    section = SectionFactory()
    make_student(section, name="x", sortable_name=sortable_name)
    assert rows_of(section.course)[0][:2] == columns


@pytest.mark.parametrize(
    ("course_code", "name"),
    [
        ("BIO-101", "BIO-101_Pairing_Codes.csv"),
        ("Größe 7.b", "Größe 7.b_Pairing_Codes.csv"),
        ('a/b\\c"d\r\ne:f', "a_b_c_d__e_f_Pairing_Codes.csv"),
    ],
)
def test_the_file_is_named_after_the_course_code(course_code, name):
    assert file_name(CourseFactory(course_code=course_code)) == name


def test_a_course_without_a_code_gives_its_number_to_the_file():
    course = CourseFactory(course_code=" ")
    assert file_name(course) == f"{course.pk}_Pairing_Codes.csv"


def test_3000_students_take_as_many_statements_as_30_and_come_in_pieces():
    admin, small, large = make_admin(), SectionFactory(), SectionFactory()
    make_students(30, small)
    make_students(3000, large)
    for_30 = statements(lambda: exported(small.course, by=admin))
    pieces = []
    assert statements(lambda: pieces.extend(once_more(large.course, by=admin))) == for_30
    assert len(pieces) > 5
    headings, *rows = csv.reader(io.StringIO("".join(pieces).removeprefix("\ufeff"), newline=""))
    assert headings == HEADINGS
    assert len(rows) == len({row[3] for row in rows}) == 3000
    assert rows == sorted(rows)
    stored = {bytes(digest) for digest in PairingCode.objects.live().values_list("digest", flat=True)}
    assert {code_text.digest(row[3]) for row in rows} <= stored


def test_the_forecast_says_how_many_students_and_whose_oldest_code_would_end():
    section = SectionFactory()
    full, nearly, _fresh = (make_student(section) for _ in range(3))
    make_student(SectionFactory(course=section.course))
    for _ in range(5):
        issue(full, by=full)
    for _ in range(4):
        issue(nearly, by=nearly)
    elsewhere = make_student()
    for _ in range(5):
        issue(elsewhere, by=elsewhere)
    assert forecast(section.course, by=UserFactory()) == Forecast(students=4, dropping=1)
    exported(section.course)
    assert forecast(section.course, by=UserFactory()) == Forecast(students=4, dropping=2)
    week = timedelta(days=7)
    codes = PairingCode.objects.filter(student=full)
    codes.update(issued_at=F("issued_at") - week, expires_at=F("expires_at") - week)
    assert forecast(section.course, by=UserFactory()) == Forecast(students=4, dropping=1)


def test_what_the_forecast_says_comes_true():
    section = SectionFactory()
    full = make_student(section)
    make_student(section)
    for _ in range(5):
        issue(full, by=full)
    before = PairingCode.objects.live().count()
    expected = forecast(section.course, by=UserFactory())
    exported(section.course)
    assert PairingCode.objects.live().count() == before + expected.students - expected.dropping


def test_what_came_of_the_last_export_can_be_read():
    section, admin = SectionFactory(), make_admin()
    full = make_student(section)
    make_student(section)
    for _ in range(5):
        issue(full, by=full)
    assert last_export(section.course, by=admin) is None
    exported(section.course, by=admin)
    exported(SectionFactory().course)
    last = last_export(section.course, by=make_admin())
    assert last
    assert (last.by, last.students, last.dropped, last.is_recent) == (admin, 2, 1, True)


def test_a_code_that_had_run_out_does_not_count_as_ended_by_an_export():
    section = SectionFactory()
    student = make_student(section)
    issue(student, by=student)
    week = timedelta(days=8)
    PairingCode.objects.update(issued_at=F("issued_at") - week, expires_at=F("expires_at") - week)
    exported(section.course)
    last = last_export(section.course, by=make_admin())
    assert last
    assert last.dropped == 0


def test_a_second_export_within_ten_minutes_makes_nothing_unless_the_first_is_known():
    section = SectionFactory()
    make_student(section)
    first = exported(section.course)
    for after in (None, 0, -1):
        with pytest.raises(ExportedJustNow):
            export(section.course, by=make_admin(), zone=BERLIN, after=after)
    assert PairingCode.objects.count() == 1
    last = last_export(section.course, by=make_admin())
    assert last
    assert "".join(export(section.course, by=make_admin(), zone=BERLIN, after=last.pk)) != first
    # Of two who know of the first, only one makes another.
    with pytest.raises(ExportedJustNow):
        export(section.course, by=make_admin(), zone=BERLIN, after=last.pk)
    assert PairingCode.objects.count() == 2


def test_the_export_of_another_section_is_nothing_to_whoever_is_limited_to_their_own():
    section, other = SectionFactory(), SectionFactory()
    Section.objects.filter(pk=other.pk).update(course=section.course)
    make_student(section)
    make_students(2, other)
    mine, theirs = (
        EnrollmentFactory(section=each, type=BaseType.TEACHER, limit_privileges_to_course_section=True).user
        for each in (section, other)
    )
    exported(section.course, by=theirs)
    assert last_export(section.course, by=mine) is None
    exported(section.course, by=make_admin())
    last = last_export(section.course, by=mine)
    assert last
    assert last.students == 1


def test_ten_minutes_later_nobody_is_asked(monkeypatch):
    section = SectionFactory()
    make_student(section)
    exported(section.course)
    later = timezone.now() + timedelta(minutes=10)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert not last_export(section.course, by=make_admin()).is_recent
    export(section.course, by=make_admin(), zone=BERLIN)
    assert PairingCode.objects.count() == 2


def test_the_forecast_takes_two_statements_whatever_the_class():
    section, teacher = SectionFactory(), UserFactory()
    with remembering():
        # Before it was asked whether they may export at all.
        why_not_for_class(section.course, by=teacher)
        assert statements(lambda: forecast(section.course, by=teacher)) == 2
        make_students(50, section)
        why_not_for_class(section.course, by=teacher)
        assert statements(lambda: forecast(section.course, by=teacher)) == 2
