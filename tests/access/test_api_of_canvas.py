"""Each call with each parameter that Canvas documents: it is done, or the answer says that it is not."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client

from accounts.api.endpoints import Call, every_call
from accounts.api.parameter_types import Either, Flag, Ids, Includes, Moment, NotServed, Parameter, Whole, Word, Words
from accounts.domain.tokens import make_token
from tests.access.canvas_parameters import DOCUMENTED, INCLUDES, NOTHING_TO_SEND
from tests.access.table import Row
from tests.access.test_api_parameters_read import FORM, rows_of
from tests.access.world import World

CALLS = {f"{call.method} {call.path}": call for call in every_call()}
# These take a file, and are read by tests of their own.
UPLOAD = "POST accounts/{account_id}/sis_imports"
# What cannot be read as a value of these types, or is none of the words that can stand there.
HAS_NONSENSE = (Either, Flag, Ids, Moment, Whole, Word, Words)


def of(call: Call, name: str) -> Parameter[Any] | None:
    """The declared parameter that a documented name belongs to: itself, or a refused one that it stands below."""
    path = re.findall(r"[^\[\]]+", name)
    for parameter in call.takes:
        stands_above = isinstance(parameter, NotServed) and parameter.path == path[: len(parameter.path)]
        if parameter.path == path or stands_above:
            return parameter
    return None


def every_one() -> list[tuple[str, str]]:
    return [(call, name) for call, names in DOCUMENTED.items() for name in names]


def test_every_parameter_that_canvas_documents_is_declared():
    assert [(call, name) for call, name in every_one() if of(CALLS[call], name) is None] == []


def test_every_addition_that_canvas_documents_is_made_refused_or_said_to_be_left_out():
    unsaid = []
    for call, words in INCLUDES.items():
        declared = CALLS[call].operation.includes
        known = {*(declared.words or ()), *declared.absent, *(declared.refused or ())}
        unsaid += [(call, word) for word in words if word not in known]
    assert unsaid == []


def test_every_call_has_been_looked_up():
    assert {name.strip() for name in CALLS} == DOCUMENTED.keys() | NOTHING_TO_SEND
    assert not DOCUMENTED.keys() & NOTHING_TO_SEND


def answer_to(client: Client, row: Row, ids: dict[str, Any], pairs: list[tuple[str, Any]]):
    path, query = row.path.format_map(ids), urlencode(pairs)
    with transaction.atomic():
        if row.method in ("GET", "DELETE"):
            answer = client.generic(row.method, f"{path}?{query}")
        else:
            answer = client.generic(row.method, path, query, FORM)
        transaction.set_rollback(True)
    return answer


def names(answer, parameter: Parameter[Any]) -> bool:
    """Whether the answer refuses the parameter by its name; a sign-up has its complaints in groups."""
    if answer.status_code != 400:
        return False
    errors = answer.json()["errors"]
    *group, name = parameter.path
    return ".".join(parameter.path) in errors or name in errors.get(group[0] if group else "user", {})


@pytest.mark.django_db
def test_whoever_sends_what_is_not_done_or_cannot_be_read_is_told_so_by_name():
    """What can be read is read: see test_api_parameters_read.py."""
    world = World()
    ids = dict(world.ids(world.here))
    client = Client(headers={"Authorization": f"Bearer {make_token(world.people['admin'], 'test', by=None)}"})
    silent, tried = [], 0
    for shown, name in every_one():
        parameter = of(CALLS[shown], name)
        if shown == UPLOAD or not isinstance(parameter, (NotServed, *HAS_NONSENSE)):
            continue
        sent = re.sub("<[^>]*>", "any", name)
        for row in rows_of(CALLS[shown]):
            usual = [(key, text.format_map(ids)) for key, text in row.body.items() if key != sent]
            answer = answer_to(client, row, ids, [*usual, (sent, "no such thing")])
            tried += 1
            if not names(answer, parameter):
                silent.append(f"{shown}: {name}: {answer.status_code} {answer.content.decode()[:80]}")
    assert silent == []
    assert tried > 150


# What is an order and no field, a secret, another name for a field, or stands there only where somebody has it.
NOT_SHOWN = {"event", "offer", "password", "terms_of_use", "term_id", "pronouns"}


@pytest.mark.django_db
def test_what_a_call_can_change_stands_in_its_answer():
    world = World()
    ids = dict(world.ids(world.here))
    client = Client(headers={"Authorization": f"Bearer {make_token(world.people['admin'], 'test', by=None)}"})
    missing, tried = [], 0
    for call in (call for call in every_call() if call.method == "PUT"):
        fields = {each.path[-1] for each in call.takes if len(each.path) == 2 and not isinstance(each, NotServed)}
        included = [
            ("include[]", word) for each in call.takes if isinstance(each, Includes) for word in each.words or ()
        ]
        for row in rows_of(call)[: 1 if fields else 0]:
            usual = [(key, text.format_map(ids)) for key, text in row.body.items()]
            answer = answer_to(client, row, ids, usual + included)
            assert answer.status_code == 200, call.shown
            missing += [(call.shown, key) for key in fields - NOT_SHOWN - answer.json().keys()]
            tried += len(fields)
    assert missing == []
    assert tried > 20


@pytest.mark.django_db
def test_whoever_asks_for_an_addition_that_is_refused_is_told_why():
    world = World()
    ids = dict(world.ids(world.here))
    client = Client(headers={"Authorization": f"Bearer {make_token(world.people['admin'], 'test', by=None)}"})
    tried = 0
    for call, words in INCLUDES.items():
        for word in {*words} & {*(CALLS[call].operation.includes.refused or ())}:
            answer = answer_to(client, rows_of(CALLS[call])[0], ids, [("include[]", word)])
            why = CALLS[call].operation.includes.refused[word]
            assert (answer.status_code, answer.json()["errors"]["include"][0]["message"]) == (400, why)
            tried += 1
    assert tried


@pytest.mark.django_db
def test_a_value_that_asks_for_what_is_so_anyway_is_no_fault():
    world = World()
    ids = dict(world.ids(world.here))
    client = Client(headers={"Authorization": f"Bearer {make_token(world.people['admin'], 'test', by=None)}"})
    refused = []
    for call in every_call():
        for parameter in call.takes:
            if not isinstance(parameter, NotServed) or call.operation.takes_files:
                continue
            for row, value in [(row, value) for row in rows_of(call)[:1] for value in parameter.fits]:
                answer = answer_to(client, row, ids, [*row.body.items(), (parameter.name, value)])
                if names(answer, parameter):
                    refused.append(f"{call.shown}: {parameter.name}={value}")
    assert refused == []
