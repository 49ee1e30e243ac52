"""Whatever form is sent in vain, the page says so first: in its title, and in a summary that leads to each field."""

from __future__ import annotations

import re

import pytest
from django.db import transaction
from django.test import Client

from tests.access.table import PAGES
from tests.access.world import World

OBJECTED = (400, 409, 422)
# Forms that are no row of the table; and how many forms each sends in vain at least, lest the sweep pass with none.
SIGNING_IN = ("/login/canvas", "/login/password/reset")
SURELY = {
    "admin": 25,
    "observer": 2,
    "nobody": 3,
}


def faults(page: str) -> list[str]:
    """What is missing from a page that turns a form down."""
    found = []
    if "<title>Error: " not in page:
        found.append("the title does not say so")
    summary = re.search(r"<div[^>]*data-error-summary>(.*?)</div>", page, re.DOTALL)
    if summary is None:
        return [*found, "there is no summary"]
    if "<li>" not in summary[1]:
        found.append("the summary is empty")
    return found + [
        f"{field} is nowhere" for field in re.findall(r'href="#([^"]+)"', summary[1]) if f'id="{field}"' not in page
    ]


@pytest.mark.parametrize("name", SURELY)
def test_a_form_that_is_turned_down_says_so_in_title_and_summary(db, lock_watch, name):
    world = World()
    ids = world.ids(world.here)
    turned_down, wrong = set(), []
    for path in dict.fromkeys([*(row.path for row in PAGES if row.method == "POST"), *SIGNING_IN]):
        with transaction.atomic(), lock_watch.beginning_here():
            client = Client()
            if name != "nobody":
                client.force_login(world.people[name])
            answer = client.post(path.format_map(ids), {"enabled": "?", "name": "", "label": "", "email": "?"})
            transaction.set_rollback(True)
        content = b"" if answer.streaming else answer.content
        page = content.decode()
        if answer.status_code in OBJECTED or (answer.status_code == 200 and 'aria-invalid="true"' in page):
            turned_down.add(path)
            wrong += [f"{path}: {fault}" for fault in faults(page)]
    assert wrong == [], "\n".join(wrong)
    assert len(turned_down) >= SURELY[name], sorted(turned_down)
