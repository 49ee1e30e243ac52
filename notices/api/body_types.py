"""The shapes of what the API says of alerts: see accounts/api/body_types.py."""

# No postponed annotations here: Python 3.11 would not see which keys are NotRequired.
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
