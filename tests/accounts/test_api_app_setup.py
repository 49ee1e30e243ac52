"""What the Canvas apps ask for when they start: each has an answer, in Canvas's form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from accounts.api import app_setup
from accounts.domain import colors
from accounts.domain.tokens import make_token
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

STATUSES = "query CustomGradeStatusesQuery { course(id: 7) { customGradeStatusesConnection { nodes { name _id } } } }"


@pytest.fixture
def person(root):
    return UserFactory()


@pytest.fixture
def client(person) -> Client:
    return Client(headers={"Authorization": f"Bearer {make_token(person, 'app', by=None)}"})


CONSTANTS = {
    "/api/v1/accounts/self/help_links": {"default_help_links": [], "custom_help_links": []},
    "/api/v1/career/experience_summary": {"current_app": "academic"},
    "/api/v1/features/environment.json": {},
    "/api/v1/settings/environment": {"calendar_contexts_limit": 10},
    "/api/v1/users/self/settings?include[]=mobile_settings": {"manual_mark_as_read": False},
}


@pytest.mark.parametrize("path", CONSTANTS)
def test_what_is_the_same_for_everybody_is_told_in_canvas_form(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert CONSTANTS[path].items() <= answer.json().items()


def test_no_tools_are_launched(client):
    path = "/api/v1/accounts/self/lti_apps/launch_definitions?placements[]=global_navigation"
    assert client.get(path).json() == []


def test_the_colors_of_the_site_are_there_without_signing_in(root):
    theme = Client().get("/api/v1/brand_variables").json()
    assert theme["ic-brand-primary"].startswith("#")
    assert all(isinstance(value, str) for value in theme.values())


def test_the_colors_are_those_of_the_pages():
    light = Path("static/css/tokens.css").read_text().partition("@media")[0]
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light))
    theirs = (app_setup.ACCENT, app_setup.INK, app_setup.ON_ACCENT, app_setup.SURFACE)
    assert theirs == tuple(tokens[name] for name in ("accent", "ink", "on-accent", "surface"))


@pytest.mark.parametrize("path", ["/api/graphql", "/api/graphql/"])
def test_the_query_of_the_apps_is_answered_as_where_there_is_nothing(client, path):
    sent = {"operationName": "CustomGradeStatusesQuery", "query": STATUSES, "variables": {"courseId": "7"}}
    for body in (sent, {"query": STATUSES}):
        answer = client.post(path, body, "application/json")
        assert (answer.status_code, answer.json()) == (200, {"data": {"course": None}})


@pytest.mark.parametrize("body", [{"query": "{ course(id: 1) { name } }"}, {"query": "{{{"}, {}])
def test_every_other_query_is_an_error_in_json(client, body):
    answer = client.post("/api/graphql", body, "application/json")
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert answer.json()["errors"][0]["message"]


def test_a_query_without_a_token_is_refused_in_json(root):
    answer = Client().post("/api/graphql", {"query": STATUSES}, "application/json")
    assert answer.status_code == 401
    assert answer.json()["errors"]


def test_a_color_is_kept_for_whoever_gave_it_alone(client, person):
    mine, other = f"/api/v1/users/self/colors/user_{person.pk}", UserFactory()
    assert client.put(f"{mine}?hexcode=AB0f12").json() == {"hexcode": "#ab0f12"}
    assert client.put(mine, {"hexcode": "#fff"}, "application/json").json() == {"hexcode": "#ffffff"}
    assert client.get(mine).json() == {"hexcode": "#ffffff"}
    assert client.get("/api/v1/users/self/colors").json() == {"custom_colors": {f"user_{person.pk}": "#ffffff"}}
    assert colors.colors_of(other) == {}
    assert client.get(f"/api/v1/users/{other.pk}/colors").status_code == 403


def test_a_color_that_was_not_given_is_not_there(client):
    assert client.get("/api/v1/users/self/colors").json() == {"custom_colors": {}}
    assert client.get("/api/v1/users/self/colors/course_1").status_code == 404


@pytest.mark.parametrize(
    ("asset", "hexcode", "field"),
    [
        ("course_1", "", "hexcode"),
        ("course_1", "red", "hexcode"),
        ("course_1", "#12345", "hexcode"),
        ("planet_1", "000000", "asset_string"),
        ("course_x", "000000", "asset_string"),
        ("course_" + "9" * 40, "000000", "asset_string"),
    ],
)
def test_what_is_no_color_is_refused_by_name(client, asset, hexcode, field):
    answer = client.put(f"/api/v1/users/self/colors/{asset}", {"hexcode": hexcode}, "application/json")
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert client.get("/api/v1/users/self/colors").json() == {"custom_colors": {}}


def test_colors_are_limited_in_number(client, monkeypatch):
    monkeypatch.setattr(colors, "MOST", 2)
    for asset in ("course_1", "course_2"):
        assert client.put(f"/api/v1/users/self/colors/{asset}?hexcode=000000").status_code == 200
    assert client.put("/api/v1/users/self/colors/course_3?hexcode=000000").status_code == 422
    assert client.put("/api/v1/users/self/colors/course_2?hexcode=111111").status_code == 200


EMPTY = ["conversations?scope=unread", "conversations/batches", "search/recipients?context=course_1&search=a"]


@pytest.mark.parametrize("path", EMPTY)
def test_the_inbox_is_empty(client, path):
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()) == (200, [])


def test_no_message_is_unread(client):
    assert client.get("/api/v1/conversations/unread_count").json() == {"unread_count": "0"}
    assert client.get("/api/v1/conversations/1").status_code == 404


def test_a_message_is_refused_and_not_lost_in_silence(client):
    answer = client.post("/api/v1/conversations", {"recipients[]": "1", "body": "Hello"})
    assert answer.status_code == 422
    assert "email" in answer.json()["message"]


OWN = ["settings", "colors", "colors/user_1", "observer_alert_thresholds", "observer_alerts/unread_count"]


@pytest.mark.parametrize("path", OWN)
def test_whether_somebody_has_a_login_or_id_of_the_school_cannot_be_guessed(client, path):
    other = UserFactory(sis_user_id="S1")
    for one in (f"sis_login_id:{other.login_id}", "sis_user_id:S1", "sis_login_id:nobody", "sis_user_id:S2"):
        assert client.get(f"/api/v1/users/{one}/{path}").status_code == 404, one


def test_people_may_go_by_their_own_login(client, person):
    assert client.get(f"/api/v1/users/sis_login_id:{person.login_id}/colors").status_code == 200
