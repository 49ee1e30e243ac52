"""What the caller was told of the students they observe."""

from __future__ import annotations

from typing import Any, cast

from django.http import Http404

from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.lookups import check_is_own
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Id
from accounts.text.fields import plain_id
from notices.api.body_types import AlertBody, TypeOfAlert, UnreadAlertsBody
from notices.domain.alerts import State, alert_of, listed, mark, opens
from notices.models import AlertType, ObserverAlert

endpoint = in_group("Alerts")

STUDENT_ID = Id("student_id", "Only what is about this student.")


@endpoint(*PAGING)
def index(request: ApiRequest, user_id: str, student_id: str) -> list[AlertBody]:
    """List what the caller was told of a student, the newest first, without what was dismissed. An empty list where
    they do not observe such a student.
    """
    check_is_own(request, user_id)
    found = listed(request.user, plain_id(student_id) or 0)
    return [_body(request, alert) for alert in page_of(request, found)]


@endpoint(STUDENT_ID)
def count_unread(request: ApiRequest, user_id: str) -> UnreadAlertsBody:
    """Count what is new, about all students or one."""
    student = request.params.sent(STUDENT_ID)
    check_is_own(request, user_id)
    found = listed(request.user, None if student is None else plain_id(student.strip()) or 0)
    return {"unread_count": found.filter(workflow_state=State.UNREAD).count()}


@endpoint()
def change(request: ApiRequest, user_id: str, alert_id: str, state: str) -> AlertBody:
    """Have an alert `read` or `dismissed`; what was dismissed can be read again. Other words change nothing."""
    check_is_own(request, user_id)
    number = plain_id(alert_id)
    if number is None:
        raise Http404
    alert = alert_of(request.user, number)
    return _body(request, mark(alert, state) if state in (State.READ, State.DISMISSED) else alert)


def _body(request: ApiRequest, alert: ObserverAlert) -> AlertBody:
    kind, context_id, path = _context(alert)
    return {
        "id": alert.pk,
        "observer_alert_threshold_id": alert.threshold_id,
        "alert_type": cast(TypeOfAlert, alert.alert_type),
        "observer_id": alert.observer_id,
        "user_id": alert.student_id,
        "title": alert.title,
        "workflow_state": cast(Any, alert.workflow_state),
        "context_type": kind,
        "context_id": context_id,
        "action_date": alert.action_date,
        "html_url": request.address(path) if path else None,
        "locked_for_user": not opens(alert),
    }


def _context(alert: ObserverAlert) -> tuple[Any, int, str]:
    """Return what an alert is about as the apps know it, its id, and the path that they recognize.

    They have no route for `announcements/…`; of an assignment they read the course from the path.
    """
    course, assignment = f"/courses/{alert.course_id}", alert.assignment_id or 0
    match alert.alert_type:
        case AlertType.COURSE_GRADE_HIGH | AlertType.COURSE_GRADE_LOW:
            return "Course", alert.course_id or 0, course
        case AlertType.COURSE_ANNOUNCEMENT:
            return "DiscussionTopic", alert.topic_id or 0, f"{course}/discussion_topics/{alert.topic_id}"
        case AlertType.INSTITUTION_ANNOUNCEMENT:
            return "AccountNotification", alert.notification_id or 0, ""
        case AlertType.ASSIGNMENT_MISSING if submission := alert.submission_id:  # type: ignore[attr-defined]
            return "Submission", submission, f"{course}/assignments/{assignment}"
        case _other:
            # Missing work need not have a submission here.
            return "Assignment", assignment, f"{course}/assignments/{assignment}"
