"""The page of alerts: all students, filtered, read, dismissed and taken back."""

from __future__ import annotations

import pytest

from courses.models import Course
from notices.domain.alerts import listed
from notices.models import AlertType, ObserverAlert
from tests.factories import CourseFactory, UserFactory, make_student
from tests.notices.alerts import make_alert
from tests.observing import pair

PAGE = "/alerts"


@pytest.fixture
def alerts(client, observer, student, course) -> dict[str, ObserverAlert]:
    """One of each type."""
    client.force_login(observer)
    return {str(each): make_alert(observer, student, each, course) for each in AlertType}


def titles(client, **query) -> list[str]:
    return [alert.title for alert, _address in client.get(PAGE, query).context["alerts"]]


def test_the_page_says_of_all_students_what_happened_and_leads_there(client, observer, student, course, alerts):
    sibling = make_student(name="Leo Stone")
    pair(observer, sibling)
    make_alert(observer, sibling, AlertType.INSTITUTION_ANNOUNCEMENT, course)
    text = client.get(PAGE).content.decode()
    assert "Assignment missing: Essay in BIO-7" in text
    assert f'href="/courses/{course.pk}/assignments/{alerts["assignment_missing"].assignment_id}"' in text
    assert f'href="/courses/{course.pk}/grades/{student.pk}"' in text
    assert "Mia Stone" in text
    assert "Leo Stone" in text


def test_every_link_of_the_page_can_be_opened(client, alerts):
    found = client.get(PAGE).context["alerts"]
    addresses = [address for _alert, address in found if address]
    assert len(addresses) == 6
    assert {client.get(address).status_code for address in addresses} == {200}


def test_what_cannot_be_opened_has_no_link_and_says_so(client, alerts):
    Course.objects.update(workflow_state=Course.State.UNPUBLISHED)
    answer = client.get(PAGE)
    assert {address for _alert, address in answer.context["alerts"]} == {""}
    assert answer.content.decode().count("This page cannot be opened now") == 6


def test_the_list_is_filtered_by_student_kind_and_what_is_new(client, observer, student, alerts):
    sibling = make_student()
    pair(observer, sibling)
    make_alert(observer, sibling, AlertType.COURSE_ANNOUNCEMENT, CourseFactory())
    assert len(titles(client, student=student.pk)) == 7
    assert titles(client, type="course_announcement") == ["Course announcement: “Field trip” in BIO-7"]
    client.post(PAGE, {"alert": alerts["course_announcement"].pk, "state": "read"})
    assert titles(client, type="course_announcement", unread="1") == []
    for nothing in ({"student": "x"}, {"type": "x"}, {"student": UserFactory().pk}):
        answer = client.get(PAGE, nothing)
        assert "No alerts like that." in answer.content.decode()


def test_all_that_is_shown_is_marked_as_read(client, observer, alerts):
    answer = client.post(f"{PAGE}?type=course_announcement", {"state": "read"}, follow=True)
    assert "Everything shown is marked as read." in answer.content.decode()
    assert answer.redirect_chain == [(f"{PAGE}?type=course_announcement", 302)]
    assert listed(observer).filter(workflow_state="unread").count() == 6
    client.post(PAGE, {"state": "read"})
    assert not listed(observer).filter(workflow_state="unread").exists()


def test_dismissing_can_be_undone(client, observer, alerts):
    alert = alerts["assignment_missing"]
    answer = client.post(f"{PAGE}?unread=1", {"alert": alert.pk, "state": "dismissed"}, follow=True)
    assert "Dismissed: Assignment missing: Essay in BIO-7" in answer.content.decode()
    assert alert.title not in [one.title for one, _address in answer.context["alerts"]]
    client.post(f"{PAGE}?unread=1", {"alert": alert.pk, "state": "read"})
    assert alert.title in titles(client)


def test_nobody_changes_somebody_else_s_alerts(client, observer, student, course, alerts):
    other = UserFactory()
    pair(other, student)
    theirs = make_alert(other, student, AlertType.COURSE_ANNOUNCEMENT, course)
    for alert_id, status in ((theirs.pk, 422), (10**12, 422), ("x", 422)):
        answer = client.post(PAGE, {"alert": alert_id, "state": "dismissed"})
        assert answer.status_code in (403, 404, status)
    client.post(PAGE, {"state": "read"})
    assert ObserverAlert.objects.get(pk=theirs.pk).workflow_state == "unread"
    assert titles(client, dismissed=theirs.pk) == titles(client)


def test_an_empty_page_says_why(client, root):
    observer = UserFactory()
    client.force_login(observer)
    assert "You observe no students yet." in client.get(PAGE).content.decode()
    pair(observer, make_student())
    text = client.get(PAGE).content.decode()
    assert "No alerts." in text
    assert "Alert settings for" in text
