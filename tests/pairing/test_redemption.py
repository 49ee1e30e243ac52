"""Using codes: what one opens, what is refused, and that nothing is ever half done."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import (
    Action,
    AuditEvent,
    BaseType,
    CodeScope,
    FailedTry,
    ObservationLink,
    Role,
    SelfRegistration,
    User,
)
from courses.domain.dashboard import courses_observed
from courses.domain.enrollments import enroll
from courses.domain.observation import link, unlink
from courses.models import Enrollment
from pairing.domain import rate_limit
from pairing.domain.codes import issue
from pairing.domain.redemption import preview, redeem, redeem_shown, revoke
from pairing.errors import CodeRefused, OwnCode, PairingIsOff, TooManyTries
from pairing.models import PairingCode
from tests.course_lists import open_courses
from tests.database import refuse_new_rows, statements
from tests.factories import CodeFactory, SectionFactory, UserFactory, make_admin, make_student
from tests.failures import failed_by

pytestmark = pytest.mark.usefixtures("root")
NETWORK = "192.0.2.1"


def use(text: str, observer: User) -> ObservationLink:
    return redeem(text, observer=observer, by=observer, network=NETWORK).link


def refusal_of(text: str) -> tuple[type, str, int]:
    """Everything somebody without a link learns from trying this text."""
    before = FailedTry.objects.count()
    stranger = UserFactory()
    network = f"network of {stranger.pk}"
    with pytest.raises(CodeRefused) as refused:
        redeem(text, observer=stranger, by=stranger, network=network)
    with pytest.raises(CodeRefused) as looked:
        preview(text, observer=stranger, network=network)
    assert (looked.type, looked.value.message) == (refused.type, refused.value.message)
    return refused.type, refused.value.message, FailedTry.objects.count() - before


def is_unspent(code: PairingCode) -> bool:
    return PairingCode.objects.live().filter(pk=code.pk).exists()


@pytest.fixture
def limited_to_courses(root) -> None:
    root.code_scope = CodeScope.COURSE
    root.save()


def test_a_code_opens_all_the_students_courses_to_who_redeems_it():
    sections = [SectionFactory(), SectionFactory()]
    student, observer = make_student(*sections), UserFactory()
    made = use(issue(student, by=student).text, observer)
    assert (made.observer, made.student) == (observer, student)
    assert (made.origin, made.scope) == (ObservationLink.Origin.CODE, ObservationLink.Scope.ALL)
    assert set(open_courses(courses_observed(observer, student))) == {section.course for section in sections}
    code = PairingCode.objects.get()
    assert code.used_by == observer
    assert code.used_at is not None


def test_a_code_works_once():
    code = CodeFactory(text="abcdef")
    use("abcdef", UserFactory())
    refusal_of("abcdef")
    assert ObservationLink.objects.get().student == code.student


def test_every_code_that_does_not_work_gets_one_and_the_same_answer():
    now = timezone.now()
    CodeFactory(text="usedab", used_at=now, used_by=UserFactory())
    CodeFactory(text="overab", issued_at=now - timedelta(days=7, seconds=1))
    CodeFactory(text="endedb", revoked_at=now)
    CodeFactory(text="deadab", student=UserFactory(state=User.State.DELETED))
    CodeFactory(text="caseab")
    texts = (
        "unknwn",
        "usedab",
        "overab",
        "endedb",
        "deadab",
        "Caseab",
        "",
        "abc",
        "O0l1I\0",
        "\ud800",
        "x" * 10_000,
    )
    assert len({refusal_of(text) for text in texts}) == 1
    assert refusal_of("unknwn") == (CodeRefused, CodeRefused().message, 2)


def test_what_does_not_work_takes_the_same_statements_whatever_the_reason():
    now = timezone.now()
    CodeFactory(text="usedab", used_at=now, used_by=UserFactory())
    CodeFactory(text="overab", issued_at=now - timedelta(days=8))
    CodeFactory(text="endedb", revoked_at=now)
    CodeFactory(text="deadab", student=UserFactory(state=User.State.DELETED))

    def tries(text):
        observer = UserFactory()

        def action():
            with pytest.raises(CodeRefused):
                use(text, observer)

        return statements(action)

    assert len({tries(text) for text in ("unknwn", "usedab", "overab", "endedb", "deadab", "")}) == 1


def test_capitals_and_small_letters_matter():
    code = CodeFactory(text="aBcDeF")
    for other in ("abcdef", "ABCDEF", "AbCdEf"):
        refusal_of(other)
    assert is_unspent(code)
    assert use("aBcDeF", UserFactory()).student == code.student


def test_spaces_and_dashes_around_and_inside_do_no_harm():
    code = CodeFactory(text="aBcDeF")
    assert use(" aBc \u2013 DeF\n", UserFactory()).student == code.student


def test_a_suspended_students_code_does_not_work_until_the_account_is_reactivated():
    code = CodeFactory(text="abcdef", student=make_student(state=User.State.SUSPENDED))
    with pytest.raises(CodeRefused):
        use("abcdef", UserFactory())
    assert is_unspent(code)
    User.objects.filter(pk=code.student_id).update(state=User.State.REGISTERED)
    assert use("abcdef", UserFactory())


def test_a_code_never_links_its_own_student_and_is_not_spent_on_it():
    code = CodeFactory(text="abcdef")
    with pytest.raises(OwnCode):
        use("abcdef", code.student)
    with pytest.raises(OwnCode):
        preview("abcdef", observer=code.student, network=NETWORK)
    assert is_unspent(code)
    assert not FailedTry.objects.exists()


def test_who_is_linked_already_spends_nothing():
    first, observer = CodeFactory(text="abcdef"), UserFactory()
    second = CodeFactory(text="ghijkm", student=first.student, slot=2)
    use("abcdef", observer)
    repeated = redeem("ghijkm", observer=observer, by=observer, network=NETWORK)
    assert not repeated.is_new
    assert repeated.link.student == first.student
    assert is_unspent(second)
    assert not FailedTry.objects.exists()


def test_the_same_code_again_by_the_same_person_is_the_same_success_and_nothing_is_done_twice():
    observer, code = UserFactory(), CodeFactory(text="abcdef", student=make_student())
    made = use("abcdef", observer)
    events = AuditEvent.objects.count()
    for _ in range(6):
        repeated = redeem("abcdef", observer=observer, by=observer, network=NETWORK)
        assert (repeated.link, repeated.is_new) == (made, False)
        assert preview("abcdef", observer=observer, network=NETWORK).pairing == repeated
        assert redeem_shown(code.pk, observer=observer) == repeated
    assert (ObservationLink.objects.count(), AuditEvent.objects.count()) == (1, events)
    assert not FailedTry.objects.exists()
    refusal_of("abcdef")


def test_the_same_code_again_is_a_success_also_for_one_who_has_to_wait_since():
    observer = UserFactory()
    CodeFactory(text="abcdef")
    use("abcdef", observer)
    for _ in range(5):
        FailedTry.objects.create(keys=rate_limit.keys_of(observer, NETWORK))
    assert not redeem("abcdef", observer=observer, by=observer, network=NETWORK).is_new
    with pytest.raises(TooManyTries):
        use("unknwn", observer)


def test_a_used_code_never_brings_back_a_link_that_was_ended_and_is_no_guess():
    observer, code = UserFactory(), CodeFactory(text="abcdef")
    unlink(use("abcdef", observer), by=code.student)
    for again in (lambda: use("abcdef", observer), lambda: redeem_shown(code.pk, observer=observer)):
        with pytest.raises(CodeRefused):
            again()
    assert not ObservationLink.objects.live().exists()
    assert not FailedTry.objects.exists()


def test_pairing_again_puts_back_what_is_missing():
    section = SectionFactory()
    student, observer = make_student(section), UserFactory()
    use(issue(student, by=student).text, observer)
    Enrollment.objects.filter(user=observer).update(state=Enrollment.State.DELETED)
    use(issue(student, by=student).text, observer)
    assert open_courses(courses_observed(observer, student)) == [section.course]


def test_who_was_unlinked_can_be_linked_again():
    section = SectionFactory()
    student, observer = make_student(section), UserFactory()
    CodeFactory(text="abcdef", student=student)
    unlink(link(observer, student, origin=ObservationLink.Origin.API, by=None), by=observer)
    made = use("abcdef", observer)
    assert made.origin == ObservationLink.Origin.CODE
    assert open_courses(courses_observed(observer, student)) == [section.course]


def test_looking_first_shows_whose_code_it_is_and_spends_nothing():
    code = CodeFactory(text="abcdef")
    look = preview("abc def", observer=UserFactory(), network=NETWORK)
    assert (look.code, look.pairing) == (code, None)
    assert look.code.student == code.student
    assert is_unspent(code)
    assert not ObservationLink.objects.exists()


@pytest.mark.usefixtures("limited_to_courses")
def test_a_code_of_a_course_opens_that_course_only_also_later():
    here, elsewhere = SectionFactory(), SectionFactory()
    student, observer = make_student(here, elsewhere), UserFactory()
    made = use(issue(student, by=student, course=here.course).text, observer)
    assert made.scope == ObservationLink.Scope.COURSES
    assert open_courses(courses_observed(observer, student)) == [here.course]
    role = Role.objects.built_in(BaseType.STUDENT)
    enroll(student, SectionFactory(), role, by=None)
    assert open_courses(courses_observed(observer, student)) == [here.course]
    another_section_here = SectionFactory(course=here.course)
    enroll(student, another_section_here, role, by=None)
    rows = Enrollment.objects.filter(user=observer)
    assert set(rows.values_list("section", flat=True)) == {here.pk, another_section_here.pk}


@pytest.mark.usefixtures("limited_to_courses")
def test_a_second_course_is_added_to_the_first_and_all_courses_to_both():
    first, second, third = SectionFactory(), SectionFactory(), SectionFactory()
    student, observer = make_student(first, second, third), UserFactory()
    use(issue(student, by=student, course=first.course).text, observer)
    again = issue(student, by=student, course=first.course)
    assert not redeem(again.text, observer=observer, by=observer, network=NETWORK).is_new
    use(issue(student, by=student, course=second.course).text, observer)
    assert set(open_courses(courses_observed(observer, student))) == {first.course, second.course}
    made = use(issue(student, by=student).text, observer)
    assert made.scope == ObservationLink.Scope.ALL
    assert set(open_courses(courses_observed(observer, student))) == {first.course, second.course, third.course}
    assert ObservationLink.objects.count() == 1


@pytest.mark.usefixtures("limited_to_courses")
def test_a_narrower_code_never_narrows_a_wider_link():
    section = SectionFactory()
    student, observer = make_student(section, SectionFactory()), UserFactory()
    use(issue(student, by=student).text, observer)
    narrower = issue(student, by=student, course=section.course).text
    assert not redeem(narrower, observer=observer, by=observer, network=NETWORK).is_new
    link(observer, student, origin=ObservationLink.Origin.CODE, by=None, course=section.course)
    assert ObservationLink.objects.get().scope == ObservationLink.Scope.ALL
    assert len(open_courses(courses_observed(observer, student))) == 2


def test_no_code_works_while_pairing_is_off(root):
    code, observer = CodeFactory(text="abcdef"), UserFactory()
    root.self_registration = SelfRegistration.NONE
    root.save()
    for text in ("abcdef", "unknwn"):
        with pytest.raises(PairingIsOff):
            use(text, observer)
        with pytest.raises(PairingIsOff):
            preview(text, observer=observer, network=NETWORK)
    assert is_unspent(code)
    assert not FailedTry.objects.exists()


def test_a_failure_is_kept_although_the_try_came_to_nothing():
    observer = UserFactory()
    with pytest.raises(CodeRefused):
        use("unknwn", observer)
    assert set(FailedTry.objects.get().keys) >= set(rate_limit.keys_of(observer, NETWORK))


@pytest.mark.parametrize("table", ["accounts_observationlink", "courses_enrollment", "accounts_auditevent"])
def test_an_error_in_the_middle_leaves_nothing(table):
    student = make_student()
    code = CodeFactory(text="abcdef", student=student)
    refuse_new_rows(table)
    with pytest.raises(IntegrityError, match="out_of_order"):
        use("abcdef", UserFactory())
    assert is_unspent(code)
    assert not ObservationLink.objects.exists()
    assert not AuditEvent.objects.exists()
    assert not Enrollment.objects.filter(type=BaseType.OBSERVER).exists()


def test_the_record_says_who_linked_whom_and_never_the_code():
    student, observer = make_student(), UserFactory()
    code = CodeFactory(text="abcdef", student=student)
    use("abcdef", observer)
    made, redeemed = AuditEvent.objects.order_by("id")
    assert (made.action, made.actor, made.subject) == (Action.OBSERVING_BEGAN, observer, student)
    assert (redeemed.action, redeemed.actor, redeemed.subject) == (Action.CODE_REDEEMED, observer, student)
    assert redeemed.details == {"observer": observer.pk, "code": code.pk}


def test_who_spends_a_code_for_somebody_else_is_in_the_record():
    admin, observer = make_admin(), UserFactory()
    CodeFactory(text="abcdef")
    made = redeem("abcdef", observer=observer, by=admin, network=NETWORK).link
    assert made.observer == observer
    assert PairingCode.objects.get().used_by == observer
    assert {event.actor for event in AuditEvent.objects.all()} == {admin}
    with pytest.raises(CodeRefused):
        redeem("abcdef", observer=UserFactory(), by=admin, network=NETWORK)
    assert failed_by(admin).count() == FailedTry.objects.count() == 1


def test_a_student_with_60_courses_takes_as_many_statements_as_one_with_a_single_course():
    section = SectionFactory()
    sections = [SectionFactory(course=section.course) for _ in range(60)]
    observer = UserFactory()
    CodeFactory(text="abcdef", student=make_student(section))
    CodeFactory(text="ghijkm", student=make_student(*sections))
    for_one = statements(lambda: use("abcdef", observer))
    assert statements(lambda: use("ghijkm", observer)) == for_one
    assert Enrollment.objects.filter(user=observer).count() == 61


def test_a_revoked_code_ends_at_once_and_is_recorded_once():
    code = CodeFactory(text="abcdef")
    assert revoke(code, by=code.student)
    assert not revoke(code, by=code.student)
    refusal_of("abcdef")
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.subject) == (Action.CODE_REVOKED, code.student, code.student)


def test_a_used_code_cannot_be_revoked():
    code = CodeFactory(text="abcdef")
    use("abcdef", UserFactory())
    assert not revoke(code, by=code.student)
    code.refresh_from_db()
    assert code.revoked_at is None
    assert ObservationLink.objects.live().exists()


def test_a_revoked_code_makes_room_for_another():
    student = make_student()
    codes = [issue(student, by=student) for _ in range(5)]
    revoke(PairingCode.objects.live().last(), by=student)
    issue(student, by=student)
    assert use(codes[0].text, UserFactory())
