"""Thresholds in the API, as Canvas's apps for Android and iOS ask for them."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from accounts.domain.tokens import make_token
from accounts.models import ObservationLink
from courses.domain.observation import unlink
from notices.models import AlertType, ObserverAlertThreshold
from tests.api import Api
from tests.factories import UserFactory, make_student
from tests.observing import pair

PATH = "users/self/observer_alert_thresholds"
TYPES = {
    "assignment_missing",
    "assignment_grade_high",
    "assignment_grade_low",
    "course_grade_high",
    "course_grade_low",
    "course_announcement",
    "institution_announcement",
}
# What the app for iOS must find, and of which type: it refuses a whole list for one that is otherwise.
MANDATORY = ("id", "observer_id", "user_id", "alert_type", "threshold")


@pytest.fixture
def api(observer):
    return Api(observer)


def decoded(body: dict, id_type: type = int) -> dict:
    """The body of a threshold, if the apps can read it."""
    assert {*MANDATORY} <= body.keys()
    assert all(isinstance(body[key], id_type) for key in ("id", "observer_id", "user_id"))
    assert body["alert_type"] in TYPES
    assert body["threshold"] is None or isinstance(body["threshold"], str)
    return body


def sent(student, alert_type="course_grade_high", **more) -> dict:
    return {"observer_alert_threshold": {"alert_type": alert_type, "user_id": student.pk, **more}}


def json_of(api, method: str, path: str, body: dict):
    return api.raw(method, path, json.dumps(body))


def test_the_types_are_canvas_own():
    assert {*AlertType.values} == TYPES


def test_a_new_observer_reads_the_defaults(api, student, observer):
    found = api.get(PATH, student_id=student.pk).json()
    assert [decoded(one)["alert_type"] for one in found] == ["assignment_missing", "institution_announcement"]
    assert {(one["observer_id"], one["user_id"], one["workflow_state"]) for one in found} == {
        (observer.pk, student.pk, "active")
    }


def test_ids_are_texts_for_the_app_that_asks_for_them(observer, student):
    headers = {
        "Authorization": f"Bearer {make_token(observer, 'ios', by=None)}",
        "Accept": "application/json+canvas-string-ids",
    }
    for one in Client(headers=headers).get(f"/api/v1/{PATH}").json():
        decoded(one, str)


def test_the_list_is_of_all_students_or_of_one(api, observer, student):
    sibling = make_student()
    pair(observer, sibling)
    assert {one["user_id"] for one in api.get(PATH).json()} == {student.pk, sibling.pk}
    assert {one["user_id"] for one in api.get(PATH, student_id=sibling.pk).json()} == {sibling.pk}
    for nobody in (UserFactory().pk, "x", ""):
        assert api.get(PATH, student_id=nobody).json() == []


@pytest.mark.parametrize("percentage", [90, "90"])
def test_a_threshold_comes_as_a_number_or_a_text_in_json_or_a_form(api, student, percentage):
    for answer in (
        json_of(api, "POST", PATH, sent(student, threshold=percentage)),
        api.post(PATH, **sent(student, threshold=percentage)),
    ):
        assert answer.status_code == 200
        assert decoded(answer.json())["threshold"] == "90"


@pytest.mark.parametrize("more", [{}, {"threshold": None}, {"threshold": ""}])
def test_what_has_no_percentage_is_sent_without_or_with_null(api, student, more):
    answer = json_of(api, "POST", PATH, sent(student, "course_announcement", **more))
    assert (answer.status_code, decoded(answer.json())["threshold"]) == (200, None)


def test_posting_again_changes_the_same_threshold(api, student):
    first = json_of(api, "POST", PATH, sent(student, threshold="90")).json()
    again = json_of(api, "POST", PATH, sent(student, threshold="80")).json()
    assert (again["id"], again["threshold"]) == (first["id"], "80")
    api.delete(f"{PATH}/{first['id']}")
    revived = json_of(api, "POST", PATH, sent(student, threshold="70")).json()
    assert (revived["id"], revived["threshold"], revived["workflow_state"]) == (first["id"], "70", "active")


def test_ios_changes_a_threshold_by_a_body_that_is_not_nested(api, student):
    made = json_of(api, "POST", PATH, sent(student, threshold="90")).json()
    path = f"{PATH}/{made['id']}"
    changed = json_of(api, "PUT", path, {"alert_type": "course_grade_low", "threshold": 85})
    assert changed.status_code == 200
    assert decoded(changed.json()) == {**made, "threshold": "85"}
    refused = json_of(api, "PUT", path, {"alert_type": "course_grade_high", "threshold": 185})
    assert refused.status_code == 400
    assert "id" not in refused.json()
    assert api.get(path).json()["threshold"] == "85"


def test_turning_off_answers_with_the_threshold(api, student):
    made = api.get(PATH).json()[0]
    answer = api.delete(f"{PATH}/{made['id']}")
    assert (answer.status_code, decoded(answer.json())["id"]) == (200, made["id"])
    assert made["id"] not in [one["id"] for one in api.get(PATH).json()]
    for method in (api.get, api.put, api.delete):
        assert method(f"{PATH}/{made['id']}").status_code == 404


@pytest.mark.parametrize(("alert_type", "threshold"), [("course_grade_low", "101"), ("assignment_missing", "5")])
def test_what_breaks_a_rule_is_refused_at_the_threshold(api, student, alert_type, threshold):
    answer = json_of(api, "POST", PATH, sent(student, alert_type, threshold=threshold))
    assert answer.status_code == 400
    assert answer.json()["errors"]["threshold"][0]["message"]


def test_a_high_threshold_below_the_low_one_is_refused_with_both_named(api, student):
    json_of(api, "POST", PATH, sent(student, "course_grade_low", threshold=60))
    answer = json_of(api, "POST", PATH, sent(student, threshold=50))
    assert answer.status_code == 400
    assert "60" in answer.json()["errors"]["threshold"][0]["message"]


def test_an_unknown_student_and_one_not_observed_are_refused_alike(api):
    for student_id in (make_student().pk, 0, 10**15, "sis_user_id:nobody", "x"):
        body = {"observer_alert_threshold": {"alert_type": "assignment_missing", "user_id": student_id}}
        answer = json_of(api, "POST", PATH, body)
        assert (answer.status_code, answer.json()) == (400, {"errors": ["user_id is invalid"]})


def test_a_type_that_is_not_one_is_refused(api, student):
    for alert_type in ("grade", ""):
        assert json_of(api, "POST", PATH, sent(student, alert_type)).status_code == 400


def test_somebody_else_s_threshold_is_refused_and_none_is_not_found(api, student):
    other = UserFactory()
    pair(other, student)
    theirs = ObserverAlertThreshold.objects.create(
        observer=other, student=student, alert_type=AlertType.COURSE_ANNOUNCEMENT
    )
    for method in (api.get, api.put, api.delete):
        assert method(f"{PATH}/{theirs.pk}").status_code == 403
        assert method(f"{PATH}/{theirs.pk + 1000}").status_code == 404
        assert method(f"{PATH}/x").status_code == 404
    assert api.get(f"users/{other.pk}/observer_alert_thresholds").status_code == 403


def test_what_is_about_somebody_no_longer_observed_is_refused_and_not_listed(api, observer, student):
    mine = api.get(PATH).json()[0]
    unlink(ObservationLink.objects.get(), by=observer)
    assert api.get(PATH).json() == []
    for method in (api.get, api.put, api.delete):
        assert method(f"{PATH}/{mine['id']}").status_code == 403
    assert json_of(api, "POST", PATH, sent(student, threshold=90)).status_code == 400
