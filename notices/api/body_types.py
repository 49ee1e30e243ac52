"""The shapes of what the API says of alerts: see accounts/api/body_types.py."""

# No postponed annotations here: Python 3.11 would not see which keys are NotRequired.
from datetime import datetime
from typing import Literal, TypedDict

TypeOfAlert = Literal[
    "assignment_missing",
    "assignment_grade_high",
    "assignment_grade_low",
    "course_grade_high",
    "course_grade_low",
    "course_announcement",
    "institution_announcement",
]


class ThresholdBody(TypedDict):
    """What an observer wants to be told of a student; the percentage is a text, as Canvas's apps read it."""

    id: int
    observer_id: int
    user_id: int
    alert_type: TypeOfAlert
    threshold: str | None
    workflow_state: Literal["active", "deleted"]


class AlertBody(TypedDict):
    """What the caller was told of a student."""

    id: int
    observer_alert_threshold_id: int
    alert_type: TypeOfAlert
    observer_id: int
    user_id: int
    title: str
    workflow_state: Literal["unread", "read", "dismissed"]
    context_type: Literal["Submission", "Assignment", "Course", "DiscussionTopic", "AccountNotification"]
    context_id: int
    action_date: datetime
    # None for what the institution announces, which has no page of its own.
    html_url: str | None
    # Whether the page cannot be opened, because the course is closed for instance.
    locked_for_user: bool


class UnreadAlertsBody(TypedDict):
    """How many alerts are new."""

    unread_count: int
