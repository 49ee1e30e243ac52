"""Alerts in the API, as Canvas's apps for Android and iOS ask for them."""

from __future__ import annotations

import pytest

from accounts.models import ObservationLink
from courses.domain.observation import unlink
from courses.models import Course, Submission
from notices.models import AlertType, ObserverAlert
from tests.api import Api, ids
from tests.factories import UserFactory, make_student
from tests.notices.alerts import make_alert
from tests.observing import pair

PATH = "users/self/observer_alerts"
# What the app for iOS must find; it refuses a whole list for one that is otherwise. Android wants the others, too.
IDS = ("id", "observer_id", "observer_alert_threshold_id", "user_id", "context_id")
MANDATORY = (*IDS, "alert_type", "title", "workflow_state", "context_type", "action_date", "html_url")


@pytest.fixture
def alerts(observer, student, course) -> dict[str, ObserverAlert]:
    """One of each type."""
    return {str(each): make_alert(observer, student, each, course) for each in AlertType}


@pytest.fixture
def api(observer) -> Api:
    return Api(observer)


def decoded(body: dict, id_type: type = int) -> dict:
    """The body of an alert, if the apps can read it."""
    assert {*MANDATORY} <= body.keys()
    assert all(isinstance(body[key], id_type) for key in IDS)
    assert body["alert_type"] in AlertType.values
    assert body["workflow_state"] in ("unread", "read", "dismissed")
    assert body["title"]
    assert isinstance(body["locked_for_user"], bool)
    assert body["action_date"].endswith("Z")
    return body


@pytest.mark.parametrize("id_type", [int, str])
def test_every_type_is_told_in_the_form_of_the_apps(observer, student, course, alerts, id_type):
    headers = {"Accept": "application/json+canvas-string-ids"} if id_type is str else {}
    found = Api(observer, **headers).get(f"{PATH}/{student.pk}", per_page=100).json()
    by_type = {decoded(one, id_type)["alert_type"]: one for one in found}
    assert by_type.keys() == {*AlertType.values}
    addresses = {kind: one["html_url"] for kind, one in by_type.items()}
    home = f"http://testserver/courses/{course.pk}"
    missing, topic = alerts["assignment_missing"], alerts["course_announcement"]
    assert addresses["assignment_missing"] == f"{home}/assignments/{missing.assignment_id}"
    assert addresses["assignment_grade_low"].startswith(f"{home}/assignments/")
    assert addresses["course_grade_high"] == addresses["course_grade_low"] == home
    assert addresses["course_announcement"] == f"{home}/discussion_topics/{topic.topic_id}"
    assert addresses["institution_announcement"] is None
    assert by_type["course_grade_high"]["context_id"] == id_type(course.pk)
    assert by_type["institution_announcement"]["context_id"] == id_type(
        alerts["institution_announcement"].notification_id
    )


def test_missing_work_names_the_submission_where_there_is_one(api, student, alerts):
    missing = alerts["assignment_missing"]

    def context() -> tuple[str, int]:
        found = api.get(f"{PATH}/{student.pk}", per_page=100).json()
        one = next(one for one in found if one["id"] == missing.pk)
        return one["context_type"], one["context_id"]

    assert context() == ("Assignment", missing.assignment_id)
    submission = Submission.objects.create(assignment=missing.assignment, student=student)
    assert context() == ("Submission", submission.pk)


def test_the_newest_come_first_page_by_page(api, student, alerts):
    newest_first = sorted((alert.pk for alert in alerts.values()), reverse=True)
    answer = api.get(f"{PATH}/{student.pk}", per_page=3)
    assert ids(answer) == newest_first[:3]
    assert 'rel="next"' in answer.headers["Link"]


def test_who_is_not_linked_gets_an_empty_list(api, observer, student, alerts):
    for other in (make_student().pk, 0, "x"):
        assert (api.get(f"{PATH}/{other}").status_code, api.get(f"{PATH}/{other}").json()) == (200, [])
    unlink(ObservationLink.objects.get(), by=observer)
    assert (api.get(f"{PATH}/{student.pk}").status_code, api.get(f"{PATH}/{student.pk}").json()) == (200, [])


def test_what_is_new_is_counted_as_a_number(api, observer, student, course, alerts):
    sibling = make_student()
    pair(observer, sibling)
    make_alert(observer, sibling, AlertType.INSTITUTION_ANNOUNCEMENT, course)
    assert api.get(f"{PATH}/unread_count").json() == {"unread_count": 8}
    assert api.get(f"{PATH}/unread_count", student_id=student.pk).json() == {"unread_count": 7}
    api.put(f"{PATH}/{alerts['course_grade_low'].pk}/read")
    assert api.get(f"{PATH}/unread_count", student_id=student.pk).json() == {"unread_count": 6}


def test_an_alert_is_read_dismissed_and_taken_back(api, student, alerts):
    alert = alerts["assignment_missing"]
    for state in ("read", "dismissed", "dismissed", "read"):
        answer = api.put(f"{PATH}/{alert.pk}/{state}")
        assert answer.status_code == 200
        assert decoded(answer.json())["workflow_state"] == state
        assert (alert.pk in ids(api.get(f"{PATH}/{student.pk}", per_page=100))) is (state != "dismissed")


@pytest.mark.parametrize("word", ["unread", "deleted", "READ", "1"])
def test_other_words_change_nothing(api, alerts, word):
    alert = alerts["assignment_missing"]
    answer = api.put(f"{PATH}/{alert.pk}/{word}")
    assert (answer.status_code, answer.json()["workflow_state"]) == (200, "unread")


def test_somebody_else_s_alert_is_refused_and_none_is_not_found(api, student, course, alerts):
    other = UserFactory()
    pair(other, student)
    theirs = make_alert(other, student, AlertType.COURSE_ANNOUNCEMENT, course)
    assert api.put(f"{PATH}/{theirs.pk}/read").status_code == 403
    assert api.put(f"{PATH}/{theirs.pk + 1000}/read").status_code == 404
    assert api.put(f"{PATH}/x/read").status_code == 404
    assert api.get(f"users/{other.pk}/observer_alerts/{student.pk}").status_code == 403
    assert ObserverAlert.objects.get(pk=theirs.pk).workflow_state == "unread"


def test_what_cannot_be_opened_is_locked(api, student, alerts):
    Course.objects.update(workflow_state=Course.State.UNPUBLISHED)
    found = api.get(f"{PATH}/{student.pk}", per_page=100).json()
    assert {one["alert_type"] for one in found if not one["locked_for_user"]} == {"institution_announcement"}


def test_the_list_takes_as_many_statements_for_many_alerts(
    observer, student, course, alerts, django_assert_max_num_queries
):
    for each in AlertType:
        for _n in range(5):
            make_alert(observer, student, each, course)
    api = Api(observer)
    with django_assert_max_num_queries(8):
        assert len(api.get(f"{PATH}/{student.pk}", per_page=100).json()) == 42
