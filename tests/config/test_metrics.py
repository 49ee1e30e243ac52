"""/metrics: what Prometheus reads, for whoever has the token, and nothing about people."""

import http.client
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import FailedTry
from background.queue import ask_for, ask_for_later
from pairing.domain.institution_limit import POSSIBLE_CODES
from sis.models import RosterSource, SisImport
from tests.config.test_serve import free_port, started
from tests.factories import UserFactory
from tests.jobs import forget_all_jobs

TOKEN = "a token for prometheus"
HOUSE = Path(__file__).resolve().parents[2]
DASHBOARD, OPERATIONS = HOUSE / "deploy/grafana-dashboard.json", HOUSE / "docs/operations.md"


@pytest.fixture
def watched(settings, root):
    """A site that has a token for Prometheus, and a client that says so to its middlewares."""
    settings.METRICS_TOKEN = TOKEN
    client = Client()
    client.raise_request_exception = False
    return client


def read(client) -> dict[str, float]:
    return samples(text_of(client))


def text_of(client) -> str:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return answer.content.decode()


def samples(text: str) -> dict[str, float]:
    """The figures by name and labels, such as `name{a="b"}`."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_without_the_setting_there_is_nothing(client, root):
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \u00e9"])
def test_without_the_token_nothing_is_told(watched, sent):
    answer = watched.get("/metrics", headers={"Authorization": sent} if sent else {})
    assert answer.status_code == 401
    assert "observer_pairing" not in answer.content.decode()


def test_requests_are_counted_by_the_pattern_of_their_address(watched):
    person = UserFactory()
    watched.force_login(person)
    shown = 'observer_pairing_requests_total{method="GET",route="/users/<int:user_id>",status="404"}'
    lost = 'observer_pairing_requests_total{method="GET",route="none",status="404"}'
    before = read(watched)
    watched.get(f"/no/such/{person.login_id}")
    after = read(watched)
    assert after[lost] == before.get(lost, 0) + 1
    assert not any(person.login_id in name for name in after)
    assert any(name.startswith("observer_pairing_request_seconds_bucket") for name in after)
    assert shown not in before


def test_failures_of_ours_are_counted_by_their_kind(watched, monkeypatch):
    monkeypatch.setattr("accounts.views.settings.render", lambda *args, **kwargs: 1 / 0)
    name = 'observer_pairing_failures_total{kind="ZeroDivisionError"}'
    before = read(watched).get(name, 0)
    assert watched.get("/terms").status_code == 500
    assert read(watched)[name] == before + 1


@pytest.mark.django_db
def test_wrong_passwords_and_codes_and_what_is_left_to_guess_are_told(watched):
    FailedTry.objects.create(keys=["password of 1 from 192.0.2.1", "password of 1"])
    FailedTry.objects.create(keys=["password of 1"], at=timezone.now() - timedelta(hours=2))
    FailedTry.objects.create(keys=["pairing by 1", "guesses", "guesses signed in"], weight=10**9)
    figures = read(watched)
    assert figures["observer_pairing_wrong_passwords"] == 1
    assert figures["observer_pairing_wrong_codes"] == 1
    assert figures['observer_pairing_guesses_spent{entrance="signed in"}'] == pytest.approx(
        1e9 / POSSIBLE_CODES / 2.5e-5
    )
    assert figures['observer_pairing_guesses_spent{entrance="signing up"}'] == 0


def test_waiting_jobs_and_how_long_the_oldest_waits_are_told(watched, transactional_db):
    forget_all_jobs()
    ask_for("sis.jobs.work")
    ask_for_later("sis.jobs.work", seconds=600)
    figures = read(watched)
    assert figures['observer_pairing_jobs{state="waiting"}'] == 1
    assert figures["observer_pairing_oldest_job_seconds"] >= 0
    forget_all_jobs()


def test_imports_and_late_sources_are_told(watched, root):
    SisImport.objects.create(account=root, workflow_state=SisImport.State.FAILED, file_name="a.csv")
    RosterSource.objects.create(account=root, key="folder night", name="night", problem="It cannot be read.")
    figures = read(watched)
    assert figures['observer_pairing_imports{state="failed"}'] == 1
    assert figures['observer_pairing_imports{state="imported"}'] == 0
    assert figures["observer_pairing_roster_sources_failing"] == 1
    assert figures["observer_pairing_roster_sources_late"] == 0


def test_a_database_that_is_away_is_told(watched, monkeypatch):
    def away():
        raise DatabaseError

    monkeypatch.setattr("sis.metrics.figures", away)
    figures = read(watched)
    assert figures["observer_pairing_database_up"] == 0
    assert "observer_pairing_wrong_codes" not in figures


def test_the_figures_take_a_fixed_number_of_statements(watched, root, django_assert_num_queries):
    read(watched)
    for number in (1, 20):
        for each in range(number):
            SisImport.objects.create(account=root, workflow_state=SisImport.State.FAILED, file_name=f"{number} {each}")
        with django_assert_num_queries(7):
            read(watched)


def test_whichever_worker_is_asked_tells_for_all(tmp_path, monkeypatch):
    monkeypatch.setenv("METRICS_TOKEN", TOKEN)
    port = free_port()

    def ask(path: str) -> str:
        client = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
        client.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        return client.getresponse().read().decode()

    with started(tmp_path, port):
        # A connection each: whichever worker takes it.
        for _each in range(20):
            ask("/login/canvas")
        name = 'observer_pairing_requests_total{method="GET",route="/login/canvas",status="200"}'
        assert [samples(ask("/metrics"))[name] for _each in range(6)] == [20] * 6


@pytest.mark.parametrize("document", [DASHBOARD, OPERATIONS], ids=lambda document: document.name)
def test_the_dashboard_and_the_advice_are_about_what_there_is(watched, document):
    read(watched)
    named = set(re.findall(r"observer_pairing_\w+", document.read_text()))
    text = text_of(watched)
    # Of what has not happened yet there is no figure, but its name.
    known = {re.sub(r"\{.*", "", name) for name in samples(text)} | set(re.findall(r"^# TYPE (\w+)", text, re.M))
    assert named - known == set()
    assert len(named) >= 10


def test_the_dashboard_can_be_read():
    assert json.loads(DASHBOARD.read_text())["title"] == "Observer Pairing"
