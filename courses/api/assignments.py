"""Assignments as students, observers and staff read them, in groups or in one list, with the work on them."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_noop

from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Ids, Includes, Text, Whole, Word, not_served
from courses.access.courses import CourseAccess
from courses.access.sight import sight_of
from courses.api import lookups
from courses.api.assignment_bodies import NO_GROUP, assignment_body, submission_body
from courses.api.content_types import AssignmentBody, AssignmentGroupBody, SubmissionBody
from courses.domain.assignment_lists import Listed, assignments_read, within
from courses.domain.course_tabs import ASSIGNMENTS
from courses.domain.grading_periods import periods_of
from courses.models import AssignmentGroup, Course
from courses.visibility import Element

endpoint = in_group("Assignments")

SUBMISSION = {
    "submission": "the work of the student whom the caller follows, with its grade once that is released",
    "observed_users": "in `submission` a list instead, of the work of every student whom the caller observes there",
    "submission_comments": "the comments on it",
}
ABSENT = (
    *("discussion_topic", "all_dates", "assignment_visibility", "grades_published", "overrides", "can_edit"),
    *("can_submit", "score_statistics", "ab_guid", "rubric_assessment", "module_ids", "checkpoints", "peer_review"),
)
INCLUDE = Includes(words=SUBMISSION, absent=ABSENT)
INCLUDE_IN_GROUPS = Includes(words={"assignments": "the assignments of each group", **SUBMISSION}, absent=ABSENT)
INCLUDE_IN_SUBMISSION = Includes(
    words={"submission_comments": SUBMISSION["submission_comments"]},
    absent=(
        *("submission_history", "submission_html_comments", "rubric_assessment", "full_rubric_assessment"),
        *("visibility", "course", "user", "read_status", "student_entered_score"),
    ),
)
PERIOD = Whole("grading_period_id", "Only what belongs to this grading period.")
ONLY = Ids("assignment_ids[]", "Only these assignments.")
SEARCH = Text("search_term", "Part of the name.")
ORDERS = ("due_at", "position", "name")
ORDER_BY = Word("order_by", "In which order: by due date, unless something else is said.", words=ORDERS)
AS_HERE = not_served(
    gettext_noop("Dates are always those that count for the student."), "override_assignment_dates", fits=("true",)
)
UNCOUNTED = not_served(
    gettext_noop("How many submissions wait for a grade is not counted here."),
    "needs_grading_count_by_section",
    fits=("false",),
)
NOT_SO = gettext_noop("This list cannot be narrowed so.")
UNNARROWED = not_served(NOT_SO, "bucket", "post_to_sis", "new_quizzes")
UNNARROWED_IN_GROUPS = not_served(NOT_SO, "exclude_assignment_submission_types[]", "scope_assignments_to_student")
ALL_DATES = not_served(
    gettext_noop("Only the dates that count for the student are told."), "all_dates", fits=("false",)
)


@endpoint(*PAGING, INCLUDE_IN_GROUPS, PERIOD, ONLY, *AS_HERE, *UNNARROWED_IN_GROUPS)
def groups(request: ApiRequest, course_id: str) -> list[AssignmentGroupBody]:
    """List the assignment groups of a course."""
    access = _access(request, course_id)
    found = list(AssignmentGroup.objects.filter(course=access.course).order_by("position", "pk"))
    listed = assignments_read(request.user, access)
    if period := request.params[PERIOD]:
        listed = _in_period(access.course, listed, period)
    listed = _only(request, listed)
    if any(each.assignment.group_id is None for each in listed):
        rest = {"name": str(ASSIGNMENTS.label), "position": len(found) + 1}
        found.append(AssignmentGroup(pk=NO_GROUP, course=access.course, weight=0, **rest))
    page: list[Any] = page_of(request, found, is_small=True)
    return [_group(request, group, listed) for group in page]


def _group(request: ApiRequest, group: AssignmentGroup, listed: list[Listed]) -> AssignmentGroupBody:
    body: AssignmentGroupBody = {
        "id": group.pk,
        "name": str(group.name),
        "position": group.position,
        "group_weight": float(group.weight),
    }
    if "assignments" in request.include:
        its = [each for each in listed if (each.assignment.group_id or NO_GROUP) == group.pk]
        its.sort(key=lambda each: each.assignment.position)
        body["assignments"] = [assignment_body(request, each, request.include) for each in its]
    return body


@endpoint(*PAGING, INCLUDE, ONLY, SEARCH, ORDER_BY, *AS_HERE, *UNCOUNTED, *UNNARROWED)
def index(request: ApiRequest, course_id: str) -> list[AssignmentBody]:
    """List the assignments of a course that the caller sees."""
    listed = _only(request, assignments_read(request.user, _access(request, course_id)))
    if text := request.params[SEARCH].strip().lower():
        listed = [each for each in listed if text in each.assignment.name.lower()]
    # They come by due date.
    if (order := request.params[ORDER_BY]) in ("position", "name"):
        listed.sort(key=lambda each: getattr(each.assignment, order))
    page: list[Any] = page_of(request, listed, is_small=True)
    return [assignment_body(request, each, request.include) for each in page]


@endpoint(INCLUDE, *AS_HERE, *UNCOUNTED, *ALL_DATES)
def show(request: ApiRequest, course_id: str, assignment_id: str) -> AssignmentBody:
    """Show an assignment."""
    return assignment_body(request, _one(request, _access(request, course_id), assignment_id), request.include)


@endpoint(INCLUDE_IN_SUBMISSION)
def submission(request: ApiRequest, course_id: str, assignment_id: str, user_id: str) -> SubmissionBody:
    """Show the work of a student whom the caller follows, their own or that of one they observe."""
    include = request.include
    listed, student = _one(request, _access(request, course_id), assignment_id), lookups.person(request, user_id)
    work = next((work for work in listed.works if work.assigned.student_id == student.pk), None)
    if work is None:
        raise Http404
    return submission_body(request, work, include)


def _access(request: ApiRequest, course_id: str) -> CourseAccess:
    """Return what the caller is in a course whose assignments they see. Raises NotAllowed, NotThere."""
    found = lookups.access(request, course_id)
    sight_of(request.user, found).check(ASSIGNMENTS.id, Element.ASSIGNMENTS)
    return found


def _only(request: ApiRequest, listed: list[Listed]) -> list[Listed]:
    """Return those that are asked for by their ids; all where none are."""
    ids = request.params[ONLY]
    return [each for each in listed if str(each.assignment.pk) in ids] if ids else listed


def _in_period(course: Course, listed: list[Listed], asked: int) -> list[Listed]:
    """Return what belongs to a grading period. Raises Http404 for one that the course does not have."""
    period = next((each for each in periods_of(course) if each.period.pk == asked), None)
    if period is None:
        raise Http404
    return within(listed, period)


def _one(request: ApiRequest, access: CourseAccess, assignment_id: str) -> Listed:
    listed = assignments_read(request.user, access)
    found = next((each for each in listed if str(each.assignment.pk) == assignment_id), None)
    if found is None:
        raise Http404
    return found
