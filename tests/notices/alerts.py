"""Invented alerts for the tests: rows as they are, without what makes them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from courses.models import AccountNotification, Assignment, Course, DiscussionTopic, Submission
from notices.models import AlertType, ObserverAlert, ObserverAlertThreshold
from notices.models.threshold import OPPOSITES


def make_alert(observer: User, student: User, alert_type: AlertType, course: Course, **more: Any) -> ObserverAlert:
    """An alert of this type, about something new in the course, or of the institution."""
    threshold, _made = ObserverAlertThreshold.objects.get_or_create(
        observer=observer,
        student=student,
        alert_type=alert_type,
        defaults={"threshold": 50 if alert_type in OPPOSITES else None},
    )
    about = more or _something(alert_type, student, course)
    if alert_type != AlertType.INSTITUTION_ANNOUNCEMENT:
        about["course"] = course
    return ObserverAlert.objects.create(
        observer=observer, student=student, threshold=threshold, alert_type=alert_type, **about
    )


def _something(alert_type: AlertType, student: User, course: Course) -> dict[str, Any]:
    match alert_type:
        case AlertType.COURSE_ANNOUNCEMENT:
            return {"topic": DiscussionTopic.objects.create(course=course, title="Field trip")}
        case AlertType.INSTITUTION_ANNOUNCEMENT:
            return {"notification": make_notification()}
        case AlertType.COURSE_GRADE_HIGH | AlertType.COURSE_GRADE_LOW:
            return {"percent": Decimal("91.50")}
    work = Assignment.objects.create(course=course, name="Essay", workflow_state="published", points_possible=10)
    if alert_type == AlertType.ASSIGNMENT_MISSING:
        return {"assignment": work}
    Submission.objects.create(assignment=work, student=student, score=9, posted_at=timezone.now())
    return {"assignment": work, "percent": Decimal("90.00")}


def make_notification(**more: Any) -> AccountNotification:
    now = timezone.now()
    given = {"subject": "Snow day", "start_at": now - timedelta(hours=1), "end_at": now + timedelta(days=1), **more}
    return AccountNotification.objects.create(**given)
