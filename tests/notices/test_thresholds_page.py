"""The page on which an observer says what to be told of a student."""

from __future__ import annotations

import pytest

from accounts.models import ObservationLink
from courses.domain.observation import unlink
from notices.domain.thresholds import set_threshold, thresholds_of
from notices.models import AlertType

HTMX = {"HX-Request": "true"}


@pytest.fixture
def observer(client, observer):
    client.force_login(observer)
    return observer


@pytest.fixture
def page(student):
    return f"/profile/observees/{student.pk}/thresholds"


def kept(observer) -> dict[str, int | None]:
    return {one.alert_type: one.threshold for one in thresholds_of(observer)}


def test_the_page_has_all_seven_kinds_and_a_way_there_and_back(client, observer, page):
    assert page in client.get("/alerts").content.decode()
    answer = client.get(page)
    text = answer.content.decode()
    assert "Alerts about Mia Stone" in text
    assert [row.type for row in answer.context["rows"]] == [*AlertType]
    assert all(str(each.label) in text for each in AlertType)
    assert 'href="/profile/observees"' in text


def test_a_percentage_is_saved_and_turned_off_without_scripts(client, observer, page):
    answer = client.post(page, {"alert_type": "course_grade_low", "threshold": "60"}, follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert "A course total is below: 60 %." in answer.content.decode()
    assert kept(observer)["course_grade_low"] == 60
    answer = client.post(page, {"alert_type": "course_grade_low", "turn": "off"}, follow=True)
    assert "A course total is below: off." in answer.content.decode()
    assert "course_grade_low" not in kept(observer)


def test_the_others_are_turned_on_and_off(client, observer, page):
    for turn, is_on in (("on", True), ("on", True), ("off", False), ("off", False)):
        client.post(page, {"alert_type": "course_announcement", "turn": turn})
        assert ("course_announcement" in kept(observer)) is is_on


def test_the_other_side_is_the_limit_of_the_field(client, observer, student, page):
    set_threshold(observer, student.pk, AlertType.COURSE_GRADE_LOW, "60")
    set_threshold(observer, student.pk, AlertType.COURSE_GRADE_HIGH, "90")
    rows = {row.type: (row.least, row.most) for row in client.get(page).context["rows"]}
    assert rows[AlertType.COURSE_GRADE_HIGH] == (61, 100)
    assert rows[AlertType.COURSE_GRADE_LOW] == (0, 89)
    assert rows[AlertType.ASSIGNMENT_GRADE_HIGH] == (0, 100)


@pytest.mark.parametrize("typed", ["101", "x", ""])
def test_what_is_no_percentage_stays_as_typed_with_the_reason_beside_it(client, observer, page, typed):
    for headers in ({}, HTMX):
        answer = client.post(page, {"alert_type": "course_grade_low", "threshold": typed}, headers=headers)
        text = answer.content.decode()
        assert answer.status_code == 422
        assert 'id="course_grade_low-error"' in text
        assert "from 0 to 100" in text
        assert "course_grade_low" not in kept(observer)


def test_scripts_are_given_the_rows_and_a_sentence_for_the_live_region(client, observer, page):
    text = client.post(page, {"alert_type": "course_grade_low", "threshold": "60"}, headers=HTMX).content.decode()
    assert "<html" not in text
    assert '<p id="told" hx-swap-oob="innerHTML">A course total is below: 60 %.</p>' in text


def test_nothing_is_saved_of_a_kind_that_is_none(client, observer, page):
    before = kept(observer)
    assert client.post(page, {"alert_type": "grade", "turn": "on"}).status_code == 422
    assert kept(observer) == before


def test_the_page_is_gone_the_moment_the_link_is(client, observer, page):
    unlink(ObservationLink.objects.get(), by=observer)
    assert client.get(page).status_code == 404
    assert client.post(page, {"alert_type": "course_announcement", "turn": "on"}).status_code == 404
