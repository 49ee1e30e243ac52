"""Signing up with a code: account and link together, or neither."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.domain.password_limits import TooManyPasswords
from accounts.domain.registration import NewUser
from accounts.errors import Invalid, NotAllowed
from accounts.models import Account, Action, AuditEvent, FailedTry, ObservationLink, SelfRegistration, User
from courses.domain.dashboard import courses_observed
from pairing.domain import rate_limit
from pairing.domain.sign_up import sign_up
from pairing.models import PairingCode
from tests.course_lists import open_courses
from tests.database import refuse_new_rows
from tests.factories import CodeFactory, SectionFactory, UserFactory, make_admin, make_student

NETWORK = "192.0.2.1"
LOGIN = "jo@example.org"


def application(**fields) -> NewUser:
    good: dict[str, Any] = {
        "name": "Jo Parent",
        "login_id": LOGIN,
        "password": "a-long-enough-word",
        "terms_of_use": True,
        "initial_enrollment_type": "observer",
    }
    return NewUser(**(good | fields))


def errors_of(wanted: NewUser, code: str, **more) -> dict[str, list[str]]:
    """By field, the kinds of complaint with which this sign-up is refused."""
    with pytest.raises(Invalid) as refused:
        sign_up(wanted, code, network=NETWORK, **more)
    return {field: [kind for kind, _message in complaints] for field, complaints in refused.value.errors.items()}


def nothing_was_made() -> bool:
    return (
        not User.objects.filter(login_id__iexact=LOGIN).exists()
        and not ObservationLink.objects.exists()
        and not AuditEvent.objects.exists()
        and PairingCode.objects.live().count() == PairingCode.objects.count()
    )


def let_in(root: Account, value: str) -> None:
    root.self_registration = value
    root.save()


def test_account_and_link_are_made_together(root):
    section = SectionFactory()
    student = make_student(section)
    CodeFactory(text="abcdef", student=student)
    user = sign_up(application(), "abc-def", network=NETWORK)
    assert user.check_password("a-long-enough-word")
    assert (user.state, user.initial_enrollment_type) == (User.State.REGISTERED, "observer")
    assert open_courses(courses_observed(user, student)) == [section.course]
    assert PairingCode.objects.get().used_by == user
    recorded = AuditEvent.objects.order_by("id").values_list("action", "actor", "subject")
    assert list(recorded) == [
        (Action.USER_REGISTERED, user.pk, user.pk),
        (Action.OBSERVING_BEGAN, user.pk, student.pk),
        (Action.CODE_REDEEMED, user.pk, student.pk),
    ]


@pytest.mark.parametrize(
    ("fields", "complaints"),
    [
        ({"name": " "}, {"name": ["blank"]}),
        ({"terms_of_use": False}, {"terms_of_use": ["accepted"]}),
        ({"login_id": "nobody"}, {"login_id": ["invalid"]}),
        ({"password": ""}, {"password": ["invalid"]}),
        ({"password": "password"}, {"password": ["invalid"]}),
        ({"name": "", "password": ""}, {"name": ["blank"], "password": ["invalid"]}),
    ],
)
def test_a_slip_spends_nothing_makes_nothing_and_is_no_guess(root, fields, complaints):
    CodeFactory(text="abcdef")
    assert errors_of(application(**fields), "abcdef") == complaints
    assert nothing_was_made()
    assert not FailedTry.objects.exists()


def test_a_wrong_code_counts_whatever_else_is_missing_and_nothing_is_said_of_it(root):
    CodeFactory(text="abcdef")
    assert errors_of(application(name=""), "unknwn") == {"name": ["blank"]}
    assert errors_of(application(name=""), "abcdef") == {"name": ["blank"]}
    assert nothing_was_made()
    assert set(FailedTry.objects.get().keys) >= set(rate_limit.keys_of(None, NETWORK))


def test_only_one_with_a_good_code_learns_that_a_login_is_taken(root):
    UserFactory(login_id="JO@example.org")
    code = CodeFactory(text="abcdef")
    assert errors_of(application(), "unknwn") == {"code": ["invalid"]}
    assert errors_of(application(), "abcdef") == {"login_id": ["taken"]}
    assert PairingCode.objects.live().get() == code
    assert not ObservationLink.objects.exists()


def test_who_has_a_bad_code_is_told_the_same_for_a_free_and_a_taken_login(root):
    def answer():
        with pytest.raises(Invalid) as refused:
            sign_up(application(), "unknwn", network=NETWORK)
        return refused.value.errors

    while_free = answer()
    UserFactory(login_id=LOGIN)
    assert answer() == while_free


def test_the_same_sign_up_sent_twice_gives_the_account_it_made_and_counts_nothing(root):
    CodeFactory(text="abcdef")
    user = sign_up(application(), "abcdef", network=NETWORK)
    events = AuditEvent.objects.count()
    assert sign_up(application(), "abcdef", network=NETWORK) == user
    assert (AuditEvent.objects.count(), ObservationLink.objects.count()) == (events, 1)
    assert not FailedTry.objects.exists()


@pytest.mark.parametrize("other", [{"password": "another-long-word"}, {"login_id": "else@example.org"}])
def test_a_used_code_with_another_login_or_password_is_a_guess_like_any_other(root, other):
    CodeFactory(text="abcdef")
    sign_up(application(), "abcdef", network=NETWORK)
    assert errors_of(application(**other), "abcdef") == {"code": ["invalid"]}
    assert FailedTry.objects.filter(keys__contains=[rate_limit.network_key(NETWORK)]).count() == 1


def test_a_used_code_is_no_way_to_guess_the_password_of_the_account_it_made(root):
    CodeFactory(text="abcdef")
    sign_up(application(), "abcdef", network=NETWORK)
    for number in range(5):
        errors_of(application(password=f"another-long-word-{number}"), "abcdef")
    with pytest.raises(TooManyPasswords):
        sign_up(application(), "abcdef", network="198.51.100.9")


def test_a_sign_up_is_taken_for_sent_again_for_an_hour_only(root):
    CodeFactory(text="abcdef")
    user = sign_up(application(), "abcdef", network=NETWORK)
    User.objects.filter(pk=user.pk).update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
    assert errors_of(application(), "abcdef") == {"code": ["invalid"]}


@pytest.mark.parametrize("table", ["accounts_observationlink", "courses_enrollment", "accounts_auditevent"])
def test_an_error_in_the_middle_leaves_nothing(root, table):
    CodeFactory(text="abcdef", student=make_student())
    refuse_new_rows(table)
    with pytest.raises(IntegrityError, match="out_of_order"):
        sign_up(application(), "abcdef", network=NETWORK)
    assert nothing_was_made()


def test_an_observer_needs_a_code_whoever_asks(root):
    assert errors_of(application(), "") == {"code": ["invalid"]}
    assert errors_of(application(), "", by=make_admin()) == {"code": ["invalid"]}
    assert errors_of(application(name=""), "") == {"name": ["blank"], "code": ["invalid"]}
    assert nothing_was_made()
    assert not FailedTry.objects.exists()


def test_self_registration_for_none_lets_nobody_in_and_tries_no_code(root):
    let_in(root, SelfRegistration.NONE)
    CodeFactory(text="abcdef")
    for kind in ("observer", "student", ""):
        for code in ("abcdef", "unknwn", ""):
            with pytest.raises(NotAllowed):
                sign_up(application(initial_enrollment_type=kind), code, network=NETWORK)
    assert nothing_was_made()
    assert not FailedTry.objects.exists()


def test_self_registration_for_observers_lets_only_observers_in(root):
    let_in(root, SelfRegistration.OBSERVER)
    CodeFactory(text="abcdef")
    for kind in ("student", "teacher", "Observer", ""):
        with pytest.raises(NotAllowed):
            sign_up(application(initial_enrollment_type=kind), "abcdef", network=NETWORK)
    assert nothing_was_made()
    assert sign_up(application(), "abcdef", network=NETWORK)


def test_self_registration_for_all_lets_in_without_a_code_who_is_no_observer(root):
    let_in(root, SelfRegistration.ALL)
    for number, kind in enumerate(("", "student", "teacher")):
        wanted = application(initial_enrollment_type=kind, login_id=f"jo{number}@example.org")
        assert sign_up(wanted, "", network=NETWORK).initial_enrollment_type == kind
    assert not ObservationLink.objects.exists()


def test_staff_make_accounts_for_others_and_the_record_says_so(root):
    admin, student = make_admin(), make_student()
    CodeFactory(text="abcdef", student=student)
    user = sign_up(application(password="", terms_of_use=False), "abcdef", network=NETWORK, by=admin)
    assert not user.has_usable_password()
    assert user.state == User.State.PRE_REGISTERED
    assert {event.actor for event in AuditEvent.objects.all()} == {admin}
    assert ObservationLink.objects.live().get().observer == user


def test_staff_make_accounts_while_pairing_is_off_but_spend_no_codes(root):
    let_in(root, SelfRegistration.NONE)
    admin = make_admin()
    CodeFactory(text="abcdef")
    assert errors_of(application(), "abcdef", by=admin) == {"code": ["invalid"]}
    assert errors_of(application(), "unknwn", by=admin) == {"code": ["invalid"]}
    assert nothing_was_made()
    assert not FailedTry.objects.exists()
    assert sign_up(application(initial_enrollment_type="student"), "", network=NETWORK, by=admin)
