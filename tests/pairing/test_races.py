"""Things that happen at the same moment, on real connections: whatever the order, the promises hold."""

import json
from collections import Counter
from functools import partial
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.domain.locks import lock_users
from accounts.domain.registration import NewUser
from accounts.domain.tokens import make_token
from accounts.errors import Invalid
from accounts.models import Action, AuditEvent, BaseType, FailedTry, ObservationLink, Role, User
from courses.domain.dashboard import courses_observed
from courses.domain.enrollments import change_state, enroll
from courses.domain.observation import link, unlink
from courses.models import Enrollment
from pairing import code_text
from pairing.domain.codes import issue, issue_for_class
from pairing.domain.export import export
from pairing.domain.redemption import Pairing, redeem, revoke
from pairing.domain.sign_up import sign_up
from pairing.errors import CodeRefused, ExportedJustNow, TooManyCodes
from pairing.models import PairingCode
from tests.course_lists import open_courses
from tests.factories import (
    CodeFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_student,
    make_students,
)
from tests.racing import at_once, meanwhile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("raced_root")]


def application(number: int = 0) -> NewUser:
    return NewUser(
        name="Jo Parent",
        login_id=f"jo{number}@example.org",
        password="a-long-enough-word",
        terms_of_use=True,
        initial_enrollment_type="observer",
    )


