"""Forms that a rule is asked with, and the pages that say why something was refused."""

import pytest
from django import forms
from django.http import HttpResponse, QueryDict

from accounts.domain.password_limits import TooManyPasswords
from accounts.errors import DoneAlready, Invalid, NotAllowed, NotPossible, NotThere, Refused, TooManyTries
from accounts.web.pages import RuleForm
from accounts.web.refusals import attempt, headers_of, refusal_of, statuses_of, tell


class Form(RuleForm):
    """A form whose fields are called otherwise than the rule calls them."""

    FIELDS_OF_RULES = {"login_id": "login"}

    name = forms.CharField()
    login = forms.CharField(required=False)


def sent(**given: str) -> Form:
    data = QueryDict(mutable=True)
    data.update({"name": "Mia", **given})
    return Form(data)


def refusing(refusal: Refused):
    def rule() -> None:
        raise refusal

    return rule


KINDS = [
    (NotAllowed("No."), 403, 403),
    (NotThere("Gone."), 404, 404),
    (DoneAlready("Done."), 409, 409),
    (Invalid({"name": [("blank", "Enter a name.")]}), 422, 400),
    (NotPossible("Not now."), 422, 422),
    (TooManyTries(30), 429, 429),
    (TooManyPasswords(30), 429, 429),
]
EACH_KIND = pytest.mark.parametrize(("refusal", "page", "api"), KINDS, ids=lambda each: type(each).__name__)


# Statuses


@EACH_KIND
def test_each_kind_of_refusal_has_its_statuses_and_so_have_the_kinds_below_it(refusal, page, api):
    assert statuses_of(refusal) == (page, api)
    narrower = type("Narrower", (type(refusal),), {})
    assert statuses_of(narrower.__new__(narrower)) == (page, api)


@EACH_KIND
def test_a_page_that_says_a_refusal_has_its_status(refusal, page, api):
    told = tell(HttpResponse("said"), refusal)
    assert (told.status_code, told.content) == (page, b"said")
    wait = "30" if isinstance(refusal, TooManyTries) else None
    assert told.headers.get("Retry-After") == wait
    assert headers_of(refusal) == ({"Retry-After": "30"} if wait else {})


def test_a_page_without_a_refusal_stays_as_it_is():
    assert tell(HttpResponse(status=202), None).status_code == 202


def test_a_rule_is_called_once_and_gives_what_it_returns_or_refuses():
    refusal = NotAllowed("No.")
    assert attempt(lambda: 7) == 7
    assert attempt(refusing(refusal)) is refusal
    assert refusal_of(lambda: 7) is None
    assert refusal_of(refusing(refusal)) is refusal


def test_a_fault_of_ours_is_no_refusal():
    for call in (attempt, refusal_of):
        with pytest.raises(ZeroDivisionError):
            call(lambda: 1 // 0)


# Forms


def test_a_form_that_is_sent_well_carries_out_its_rule_once():
    calls: list[int] = []
    form = sent()
    assert form.carry_out(lambda: calls.append(1))
    assert (calls, form.refusal) == ([1], None)


@pytest.mark.parametrize("form", [Form(None), sent(name="")], ids=["not sent", "not valid"])
def test_a_form_that_was_not_sent_or_is_not_valid_asks_no_rule(form):
    assert not form.carry_out(lambda: pytest.fail("the rule was asked"))


def test_what_a_rule_objects_to_stands_beside_the_field_it_is_about_by_the_name_of_the_form():
    form = sent()
    errors = {
        "name": [("blank", "Enter a name."), ("invalid", "And a readable one.")],
        "login_id": [("taken", "Taken.")],
        "sis_user_id": [("taken", "Not on this form.")],
    }
    assert not form.carry_out(refusing(Invalid(errors)))
    assert form.errors == {
        "name": ["Enter a name.", "And a readable one."],
        "login": ["Taken."],
        "__all__": ["Not on this form."],
    }


def test_a_refusal_that_is_about_no_field_stands_above_the_form():
    form = sent()
    assert not form.carry_out(refusing(NotAllowed("You cannot do that.")))
    assert form.errors == {"__all__": ["You cannot do that."]}
    assert form.complaints_of(NotAllowed("No.")) == [("", "No.")]


@EACH_KIND
def test_the_page_of_a_refused_form_has_the_status_of_the_refusal(refusal, page, api):
    form = sent()
    form.carry_out(refusing(refusal))
    assert form.tell(HttpResponse()).status_code == page


def test_the_page_of_a_form_says_by_its_status_whether_it_was_sent_and_what_was_wrong():
    assert Form(None).tell(HttpResponse()).status_code == 200
    assert sent(name="").tell(HttpResponse()).status_code == 422
