"""Every parameter that an endpoint declares is read by it: each call of the table is made with each of them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from accounts.api.endpoints import Call, every_call
from accounts.api.parameter_types import (
    Counter,
    Either,
    File,
    Flag,
    FlagsByKey,
    Given,
    Id,
    Ids,
    Includes,
    Moment,
    NotServed,
    Parameter,
    Texts,
    Whole,
    Word,
    Words,
)
from accounts.domain.tokens import make_token
from courses.models import Section
from tests.access.table import API, Row
from tests.access.world import World

FORM = "application/x-www-form-urlencoded"
IDS = {
    "student_id": "student",
    "id": "student",
    "user_id": "classmate",
    "associated_user_id": "student",
    "enrollment_term_id": "term",
    "term_id": "term",
    "batch_mode_term_id": "term",
    "account_id": "account",
    "root_account_id": "root",
    "course_section_id": "section",
}


def sample(parameter: Parameter[Any], ids: dict[str, Any]) -> list[tuple[str, Any]]:
    """The parameter with a value that can be read, as pairs of a form."""
    match parameter:
        case FlagsByKey():
            return [(parameter.name.replace("<permission>", "read_roster"), "true")]
        case Includes():
            return [(parameter.name, word) for word in parameter.words or ()]
        case Word() | Words():
            return [(parameter.name, next(iter(parameter.words)))]
        case File():
            return [(parameter.name, SimpleUploadedFile("users.csv", b"user_id,login_id,status\n"))]
        case Id():
            return [(parameter.name, ids[IDS[parameter.path[-1]]])]
        case Ids():
            return [(parameter.name, ids["student"])]
        case Flag() | Either():
            return [(parameter.name, "true")]
        case Whole():
            return [(parameter.name, 5)]
        case Moment():
            return [(parameter.name, "2027-01-01T00:00:00Z")]
        case Counter():
            return [(parameter.name, 1)]
        case Texts():
            return [(parameter.name, "read_roster")]
    return [(parameter.name, "x")]


def rows_of(call: Call) -> list[Row]:
    shape = re.compile(f"/api/v1/{re.sub(r'[{][^}]+[}]', '[^/]+', call.path)}".rstrip("/"))
    return [row for row in API if row.method == call.method and shape.fullmatch(row.path)]


def ask(client: Client, row: Row, ids: dict[str, Any], pairs: list[tuple[str, Any]]) -> None:
    """Make a call of the table with these parameters; what it changed is undone."""
    # Only who is not active any more is brought back, and a section goes to another course than its own.
    other = {"enrollment": ids["idle_enrollment"]} if row.path.endswith("/reactivate") else {}
    other |= {"course": ids["course_there"]} if "/crosslist/" in row.path else {}
    path, query = row.path.format_map({**ids, **other}), urlencode(pairs)
    with transaction.atomic():
        if row.path.endswith("/crosslist"):
            Section.objects.filter(pk=ids["spare"]).update(nonxlist_course=ids["course_there"])
        if row.method in ("GET", "DELETE"):
            client.generic(row.method, f"{path}?{query}")
        elif row.method == "POST" and path.endswith("sis_imports"):
            # Once as a form of several parts, once as the body itself.
            client.generic("POST", path, encode_multipart(BOUNDARY, dict(pairs)), MULTIPART_CONTENT)
            client.generic("POST", f"{path}?{query}", b"user_id,login_id,status\n", "text/csv")
        else:
            client.generic(row.method, path, query, FORM)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_every_declared_parameter_is_read(monkeypatch):
    world = World()
    ids = {**world.ids(world.here), "course_there": world.there.ids["course"]}
    read: set[Parameter[Any]] = set()
    get, has = Given.__getitem__, Given.__contains__
    monkeypatch.setattr(Given, "__getitem__", lambda self, one: (read.add(one), get(self, one))[1])
    monkeypatch.setattr(Given, "__contains__", lambda self, one: (read.add(one), has(self, one))[1])
    client = Client(headers={"Authorization": f"Bearer {make_token(world.people['admin'], 'test', by=None)}"})
    unread = []
    for call in every_call():
        if not call.takes:
            continue
        read.clear()
        samples = {each: sample(each, ids) for each in call.takes if not isinstance(each, NotServed)}
        for row in rows_of(call):
            usual = [(key, text.format_map(ids)) for key, text in row.body.items()]
            ask(client, row, ids, usual + [pair for pairs in samples.values() for pair in pairs])
            # Some are looked at only where another is not there.
            for parameter, pairs in samples.items():
                for sent in (usual + pairs, pairs):
                    if parameter not in read:
                        ask(client, row, ids, sent)
        unread += [f"{call.shown}: {each.name}" for each in samples.keys() - read if not is_settled(each)]
    assert unread == []


def is_settled(parameter: Parameter[Any]) -> bool:
    """Whether it can only be one word, which is refused or allowed before anybody reads it."""
    return isinstance(parameter, Word) and len(parameter.words) == 1
