"""What is logged: lines that say which request they belong to, and nothing that a person sent."""

import io
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from config.logs import JsonLines, WithRequestId, report_slow_statements, request_id
from tests.factories import UserFactory

HOUSE = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"Number of this request: <code>(\w+)</code>")


@pytest.fixture
def quiet(client):
    client.raise_request_exception = False
    return client


@pytest.fixture
def broken(monkeypatch):
    monkeypatch.setattr("accounts.views.settings.render", lambda *args, **kwargs: 1 / 0)


@pytest.fixture
def logged():
    """What is logged meanwhile, as JSON."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    handler.addFilter(WithRequestId())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def test_log_lines_are_json_where_that_is_wanted():
    program = "import django; django.setup(); import logging; logging.getLogger('a').warning('b', extra={'c': 'd'})"
    environment = {**os.environ, "LOG_FORMAT": "json", "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=HOUSE, env=environment, capture_output=True, text=True, check=True
    )
    line = json.loads(done.stderr)
    assert line.pop("at")
    assert line == {"level": "WARNING", "logger": "a", "request_id": "-", "message": "b"}


def test_an_error_page_shows_the_number_by_which_its_log_line_is_found(quiet, root, broken, logged):
    answer = quiet.get("/terms")
    (number,) = NUMBER.findall(answer.content.decode())
    assert answer.headers["X-Request-Id"] == number
    (line,) = logged()
    assert line["request_id"] == number
    assert (line["level"], line["logger"]) == ("ERROR", "django.request")
    assert "ZeroDivisionError" in line["exc_info"]


def test_the_api_gives_the_number_in_the_body(quiet, root, monkeypatch):
    monkeypatch.setattr("config.api_urls._schema", lambda: 1 / 0)
    answer = quiet.get("/api/v1/openapi")
    assert answer.status_code == 500
    assert answer.json()["error_report_id"] == answer.headers["X-Request-Id"]


def test_every_request_has_a_number_of_its_own(client, root):
    numbers = {client.get("/terms").headers["X-Request-Id"] for _each in range(3)}
    assert len(numbers) == 3
    assert request_id.get() == ""


@pytest.mark.parametrize(
    ("proxies", "sent", "kept"),
    [
        (1, "7b0f7a0e-1234", True),
        (0, "7b0f7a0e-1234", False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, "a code <script>", False),
    ],
)
def test_a_number_is_taken_from_our_own_proxy_only(client, root, settings, proxies, sent, kept):
    settings.TRUSTED_PROXIES = proxies
    assert (client.get("/terms", headers={"X-Request-Id": sent}).headers["X-Request-Id"] == sent) is kept


def test_slow_statements_are_logged_without_what_was_looked_for(db, settings, caplog):
    UserFactory(login_id="secret")
    settings.SLOW_STATEMENT_SECONDS = 0.01
    wrappers = list(connection.execute_wrappers)
    connection.execute_wrappers.clear()
    report_slow_statements(connection)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.02)\n  FROM accounts_user WHERE login_id = %s", ["secret"])
            cursor.execute("SELECT 1")
    finally:
        connection.execute_wrappers[:] = wrappers
    (message,) = caplog.messages
    assert re.fullmatch(
        r"a statement took 0\.\d{3} s: SELECT pg_sleep\(0\.02\) FROM accounts_user WHERE login_id = %s", message
    )


def test_no_statement_is_logged_where_that_is_switched_off(db, settings):
    settings.SLOW_STATEMENT_SECONDS = 0.0
    wrappers = list(connection.execute_wrappers)
    report_slow_statements(connection)
    assert list(connection.execute_wrappers) == wrappers
