"""Refusals speak to the person who asked: in their language, with what to do next, and how long to wait."""

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.domain.password_limits import TooManyPasswords
from accounts.errors import DoneAlready, Invalid, NotAllowed, NotPossible, NotThere, Refused, TooManyTries

MINUTE, HOUR, DAY = 60, 3_600, 86_400


@pytest.mark.parametrize(
    ("seconds", "span"),
    [
        (1, "1 second"),
        (2, "2 seconds"),
        (90, "90 seconds"),
        (91, "2 minutes"),
        (2 * MINUTE, "2 minutes"),
        (2 * MINUTE + 1, "3 minutes"),
        (90 * MINUTE, "90 minutes"),
        (90 * MINUTE + 1, "2 hours"),
        (2 * HOUR, "2 hours"),
        (2 * HOUR + 1, "3 hours"),
        (2 * DAY, "48 hours"),
        (2 * DAY + 1, "3 days"),
        (7 * DAY, "7 days"),
    ],
)
def test_people_are_told_to_wait_in_a_unit_they_can_grasp_and_never_too_short(seconds, span):
    refusal = TooManyTries(seconds)
    assert refusal.wait == seconds
    assert refusal.message == f"Too many failed attempts. Please try again in {span}."


def test_the_kinds_of_too_many_tries_have_sentences_of_their_own():
    assert TooManyPasswords(900).message == "Too many wrong passwords. Please try again in 15 minutes."


def test_a_refusal_is_worded_when_it_is_read_and_not_when_it_is_raised():
    refusal = NotAllowed(_("Yes"))
    with translation.override("de"):
        in_german = refusal.message
    assert (refusal.message, in_german) == ("Yes", "Ja")


def test_a_refusal_for_several_reasons_says_the_first_and_keeps_them_all():
    errors = {"name": [("blank", "Enter a name."), ("invalid", "Odd.")], "email": [("invalid", "Enter an email.")]}
    refusal = Invalid(errors, of="user")
    assert (refusal.message, refusal.errors, refusal.of) == ("Enter a name.", errors, "user")
    assert str(refusal) == "Enter a name."
    assert Invalid({"x": [("invalid", "No.")]}).of == ""


@pytest.mark.parametrize("kind", [NotAllowed, NotThere, NotPossible, DoneAlready])
def test_a_refusal_without_words_has_none(kind):
    assert kind().message == ""
    assert isinstance(kind(), Refused)
