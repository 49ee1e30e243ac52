"""What the API says of assignments, their groups and the work on them."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.api.endpoints import ApiRequest
from courses.api.content_types import AssignmentBody, CommentBody, SubmissionBody
from courses.domain.assignment_lists import Listed
from courses.domain.grades import Work
from courses.grades import plain
from courses.models import Submission, SubmissionComment

# Where an assignment is that is in no group.
NO_GROUP = 0


def assignment_body(request: ApiRequest, listed: Listed, include: Collection[str]) -> AssignmentBody:
    """Return an assignment as the caller reads it."""
    assignment, dates = listed.assignment, listed.dates
    body: AssignmentBody = {
        "id": assignment.pk,
        "course_id": assignment.course_id,
        "assignment_group_id": assignment.group_id or NO_GROUP,
        "name": assignment.name,
        "description": None if listed.is_locked else assignment.description or None,
        "position": assignment.position,
        "points_possible": _number(assignment.points_possible),
        "grading_type": assignment.grading_type,
        "submission_types": assignment.submission_types,
        "due_at": dates.due_at,
        "unlock_at": dates.unlock_at,
        "lock_at": dates.lock_at,
        "html_url": request.address(f"/courses/{assignment.course_id}/assignments/{assignment.pk}"),
        "published": assignment.published,
        "workflow_state": assignment.workflow_state,
        "omit_from_final_grade": assignment.omit_from_final,
        "only_visible_to_overrides": assignment.only_visible_to_overrides,
        "post_manually": assignment.post_manually,
        "locked_for_user": listed.is_locked,
        "has_submitted_submissions": any(work.submitted_at for work in listed.works),
        "created_at": assignment.created_at,
        "updated_at": assignment.updated_at,
    }
    if listed.is_locked:
        body["lock_explanation"] = _("The text of this assignment is not open yet.")
    if "submission" in include:
        body["submission"] = _submissions(request, listed, include)
    return body


def _submissions(
    request: ApiRequest, listed: Listed, include: Collection[str]
) -> SubmissionBody | list[SubmissionBody] | None:
    """Return what the apps look for: with `observed_users` a list, of all whom the caller observes there."""
    if "observed_users" in include:
        observed = [work for work in listed.works if work.assigned.student_id != request.user.pk]
        return [submission_body(request, work, include) for work in observed]
    return submission_body(request, listed.works[0], include) if listed.works else None


def submission_body(request: ApiRequest, work: Work, include: Collection[str]) -> SubmissionBody:
    """Return a student's work, with its grade once that is released."""
    assigned, submission, released = work.assigned, work.submission, work.released
    score, grade = _number(work.score), _grade(work)
    body: SubmissionBody = {
        "id": submission.pk if submission else 0,
        "assignment_id": assigned.assignment_id,
        "user_id": assigned.student_id,
        "workflow_state": _state(work),
        "attempt": submission.attempt if submission else None,
        "submission_type": (submission.submission_type or None) if submission else None,
        "submitted_at": work.submitted_at,
        "cached_due_date": work.due_at,
        "late": assigned.late,
        "missing": assigned.missing,
        "excused": assigned.excused,
        "late_policy_status": (submission.late_policy_status or None) if submission else None,
        "score": score,
        "grade": grade,
        "entered_score": score,
        "entered_grade": grade,
        "graded_at": released.graded_at if released else None,
        "posted_at": released.posted_at if released else None,
        "grade_matches_current_submission": True,
        "html_url": request.address(
            f"/courses/{assigned.course_id}/assignments/{assigned.assignment_id}?student={assigned.student_id}"
        ),
        "body": (work.handed_in.body or None) if work.handed_in else None,
        "url": next(iter(work.handed_in.urls), None) if work.handed_in else None,
    }
    if "submission_comments" in include:
        body["submission_comments"] = [_comment(request, work, comment) for comment in work.comments]
    return body


def _state(work: Work) -> str:
    """Return the state as far as it is released: what waits for a grade is not told to have one."""
    if work.has_grade:
        return Submission.State.GRADED
    return Submission.State.SUBMITTED if work.submitted_at else Submission.State.UNSUBMITTED


def _grade(work: Work) -> str | None:
    """Return the grade in words, else the score as a text; what a course that shows no numbers says instead."""
    if work.grade or work.score is None:
        return work.grade or None
    return plain(work.score)


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _comment(request: ApiRequest, work: Work, comment: SubmissionComment) -> CommentBody:
    person = comment.author
    address = request.address(f"/courses/{work.assigned.course_id}/users/{person.pk}") if person else None
    return {
        "id": comment.pk,
        "author_id": comment.author_id,
        "author_name": comment.by,
        "author": {
            "id": comment.author_id,
            "display_name": comment.by,
            "avatar_image_url": None,
            "html_url": address,
        },
        "comment": comment.comment,
        "created_at": comment.created_at,
    }
