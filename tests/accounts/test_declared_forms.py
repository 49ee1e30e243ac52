"""Pages declared as classes, by the example of two of our own: who gets in, what is asked, done, said and refused."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.contrib.messages.storage.base import BaseStorage
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.middleware.csrf import CSRF_TOKEN_LENGTH
from django.test import RequestFactory

from accounts.errors import Invalid, NotAllowed, Refused
from accounts.models import User
from accounts.web.pages import ActionPage, ConfirmPage, FormPage, RuleForm, Way, way
from tests.factories import UserFactory

TOKEN = "a" * CSRF_TOKEN_LENGTH
REFUSAL = NotAllowed("You cannot do that.")


class Said(BaseStorage):
    """The messages of one request."""

    def _get(self, *args, **kwargs):
        return [], True

    def _store(self, messages, response, *args, **kwargs):
        return []


class Log:
    """What the pages below have done, and what they are to be refused."""

    done: ClassVar[list[Any]] = []
    refusal: ClassVar[Refused | None] = None


@pytest.fixture(autouse=True)
def log(monkeypatch) -> type[Log]:
    monkeypatch.setattr(Log, "done", [])
    monkeypatch.setattr(Log, "refusal", None)
    return Log


class Shown(HttpResponse):
    """A page that says what it was rendered with."""

    def __init__(self, context: dict[str, Any]) -> None:
        super().__init__("shown")
        self.context = context


class Frame(ActionPage):
    """The frame of both pages."""

    def enter(self, number: int) -> None:
        if number == 404:
            raise Http404
        if number == 403:
            raise PermissionDenied
        self.names = {"name": f"Mia 100% {number}"}

    def back(self) -> Way:
        return way("Settings", "settings")

    def act(self, *args: Any) -> object:
        Log.done.append([*args])
        if Log.refusal:
            raise Log.refusal
        return None

    def show(self, *args: Any, **context: Any) -> HttpResponse:
        return Shown({**self.about(), **self.facts(), **context})


class Rename(RuleForm):
    name = forms.CharField()


class RenamePage(Frame, FormPage):
    """Give something another name."""

    title = "Rename %(name)s"
    intro = ("This renames %(name)s.", "And nothing else.")
    done = "%(name)s renamed."

    def form(self, data: QueryDict | None) -> RuleForm:
        return Rename(data, initial={"name": "as it is"})

    def act(self, form: RuleForm) -> object:
        return super().act(form.cleaned_data["name"])


class DeletePage(Frame, ConfirmPage):
    """Delete something."""

    title = "Delete %(name)s?"
    sentences = ("%(name)s is deleted.",)
    yes = "Delete"
    done = "%(name)s deleted."
    obstacle: ClassVar[Refused | None] = None

    def in_the_way(self) -> Refused | None:
        return self.obstacle


@pytest.fixture
def reader(db) -> User:
    return UserFactory()


def request(reader: User | None, method: str = "GET", **form: str):
    made = getattr(RequestFactory(), method.lower())("/things/7", form)
    made.user = reader or AnonymousUser()
    made._messages = Said(made)
    return made


def visit(page: type[ActionPage], reader: User | None, method: str = "GET", number: int = 7, **form: str) -> Any:
    made = request(reader, method, **form)
    answer: Any = page.view()(made, number=number)
    answer.said = [str(message) for message in get_messages(made)]
    return answer


BOTH = pytest.mark.parametrize("kind", [RenamePage, DeletePage])


@BOTH
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_people_who_have_not_signed_in_are_led_to_do_so_and_nothing_is_done(db, kind, method, log):
    answer = visit(kind, None, method)
    assert answer.headers["Location"] == "/login/canvas?next=/things/7"
    assert log.done == []


@BOTH
@pytest.mark.parametrize(("number", "error"), [(404, Http404), (403, PermissionDenied)])
def test_what_the_page_is_about_is_looked_up_before_anything_is_done(reader, kind, number, error, log):
    for method in ("GET", "POST"):
        with pytest.raises(error):
            visit(kind, reader, method, number)
    assert log.done == []


@BOTH
def test_a_page_is_named_and_described_as_its_class(kind):
    view = kind.view()
    assert (view.__name__, view.__doc__, view.__module__) == (kind.__name__, kind.__doc__, __name__)


@BOTH
def test_a_page_says_its_title_and_the_way_back_with_names_as_they_are(reader, kind):
    context = visit(kind, reader).context
    assert "Mia 100% 7" in context["title"]
    assert (context["back"], context["back_label"]) == ("/profile/settings", "Settings")


# A form


def test_a_form_is_opened_as_it_stands_with_what_the_page_says(reader, log):
    answer = visit(RenamePage, reader)
    assert answer.status_code == 200
    assert answer.context["intro"] == ["This renames Mia 100% 7.", "And nothing else."]
    assert answer.context["save"] == "Save"
    assert answer.context["form"].initial == {"name": "as it is"}
    assert not answer.context["form"].is_bound
    assert log.done == []


def test_a_form_that_is_sent_is_carried_out_and_leads_back_with_a_message(reader, log):
    answer = visit(RenamePage, reader, "POST", name="New")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/profile/settings")
    assert (log.done, answer.said) == ([["New"]], ["Mia 100% 7 renamed."])


def test_a_form_that_is_not_valid_is_shown_again_as_it_was_typed(reader, log):
    answer = visit(RenamePage, reader, "POST", name=" ")
    assert (answer.status_code, log.done, answer.said) == (422, [], [])
    assert answer.context["form"].data["name"] == " "


@pytest.mark.parametrize(
    ("refusal", "status", "errors"),
    [
        (REFUSAL, 403, {"__all__": ["You cannot do that."]}),
        (Invalid({"name": [("taken", "Taken.")]}), 422, {"name": ["Taken."]}),
    ],
)
def test_a_form_that_a_rule_refuses_is_shown_again_with_the_reason(reader, log, refusal, status, errors):
    log.refusal = refusal
    answer = visit(RenamePage, reader, "POST", name="New")
    assert (answer.status_code, answer.said) == (status, [])
    assert answer.context["form"].errors == errors


def test_a_page_without_a_message_says_nothing_and_may_lead_elsewhere(reader):
    class Quiet(RenamePage):
        done = ""

        def then(self) -> str:
            return "/elsewhere"

    answer = visit(Quiet, reader, "POST", name="New")
    assert (answer.headers["Location"], answer.said) == ("/elsewhere", [])


# A question


def test_a_question_says_what_it_means_and_both_ways_on_and_does_nothing(reader, log):
    answer = visit(DeletePage, reader)
    context = answer.context
    assert answer.status_code == 200
    assert (context["sentences"], context["yes"], context["no"]) == (["Mia 100% 7 is deleted."], "Delete", "Keep it")
    assert (context["is_dangerous"], context["refusal"], log.done) == (True, None, [])


def test_a_question_that_is_answered_with_yes_is_carried_out(reader, log):
    answer = visit(DeletePage, reader, "POST")
    assert (answer.status_code, log.done, answer.said) == (302, [[]], ["Mia 100% 7 deleted."])


def test_what_is_in_the_way_is_told_when_the_question_is_opened_with_the_status_of_a_page(reader, monkeypatch):
    monkeypatch.setattr(DeletePage, "obstacle", REFUSAL)
    answer = visit(DeletePage, reader)
    assert (answer.status_code, answer.context["refusal"]) == (200, REFUSAL)


def test_what_a_rule_refuses_stands_on_the_question_with_its_status(reader, log):
    log.refusal = REFUSAL
    answer = visit(DeletePage, reader, "POST")
    assert (answer.status_code, answer.context["refusal"], answer.said) == (403, REFUSAL, [])


def test_what_a_question_means_may_depend_on_what_it_is_about(reader):
    class Counting(DeletePage):
        def consequences(self) -> Sequence[str]:
            return ["%(name)s has 3 parts."]

    assert visit(Counting, reader).context["sentences"] == ["Mia 100% 7 has 3 parts."]


# Sent twice


@pytest.mark.parametrize(("is_done_once", "times"), [(True, 1), (False, 2)])
def test_a_page_sent_twice_is_done_once_unless_it_is_declared_otherwise(reader, log, is_done_once, times):
    page = type("Page", (DeletePage,), {"is_done_once": is_done_once})
    answers = [visit(page, reader, "POST", csrfmiddlewaretoken=TOKEN) for _ in range(2)]
    assert [answer.headers["Location"] for answer in answers] == ["/profile/settings"] * 2
    assert len(log.done) == times


# What has to be declared


@pytest.mark.parametrize("what", ["act", "back", "show", "answer"])
def test_a_page_that_does_not_say_what_it_does_is_a_fault_of_ours(reader, what):
    with pytest.raises(NotImplementedError):
        getattr(ActionPage(request(reader)), what)()


def test_a_form_page_without_a_form_is_a_fault_of_ours(reader):
    with pytest.raises(NotImplementedError):
        FormPage(request(reader)).form(None)
