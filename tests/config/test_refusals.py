"""What a rule refuses is answered alike by every page and by the API: the kind of refusal decides, in one table."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from accounts.api.endpoints import ApiRequest, in_group, methods
from accounts.api.errors import NAMES
from accounts.errors import Invalid, NotAllowed, Record, Refused, TooManyTries
from accounts.web.pages import ConfirmPage, FormPage, PlainPage, RuleForm, Way
from accounts.web.refusals import STATUSES, statuses_of
from config.urls import urlpatterns as those_of_the_product
from pairing.errors import OnTheWebOnly
from tests.api import Api
from tests.factories import UserFactory
from tests.test_architecture import APPS, modules, parsed

for module in modules(*APPS):
    importlib.import_module(".".join(module.with_suffix("").parts).removesuffix(".__init__"))


def below(kind: type[Refused]) -> Iterator[type[Refused]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


REFUSALS = sorted({each for each in below(Refused) if each.__module__.split(".")[0] in APPS}, key=lambda c: c.__name__)


def made(kind: type[Refused]) -> Refused:
    """A refusal of this kind."""
    arguments: dict[type[Refused], tuple[Any, ...]] = {
        Invalid: ({"name": [("blank", "Enter a name.")]},),
        OnTheWebOnly: ("https://example.org/observees",),
    }
    if kind in arguments:
        return kind(*arguments[kind])
    if issubclass(kind, TooManyTries):
        return kind(60)
    return kind("There is a reason.") if "__init__" not in vars(kind) else kind()


# What the views below raise.
raised: list[type[Refused]] = []


def refuse() -> None:
    raise made(raised[-1])


class Question(PlainPage, ConfirmPage):
    template = "pairing/leave.html"

    def act(self) -> None:
        refuse()

    def back(self) -> Way:
        return Way("/", "Dashboard")

    def facts(self) -> dict[str, Any]:
        return {"student": self.by, "courses": []}


class Name(RuleForm):
    name = forms.CharField()


class Form(PlainPage, FormPage):
    template = "account/partials/form_fields.html"

    def form(self, data: Any) -> Name:
        return Name(data)

    def act(self, form: Name) -> None:
        refuse()

    def show(self, *_args: Any, **context: Any) -> HttpResponse:
        return HttpResponse(str(context["form"].errors))


def view(_request: HttpRequest) -> HttpResponse:
    refuse()
    return HttpResponse()


@in_group("Tests")()
def call(_request: ApiRequest) -> dict[str, str]:
    refuse()
    return {}


urlpatterns = [
    path("refuses/view", view),
    path("refuses/question", Question.view()),
    path("refuses/form", Form.view()),
    path("api/v1/refuses", methods(GET=call)),
    *those_of_the_product,
]


@pytest.fixture(params=REFUSALS, ids=lambda kind: kind.__name__)
def refusal(request, settings, root) -> Iterator[Refused]:
    settings.ROOT_URLCONF = __name__
    raised.append(request.param)
    yield made(request.param)
    raised.clear()


@pytest.fixture
def reader(root) -> Client:
    client = Client()
    client.force_login(UserFactory())
    return client


def test_every_kind_of_refusal_has_a_row_and_every_refusal_is_of_a_kind():
    kinds = {each for each in REFUSALS if each.__bases__ == (Refused,)}
    assert kinds == set(STATUSES), "Give the new kind a row in accounts/web/refusals.py."
    assert len(REFUSALS) > 10


def test_nothing_is_refused_without_a_kind():
    wrong = {
        module
        for module in modules(*APPS, "config")
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused"
    }
    assert wrong == set()


@pytest.mark.parametrize("entrance", ["view", "question", "form"])
def test_a_page_answers_with_the_status_of_the_kind_and_says_the_reason(refusal, reader, entrance):
    answer = reader.post(f"/refuses/{entrance}", {"name": "Mia"})
    assert answer.status_code == statuses_of(refusal).page
    assert answer.headers.get("Retry-After") == ("60" if isinstance(refusal, TooManyTries) else None)
    page = answer.content.decode().replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&")
    assert refusal.message in page


def test_the_api_answers_with_the_status_of_the_kind_and_says_the_reason(refusal):
    answer = Api(UserFactory()).get("refuses")
    assert answer.status_code == statuses_of(refusal).api
    assert answer.headers.get("Retry-After") == ("60" if isinstance(refusal, TooManyTries) else None)
    errors = answer.json()["errors"]
    said = errors["name"] if isinstance(refusal, Invalid) else errors
    assert [each["message"] for each in said] == [refusal.message]
    assert answer.json().get("status") == ("unauthorized" if isinstance(refusal, NotAllowed) else None)


def test_a_page_of_its_own_leads_back_to_where_the_form_was_and_nowhere_else(refusal, reader):
    def way_back(referer: str) -> bool:
        answer = reader.post("/refuses/view", headers={"Referer": referer})
        return f'href="{referer}"' in answer.content.decode()

    is_told_as_done = not isinstance(refusal, NotAllowed)
    assert way_back("http://testserver/courses/1") is is_told_as_done
    assert way_back("https://example.org/courses/1") is False


def test_no_view_catches_by_hand_what_rules_refuse():
    names = {Refused.__name__, *(each.__name__ for each in REFUSALS)}
    wrong = [
        f"{module}:{node.lineno}"
        for module in modules(*APPS)
        if "views" in module.parts
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        if names & {each.id for each in ast.walk(node.type) if isinstance(each, ast.Name)}
    ]
    assert wrong == []


def test_rules_name_fields_as_the_domain_does():
    rules = [module for module in modules(*APPS) if {"domain", "access"} & set(module.parts)]
    fields = {
        f"{module}: {field.value}"
        for module in rules
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Invalid"
        for errors in node.args
        if isinstance(errors, ast.Dict)
        for field in errors.keys
        if isinstance(field, ast.Constant)
    }
    assert len(fields) > 20
    canvas = {name for names in NAMES.values() for name in names.others.values()}
    assert [field for field in fields if "." in (name := field.partition(": ")[2]) or name in canvas] == []


def test_every_record_that_is_refused_has_its_names_in_the_api():
    assert set(NAMES) == set(get_args(Record))
