"""The shapes of what the API says of what a course contains: see accounts/api/bodies.py."""

# No postponed annotations here: Python 3.11 would not see which keys are NotRequired.
from datetime import datetime
from typing import NotRequired, TypedDict


class GradingPeriodBody(TypedDict):
    """A grading period of the course's term."""

    id: int
    title: str
    start_date: datetime
    end_date: datetime
    close_date: datetime
    weight: float | None
    is_closed: bool
    is_last: bool


class GradingPeriodsBody(TypedDict):
    """The grading periods, wrapped as Canvas wraps them."""

    grading_periods: list[GradingPeriodBody]


class FrontPageBody(TypedDict):
    """The front page of a course."""

    page_id: int
    url: str
    title: str
    body: str
    html_url: str
    created_at: datetime
    updated_at: datetime
    published: bool
    front_page: bool
    hide_from_students: bool
    editing_roles: str
    locked_for_user: bool


class CommentAuthorBody(TypedDict):
    """Who wrote a comment; null where only the source knows them."""

    id: int | None
    display_name: str
    avatar_image_url: None
    html_url: str | None


class CommentBody(TypedDict):
    """A comment on somebody's work."""

    id: int
    author_id: int | None
    author_name: str
    author: CommentAuthorBody
    comment: str
    created_at: datetime


class SubmissionBody(TypedDict):
    """A student's work on an assignment; without anything recorded of it, its id is 0."""

    id: int
    assignment_id: int
    user_id: int
    workflow_state: str
    attempt: int | None
    submission_type: str | None
    submitted_at: datetime | None
    cached_due_date: datetime | None
    late: bool
    missing: bool
    excused: bool
    late_policy_status: str | None
    # Null until they are released.
    score: float | None
    grade: str | None
    entered_score: float | None
    entered_grade: str | None
    graded_at: datetime | None
    posted_at: datetime | None
    grade_matches_current_submission: bool
    html_url: str
    # Of what was handed in, for those who may see it.
    body: str | None
    url: str | None
    # On request.
    submission_comments: NotRequired[list[CommentBody]]


class AssignmentBody(TypedDict):
    """An assignment; its dates are those of the student whom the caller follows."""

    id: int
    course_id: int
    assignment_group_id: int
    name: str
    description: str | None
    position: int
    points_possible: float | None
    grading_type: str
    submission_types: list[str]
    due_at: datetime | None
    unlock_at: datetime | None
    lock_at: datetime | None
    html_url: str
    published: bool
    workflow_state: str
    omit_from_final_grade: bool
    only_visible_to_overrides: bool
    post_manually: bool
    locked_for_user: bool
    lock_explanation: NotRequired[str]
    has_submitted_submissions: bool
    created_at: datetime
    updated_at: datetime
    # On request: of the student whom the caller follows; with `observed_users` of all whom they observe there.
    submission: NotRequired[SubmissionBody | list[SubmissionBody] | None]


class AssignmentGroupBody(TypedDict):
    """A group of assignments; what is in no group has one of its own, with the id 0."""

    id: int
    name: str
    position: int
    group_weight: float
    # On request.
    assignments: NotRequired[list[AssignmentBody]]
