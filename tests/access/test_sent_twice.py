"""Every form of ours sent twice, as by a double click: it is carried out once, and neither is an error."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import AuditEvent, FailedTry, SentForm
from tests.access.table import PAGES, Row
from tests.access.world import World

# What is recorded of requests, as against what people make.
RECORDS = (AuditEvent, FailedTry, SentForm)
# What must be in a form for it to be carried out, where the table, which asks who gets in, sends less.
WHOLE: dict[str, Mapping[str, Any]] = {
    "/register": {
        "user[name]": "Ana Ruiz",
        "pseudonym[unique_id]": "ana@example.com",
        "pseudonym[password]": "a long pass phrase",
        "user[terms_of_use]": "on",
    },
    "/courses/{course}/users/add": {
        "people": "{powerless_login}",
        "kind": "login",
        "role": "{student_role}",
        "section": "{section}",
        "step": "add",
    },
    "/courses/{course}/users/{course_observer}/link_students": {"student": "{classmate}"},
}
UPLOADS, UPLOAD = {"/accounts/{root}/sis_import"}, b"user_id,login_id,status\n1,a,active\n"
# What makes something. A form that is new belongs here, or makes nothing.
MAKING = {
    "/register",
    "/profile/observees/{student}/thresholds",
    "/profile/observers/{observer}/report",
    "/users/{student}/observer_pairing_codes",
    "/courses/{course}/observer_pairing_codes.csv",
    "/courses/{course}/users/add",
    "/courses/{course}/users/{course_observer}/link_students",
    "/courses/{course}/users/{student}/role",
    "/courses/{course}/sections",
    "/accounts/{account}/permissions/{role}/{permission}",
    "/accounts/{account}/roles/new",
    "/accounts/{account}/users/new",
    "/accounts/{account}/users/{student}/link/{kind}/{ta}",
    "/accounts/{account}/courses/new",
    "/accounts/{account}/sub_accounts/new",
    "/accounts/{account}/admins/new/{ta}",
    "/accounts/{root}/terms/new",
    "/accounts/{root}/sis_import",
    "/accounts/{root}/sis_import/{import}/stop",
}
# The second comes from somebody else, who may not act as anybody.
CHANGING_WHO_ONE_IS = {"/users/{student}/masquerade"}


def who_sends(row: Row) -> str:
    return next(name for name in ("admin", "student", *sorted(row.who), "nobody") if name in row.who)


def counted() -> Counter[str]:
    there = [model for model in apps.get_models() if model._meta.label != "sessions.Session"]
    return Counter({model._meta.label: model._base_manager.count() for model in there if model not in RECORDS})


def sent_twice(row: Row, world: World) -> tuple[list[int], Counter[str], Counter[str]]:
    """How the two were answered, what the first made, and what the second."""
    ids: dict[str, Any] = {**world.ids(world.here), "powerless_login": world.people["powerless"].login_id}
    # The other one has been reported already.
    ids["observer"] = ids["course_observer"]
    body = {key: value.format_map(ids) for key, value in WHOLE.get(row.path, row.body).items()}
    browser = Client(enforce_csrf_checks=True)
    if row.path != "/register":
        browser.force_login(world.people[who_sends(row)])
    page = browser.get("/register", follow=True).content.decode()
    body["csrfmiddlewaretoken"] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[-1]
    cookies: Any = browser.cookies.copy()
    statuses, counts = [], [counted()]
    for _time in range(2):
        # As the browser had them when the button was pressed.
        browser.cookies = cookies.copy()
        files = {"attachment": SimpleUploadedFile("users.csv", UPLOAD)} if row.path in UPLOADS else {}
        answer = browser.post(row.path.format_map(ids), {**body, **files})
        statuses.append(answer.status_code)
        counts.append(counted())
    return statuses, counts[1] - counts[0], counts[2] - counts[1]


@pytest.mark.parametrize("row", [row for row in PAGES if row.method == "POST" and row.who], ids=str)
def test_a_form_sent_twice_makes_once_what_it_makes_and_is_refused_no_more_than_the_first(db, row):
    (status, again), first, second = sent_twice(row, World())
    assert (bool(first), second) == (row.path in MAKING, Counter()), (status, first, second)
    # Nobody hears that there is such a thing already, or none any more.
    assert status >= 400 or again < 400 or row.path in CHANGING_WHO_ONE_IS
