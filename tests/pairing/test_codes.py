"""Making codes: how many, for how long, and what is kept of them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Action, AuditEvent, CodeScope
from pairing import code_text
from pairing.domain.codes import NewCode, issue, issue_for_class
from pairing.models import PairingCode
from tests.database import places_with, refuse_new_rows, statements
from tests.factories import CodeFactory, SectionFactory, UserFactory, make_admin, make_student, make_students

pytestmark = pytest.mark.usefixtures("root")


def live_texts(student, codes: list[NewCode]) -> list[str]:
    """Which of these codes would still work, in the order they were made."""
    digests = {bytes(code.digest) for code in PairingCode.objects.live().filter(student=student)}
    return [code.text for code in codes if code_text.digest(code.text) in digests]


def let_time_pass(**span: int) -> None:
    """Make all codes older."""
    PairingCode.objects.update(
        issued_at=F("issued_at") - timedelta(**span), expires_at=F("expires_at") - timedelta(**span)
    )


def test_a_code_is_good_for_seven_days():
    student = make_student()
    before = timezone.now()
    code = issue(student, by=student)
    assert before + timedelta(days=7) <= code.expires_at <= timezone.now() + timedelta(days=7)
    stored = PairingCode.objects.get()
    assert stored.expires_at == code.expires_at
    assert stored.expires_at - stored.issued_at == timedelta(days=7)
    assert PairingCode.objects.live(code.expires_at - timedelta(seconds=1)).exists()
    assert not PairingCode.objects.live(code.expires_at).exists()


def test_a_code_says_whose_it_is_and_who_made_it():
    student, admin = make_student(), make_admin()
    code = issue(student, by=admin)
    stored = PairingCode.objects.get()
    assert (stored.student, stored.issued_by) == (student, admin)
    assert stored.hint == code.text[-2:]
    assert stored.masked == "••••" + code.text[-2:]
    assert code.text not in repr(code)


def test_five_codes_are_live_at_most_and_the_oldest_goes():
    student = make_student()
    codes = [issue(student, by=student) for _ in range(8)]
    assert live_texts(student, codes) == [code.text for code in codes[3:]]
    assert PairingCode.objects.filter(revoked_at__isnull=False).count() == 3


def test_one_students_codes_do_not_push_out_anothers():
    one, other = make_student(), make_student()
    code = issue(one, by=one)
    for _ in range(6):
        issue(other, by=other)
    assert live_texts(one, [code]) == [code.text]


def test_expired_and_used_codes_do_not_count_among_the_five():
    student = make_student()
    old = [issue(student, by=student) for _ in range(3)]
    let_time_pass(days=8)
    used = issue(student, by=student)
    PairingCode.objects.live().update(used_at=timezone.now(), used_by=UserFactory())
    new = [issue(student, by=student) for _ in range(5)]
    assert live_texts(student, [*old, used, *new]) == [code.text for code in new]


def test_a_code_retired_after_its_time_ended_when_its_time_did():
    student = make_student()
    issue(student, by=student)
    let_time_pass(days=8)
    issue(student, by=student)
    retired = PairingCode.objects.get(revoked_at__isnull=False)
    assert retired.revoked_at == retired.expires_at


def test_the_database_refuses_a_sixth_open_code():
    student = make_student()
    for slot in range(1, 6):
        CodeFactory(student=student, slot=slot)
    for slot in range(1, 6):
        with pytest.raises(IntegrityError, match="five_open_codes_at_most"), transaction.atomic():
            CodeFactory(student=student, slot=slot)
    for slot in (0, 6):
        with pytest.raises(IntegrityError, match="code_slot_is_1_to_5"), transaction.atomic():
            CodeFactory(student=student, slot=slot)


def test_the_database_refuses_the_same_text_twice_among_open_codes():
    code = CodeFactory(text="abcdef")
    with pytest.raises(IntegrityError, match="open_code_is_unique"), transaction.atomic():
        CodeFactory(text="abcdef")
    code.revoked_at = timezone.now()
    code.save()
    CodeFactory(text="abcdef")


def test_the_database_refuses_codes_that_make_no_sense():
    student, other, now = UserFactory(), UserFactory(), timezone.now()
    for name, fields in {
        "code_never_links_its_own": {"used_at": now, "used_by": student},
        "used_code_says_by_whom": {"used_at": now},
        "code_is_used_or_revoked": {"used_at": now, "used_by": other, "revoked_at": now},
        "code_expires_after_issue": {"expires_at": now - timedelta(days=1)},
    }.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            CodeFactory(student=student, **fields)


def test_a_text_that_is_taken_is_drawn_again(monkeypatch):
    CodeFactory(text="abcdef")
    draws = iter(["abcdef", "ghijkm"])
    monkeypatch.setattr(code_text, "draw", lambda: next(draws))
    student = make_student()
    assert issue(student, by=student).text == "ghijkm"
    assert bytes(PairingCode.objects.get(student=student).digest) == code_text.digest("ghijkm")


def test_a_class_never_gets_one_text_twice(monkeypatch):
    section = SectionFactory()
    students = make_students(3, section)
    draws = iter(["abcdef", "abcdef", "ghijkm", "ghijkm", "nprstu"])
    monkeypatch.setattr(code_text, "draw", lambda: next(draws))
    codes = issue_for_class(students, by=make_admin(), course=section.course)
    assert [code.student_id for code in codes] == students
    assert sorted(code.text for code in codes) == ["abcdef", "ghijkm", "nprstu"]
    for code in codes:
        assert bytes(PairingCode.objects.get(student=code.student_id).digest) == code_text.digest(code.text)


def test_a_code_from_a_course_opens_all_courses_unless_the_institution_limits_it(root):
    section = SectionFactory()
    student, admin = make_student(section), make_admin()
    assert issue(student, by=admin, course=section.course).course is None
    root.code_scope = CodeScope.COURSE
    root.save()
    limited = issue(student, by=admin, course=section.course)
    assert limited.course == section.course
    assert [code.course for code in issue_for_class([student.pk], by=admin, course=section.course)] == [section.course]
    assert issue(student, by=student).course is None
    by_age = PairingCode.objects.live().values_list("course", flat=True)
    assert list(by_age) == [None, section.course_id, section.course_id, None]


def test_making_a_code_is_recorded_once_and_an_export_once_for_all():
    section = SectionFactory()
    students, admin = make_students(3, section), make_admin()
    student = make_student()
    issue(student, by=admin)
    event = AuditEvent.objects.get(action=Action.CODE_ISSUED)
    assert (event.actor, event.subject) == (admin, student)
    issue_for_class(students, by=admin, course=section.course)
    event = AuditEvent.objects.get(action=Action.CODES_EXPORTED)
    assert event.details == {"course": section.course_id, "students": students, "dropped": []}


def test_nothing_is_kept_of_a_code_that_could_not_be_recorded():
    student = make_student()
    refuse_new_rows("accounts_auditevent")
    with pytest.raises(IntegrityError, match="out_of_order"):
        issue(student, by=student)
    assert not PairingCode.objects.exists()


def test_codes_for_300_students_take_as_many_statements_as_for_one():
    admin, section = make_admin(), SectionFactory()
    one = make_students(1, section)
    many = make_students(300, section)
    for_one = statements(lambda: issue_for_class(one, by=admin, course=section.course))
    assert statements(lambda: issue_for_class(many, by=admin, course=section.course)) == for_one
    assert PairingCode.objects.live().count() == 301


def test_the_text_of_a_code_stands_nowhere_in_the_database():
    section = SectionFactory()
    student, admin = make_student(section), make_admin()
    code = issue(student, by=student)
    (exported,) = issue_for_class([student.pk], by=admin, course=section.course)
    assert places_with(student.login_id) == ["accounts_user.login_id"]
    assert places_with(code.text) == places_with(exported.text) == []
    assert places_with(code_text.digest(code.text).hex()) == ["pairing_pairingcode.digest"]
