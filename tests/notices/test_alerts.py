"""What observers were told, as pages and API show it: only while it may be read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import BaseType, ObservationLink
from courses.domain.observation import unlink
from courses.models import AccountNotification, Assignment, Course, DiscussionTopic, Submission
from notices.domain.alerts import alerts_of, listed, opens
from notices.models import AlertType, ObserverAlert
from tests.factories import EnrollmentFactory, UserFactory, make_student
from tests.notices.alerts import make_alert
from tests.observing import pair

GRADES = [each for each in AlertType if "grade" in each]
IN_COURSES = [each for each in AlertType if each != AlertType.INSTITUTION_ANNOUNCEMENT]


@pytest.fixture
def alerts(observer, student, course) -> dict[AlertType, ObserverAlert]:
    """One of each type."""
    return {each: make_alert(observer, student, each, course) for each in AlertType}


def shown(observer) -> set[str]:
    return set(listed(observer).values_list("alert_type", flat=True))


def test_titles_say_what_happened_where(alerts):
    assert {str(each): alert.title for each, alert in alerts.items()} == {
        "assignment_missing": "Assignment missing: Essay in BIO-7",
        "assignment_grade_high": "Assignment graded: 90 % on Essay in BIO-7",
        "assignment_grade_low": "Assignment graded: 90 % on Essay in BIO-7",
        "course_grade_high": "Course grade: 91.5 % in BIO-7",
        "course_grade_low": "Course grade: 91.5 % in BIO-7",
        "course_announcement": "Course announcement: “Field trip” in BIO-7",
        "institution_announcement": "Institution announcement: “Snow day”",
    }


def test_the_newest_come_first_and_none_that_is_dismissed(observer, alerts):
    ObserverAlert.objects.filter(pk=alerts[AlertType.COURSE_GRADE_LOW].pk).update(workflow_state="dismissed")
    found = [alert.pk for alert in listed(observer)]
    assert found == sorted(found, reverse=True)
    assert len(found) == 6
    assert alerts_of(observer).count() == 7


def test_nothing_is_shown_to_others_or_of_students_no_longer_observed(observer, student, alerts):
    other = UserFactory()
    pair(other, student)
    assert shown(other) == set()
    assert shown(observer) == {*AlertType}
    unlink(ObservationLink.objects.get(observer=observer), by=observer)
    assert shown(observer) == set()


def test_nothing_is_shown_of_a_course_in_which_the_student_is_no_longer_observed(observer, student, alerts):
    unlink(ObservationLink.objects.get(observer=observer), by=observer)
    elsewhere = EnrollmentFactory(user=student).section
    EnrollmentFactory(user=observer, section=elsewhere, type=BaseType.OBSERVER, associated_user=student)
    assert shown(observer) == {"institution_announcement"}


def test_a_grade_that_is_hidden_again_is_not_told(observer, alerts):
    Submission.objects.update(posted_at=None)
    assert shown(observer) == {*AlertType} - {"assignment_grade_high", "assignment_grade_low"}
    Submission.objects.update(posted_at=timezone.now() + timedelta(hours=1))
    assert shown(observer) == {*AlertType} - {"assignment_grade_high", "assignment_grade_low"}


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({"hide_final_grades": True}, ["course_grade_high", "course_grade_low"]),
        ({"restrict_quantitative_data": True}, GRADES),
        ({"observers_allowed": False}, IN_COURSES),
        ({"workflow_state": Course.State.DELETED}, IN_COURSES),
    ],
)
def test_what_the_course_keeps_from_observers_is_not_told(observer, alerts, change, gone):
    Course.objects.update(**change)
    assert shown(observer) == {*AlertType} - {*gone}


@pytest.mark.parametrize("dates", [{"end_at": -1}, {"start_at": 1}])
def test_announcements_of_the_institution_are_shown_while_they_run(observer, alerts, dates):
    AccountNotification.objects.update(
        **{name: timezone.now() + timedelta(minutes=minutes) for name, minutes in dates.items()}
    )
    assert shown(observer) == {*IN_COURSES}


def opened(observer) -> set[str]:
    return {alert.alert_type for alert in listed(observer) if opens(alert)}


def test_everything_can_be_opened_at_first(observer, alerts):
    assert opened(observer) == {*AlertType}


@pytest.mark.parametrize(
    ("close", "closed"),
    [
        (lambda: Course.objects.update(workflow_state=Course.State.UNPUBLISHED), IN_COURSES),
        (lambda: Course.objects.update(hidden_tabs=["grades"]), ["course_grade_high", "course_grade_low"]),
        (lambda: Course.objects.update(hidden_tabs=["announcements"]), ["course_announcement"]),
        (lambda: DiscussionTopic.objects.update(workflow_state="deleted"), ["course_announcement"]),
        (
            lambda: Assignment.objects.update(workflow_state="unpublished"),
            ["assignment_missing", "assignment_grade_high", "assignment_grade_low"],
        ),
    ],
)
def test_what_can_no_longer_be_opened_is_shown_without_a_link(observer, alerts, close, closed):
    close()
    assert shown(observer) == {*AlertType}
    assert opened(observer) == {*AlertType} - {*closed}


@pytest.mark.parametrize(
    ("alert_type", "same"),
    [
        (AlertType.ASSIGNMENT_MISSING, "assignment"),
        (AlertType.COURSE_ANNOUNCEMENT, "topic"),
        (AlertType.INSTITUTION_ANNOUNCEMENT, "notification"),
    ],
)
def test_each_is_told_once_to_each_observer_of_each_student(observer, student, course, alert_type, same):
    first = make_alert(observer, student, alert_type, course)
    about = {same: getattr(first, same)}
    with pytest.raises(IntegrityError), transaction.atomic():
        make_alert(observer, student, alert_type, course, **about)
    other, sibling = UserFactory(), make_student()
    make_alert(other, student, alert_type, course, **about)
    make_alert(observer, sibling, alert_type, course, **about)


def test_an_alert_about_nothing_is_refused_by_the_database(observer, student, course):
    alert = make_alert(observer, student, AlertType.ASSIGNMENT_MISSING, course)
    with pytest.raises(IntegrityError), transaction.atomic():
        ObserverAlert.objects.filter(pk=alert.pk).update(assignment=None)