def post(token: str, code: str, address: str) -> tuple[int, bytes]:
    answer = Client().post(
        "/api/v1/users/self/observees",
        json.dumps({"pairing_code": code}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
        REMOTE_ADDR=address,
    )
    return answer.status_code, answer.content


def kinds(outcomes: list) -> Counter:
    """How many of each error, or of whatever else came out, there are."""
    return Counter(type(outcome) for outcome in outcomes)


def test_of_a_hundred_requests_with_one_code_one_makes_a_link_and_99_get_one_answer():
    code = issue(student := make_student(), by=student)
    tokens = [make_token(UserFactory(), "", by=None) for _ in range(100)]
    answers = at_once([partial(post, token, code.text, f"10.0.0.{n}") for n, token in enumerate(tokens)])
    refused = Counter(answer for answer in answers if answer[0] != 200)
    assert len(refused) == 1
    assert [*refused.values()] == [99]
    (status, body), *_ = refused
    assert (status, json.loads(body)) == (422, {"errors": [{"message": "Invalid pairing code."}]})
    made = ObservationLink.objects.get()
    assert made.student == student
    assert PairingCode.objects.get().used_by == made.observer
    assert Enrollment.objects.get(type=BaseType.OBSERVER).user == made.observer
    assert FailedTry.objects.count() == 99


def test_of_a_hundred_who_redeem_one_code_one_is_linked():
    section = SectionFactory()
    code = CodeFactory(text="abcdef", student=make_student(section))
    observers = [UserFactory() for _ in range(100)]
    outcomes = at_once(
        [
            partial(redeem, "abcdef", observer=observer, by=observer, network=f"10.0.0.{n}")
            for n, observer in enumerate(observers)
        ]
    )
    assert kinds(outcomes) == {Pairing: 1, CodeRefused: 99}
    made = ObservationLink.objects.get()
    code.refresh_from_db()
    assert code.used_by == made.observer == Enrollment.objects.get(type=BaseType.OBSERVER).user
    assert AuditEvent.objects.filter(action=Action.CODE_REDEEMED).count() == 1
    assert AuditEvent.objects.filter(action=Action.OBSERVING_BEGAN).count() == 1


def test_one_observer_who_sends_one_code_many_times_at_once_gets_one_success_many_times():
    code, observer = CodeFactory(text="abcdef", student=make_student()), UserFactory()
    outcomes = at_once([partial(redeem, "abcdef", observer=observer, by=observer, network="10.0.0.1")] * 10)
    assert {outcome.link.student for outcome in outcomes} == {code.student}
    assert sum(outcome.is_new for outcome in outcomes) == 1
    assert AuditEvent.objects.filter(action=Action.OBSERVING_BEGAN).count() == 1
    assert not FailedTry.objects.exists()


def test_one_observer_who_sends_two_codes_of_one_student_spends_one():
    student, observer = make_student(), UserFactory()
    codes = [issue(student, by=student).text for _ in range(5)]
    at_once([partial(redeem, code, observer=observer, by=observer, network="10.0.0.1") for code in codes])
    assert ObservationLink.objects.count() == 1
    assert PairingCode.objects.live().count() == 4
    assert Enrollment.objects.filter(type=BaseType.OBSERVER).count() == 1


def test_guesses_at_the_same_moment_do_not_outrun_the_limit():
    observer = UserFactory()
    outcomes = at_once(
        [partial(redeem, "unknwn", observer=observer, by=observer, network=f"10.0.0.{n}") for n in range(30)]
    )
    assert kinds(outcomes) == {CodeRefused: 5, TooManyCodes: 25}
    assert FailedTry.objects.count() == 5


def test_guesses_from_one_network_at_the_same_moment_do_not_outrun_its_limit():
    outcomes = at_once(
        [
            partial(redeem, "unknwn", observer=observer, by=observer, network="10.0.0.1")
            for observer in [UserFactory() for _ in range(40)]
        ]
    )
    assert kinds(outcomes) == {CodeRefused: 20, TooManyCodes: 20}


def test_fifty_who_make_codes_for_one_student_leave_the_five_newest():
    student, over, most = make_student(), Event(), []

    def watch():
        try:
            while not over.is_set():
                most.append(PairingCode.objects.live().filter(student=student).count())
        finally:
            connection.close()

    watcher = Thread(target=watch)
    watcher.start()
    made = at_once([partial(issue, student, by=student) for _ in range(50)])
    over.set()
    watcher.join()
    assert max(most) <= 5
    assert len({code.text for code in made}) == 50
    by_age = PairingCode.objects.order_by("id")
    live = PairingCode.objects.live().order_by("id")
    assert list(live) == list(by_age)[-5:]
    assert list(live.order_by("issued_at", "id")) == list(by_age)[-5:]
    assert {bytes(code.digest) for code in live} <= {code_text.digest(code.text) for code in made}


def test_exports_of_one_class_at_the_same_moment_leave_everybody_five_codes():
    section, admin = SectionFactory(), make_admin()
    students = make_students(30, section)
    orders = [students, students[::-1]] * 4
    outcomes = at_once([partial(issue_for_class, order, by=admin, course=section.course) for order in orders])
    assert kinds(outcomes) == {list: 8}
    live = Counter(PairingCode.objects.live().values_list("student", flat=True))
    assert live == dict.fromkeys(students, 5)


def test_an_export_button_pressed_many_times_at_once_makes_one_file():
    section, admin = SectionFactory(), make_admin()
    students = make_students(30, section)
    outcomes = at_once([partial(export, section.course, by=admin, zone=ZoneInfo("UTC")) for _ in range(8)])
    assert sorted(kinds(outcomes).values()) == [1, 7]
    assert kinds(outcomes)[ExportedJustNow] == 7
    assert PairingCode.objects.count() == len(students)


def test_the_oldest_code_is_redeemed_while_a_sixth_is_made():
    student, observer = make_student(), UserFactory()
    oldest, *_ = [issue(student, by=student).text for _ in range(5)]
    use = partial(redeem, oldest, observer=observer, by=observer, network="10.0.0.1")
    with transaction.atomic():
        lock_users([student.pk])
        outcomes = meanwhile(use)
        issue(student, by=student)
    assert kinds(outcomes.result()) == {CodeRefused: 1}
    assert PairingCode.objects.live().count() == 5


def test_a_code_is_redeemed_while_it_is_being_revoked():
    student, observer = make_student(), UserFactory()
    code = CodeFactory(text="abcdef", student=student)
    use = partial(redeem, "abcdef", observer=observer, by=observer, network="10.0.0.1")
    with transaction.atomic():
        assert revoke(code, by=student)
        outcomes = meanwhile(use)
    assert kinds(outcomes.result()) == {CodeRefused: 1}
    assert not ObservationLink.objects.exists()


def test_codes_made_redeemed_and_revoked_all_at_once_get_in_nobodys_way():
    student = make_student()
    codes = [issue(student, by=student) for _ in range(5)]
    rows = list(PairingCode.objects.live())
    observers = [UserFactory() for _ in range(20)]
    outcomes = at_once(
        [
            *[partial(issue, student, by=student) for _ in range(20)],
            *[
                partial(redeem, codes[n % 5].text, observer=observer, by=observer, network=f"10.0.0.{n}")
                for n, observer in enumerate(observers)
            ],
            *[partial(revoke, row, by=student) for row in rows],
        ]
    )
    unexpected = [error for error in outcomes if isinstance(error, Exception) and not isinstance(error, CodeRefused)]
    assert unexpected == []
    assert PairingCode.objects.live().count() == 5
    linked = sum(isinstance(outcome, ObservationLink) for outcome in outcomes)
    assert ObservationLink.objects.count() == linked == PairingCode.objects.exclude(used_at=None).count()


def test_of_two_who_sign_up_with_one_code_one_gets_an_account():
    CodeFactory(text="abcdef")
    outcomes = at_once([partial(sign_up, application(n), "abcdef", network=f"10.0.0.{n}") for n in range(10)])
    assert kinds(outcomes) == {User: 1, Invalid: 9}
    assert {tuple(error.errors) for error in outcomes if isinstance(error, Invalid)} == {("code",)}
    made = ObservationLink.objects.get()
    assert [made.observer] == [outcome for outcome in outcomes if isinstance(outcome, User)]
    assert User.objects.filter(login_id__startswith="jo").count() == 1


def test_of_two_who_sign_up_with_one_login_one_gets_it_and_the_other_keeps_the_code():
    for text in ("abcdef", "ghijkm"):
        CodeFactory(text=text, student=make_student())
    outcomes = at_once([partial(sign_up, application(), text, network=text) for text in ("abcdef", "ghijkm")])
    assert kinds(outcomes) == {User: 1, Invalid: 1}
    assert [list(error.errors) for error in outcomes if isinstance(error, Invalid)] == [["login_id"]]
    assert PairingCode.objects.live().count() == 1


def test_a_link_made_while_the_student_is_being_enrolled_misses_no_course():
    role = Role.objects.built_in(BaseType.STUDENT)
    student, observers = make_student(), [UserFactory() for _ in range(10)]
    sections = [SectionFactory() for _ in range(10)]
    outcomes = at_once(
        [
            *[partial(link, observer, student, origin="api", by=None) for observer in observers],
            *[partial(enroll, student, section, role, by=None) for section in sections],
        ]
    )
    assert kinds(outcomes) == {ObservationLink: 10, Enrollment: 10}
    for observer in observers:
        assert len(open_courses(courses_observed(observer, student))) == 11


def test_a_link_waits_for_an_enrollment_that_is_under_way():
    role = Role.objects.built_in(BaseType.STUDENT)
    student, observer, section = make_student(), UserFactory(), SectionFactory()
    pair = partial(link, observer, student, origin="api", by=None)
    with transaction.atomic():
        enroll(student, section, role, by=None)
        outcomes = meanwhile(pair)
    assert kinds(outcomes.result()) == {ObservationLink: 1}
    assert section.course in open_courses(courses_observed(observer, student))


def test_nothing_is_left_of_a_link_that_ends_while_the_student_is_being_enrolled():
    role = Role.objects.built_in(BaseType.STUDENT)
    student, observers = make_student(), [UserFactory() for _ in range(10)]
    links = [link(observer, student, origin="api", by=None) for observer in observers]
    sections = [SectionFactory() for _ in range(10)]
    outcomes = at_once(
        [
            *[partial(unlink, made, by=None) for made in links],
            *[partial(enroll, student, section, role, by=None) for section in sections],
        ]
    )
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert not Enrollment.objects.filter(type=BaseType.OBSERVER).exclude(state="deleted").exists()


def test_an_end_of_a_link_waits_for_an_enrollment_that_is_under_way():
    role = Role.objects.built_in(BaseType.STUDENT)
    student, observer = make_student(), UserFactory()
    made = link(observer, student, origin="api", by=None)
    end = partial(unlink, made, by=None)
    with transaction.atomic():
        enroll(student, SectionFactory(), role, by=None)
        outcomes = meanwhile(end)
    assert kinds(outcomes.result()) == {type(None): 1}
    assert not Enrollment.objects.filter(user=observer).exclude(state="deleted").exists()


def test_one_enrollment_asked_for_by_many_is_made_once():
    role = Role.objects.built_in(BaseType.STUDENT)
    student, observer, section = UserFactory(initial_enrollment_type="student"), UserFactory(), SectionFactory()
    link(observer, student, origin="api", by=None)
    outcomes = at_once([partial(enroll, student, section, role, by=None) for _ in range(20)])
    assert kinds(outcomes) == {Enrollment: 20}
    assert Enrollment.objects.filter(section=section).count() == 2


def test_a_student_removed_and_linked_at_the_same_moment_leaves_no_way_in():
    student = UserFactory()
    enrollments = [EnrollmentFactory(user=student) for _ in range(10)]
    observers = [UserFactory() for _ in range(10)]
    outcomes = at_once(
        [
            *[partial(link, observer, student, origin="api", by=None) for observer in observers],
            *[partial(change_state, enrollment, "deleted", by=None) for enrollment in enrollments],
        ]
    )
    assert kinds(outcomes) == {ObservationLink: 10, Enrollment: 10}
    assert not Enrollment.objects.exclude(state="deleted").exists()
