"""What happens to a course and to an account after it was made."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.api.accounts import STICKINESS
from accounts.api.bodies import account_body
from accounts.api.body_types import AccountBody
from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.lookups import account
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Flag, Id, Includes, Moment, Text, Word, not_served
from accounts.models import Account
from accounts.permissions.resolver import account_permissions, permissions_on
from courses.access.enrollments import accounts_of_courses_run_by
from courses.access.permissions import course_permissions
from courses.api import lookups
from courses.api.body_types import CourseBody, CourseEndedBody
from courses.api.course_includes import ABSENT, WORDS, course_bodies
from courses.domain.accounts import delete_sub_account
from courses.domain.courses import conclude, delete_course, edit_and_change_state, publish, undelete, unpublish

EVENTS = {"offer": publish, "claim": unpublish, "conclude": conclude, "delete": delete_course, "undelete": undelete}
ENDINGS = {"delete": delete_course, "conclude": conclude}


endpoint = in_group("Courses")

INCLUDE = Includes(words=WORDS, absent=ABSENT)
EVENT = Word("course[event]", "Publish the course, unpublish it, conclude, delete, or bring it back.", words=EVENTS)
OFFER = Flag("offer", "Publish the course.")
ENDING = Word("event", "Delete the course, or conclude it.", required=_("Must be delete or conclude."), words=ENDINGS)
FIELDS = (
    Text("course[name]", "The name of the course."),
    Text("course[integration_id]", "Another id of the school's; empty takes it away."),
    Word("course[course_format]", "How it is held.", words=("on_campus", "online", "blended")),
    Text("course[course_code]", "A short name for lists."),
    Text("course[sis_course_id]", "The school's own id of the course; empty takes it away."),
    Text("course[syllabus_body]", "The syllabus."),
    Moment("course[start_at]", "When the course begins."),
    Moment("course[end_at]", "When the course ends."),
    Flag("course[restrict_enrollments_to_course_dates]", "Whether these dates decide when its people may take part."),
)
ACCOUNT = Id("course[account_id]", "The account that the course belongs to.")
# Two names for one thing, as in Canvas.
ENROLLMENT_TERM_ID = Id("course[enrollment_term_id]", "The course's term; empty for none.")
TERM_ID = Id("course[term_id]", "The same, and counts before it.")
TERMS = (ENROLLMENT_TERM_ID, TERM_ID)
NOT_OF_NEW_COURSES = (
    *not_served(
        gettext_noop("Only its people see a course."),
        *("course[is_public]", "course[is_public_to_auth_users]", "course[public_syllabus]"),
        *("course[public_syllabus_to_auth]", "course[open_enrollment]", "course[self_enrollment]"),
        fits=("false",),
    ),
    *not_served(gettext_noop("A course has no public description."), "course[public_description]", fits=("",)),
    *not_served(gettext_noop("Courses have no license here."), "course[license]", fits=("private",)),
    *not_served(
        gettext_noop("Nothing is written in courses here."),
        *("course[allow_student_wiki_edits]", "course[allow_wiki_comments]"),
        *("course[allow_student_forum_attachments]",),
        fits=("false",),
    ),
    *not_served(
        gettext_noop("Grades are shown as they come, each once it is released."),
        *("course[hide_final_grades]", "course[apply_assignment_group_weights]", "course[post_manually]"),
        fits=("false",),
    ),
    *not_served(gettext_noop("There are no letter grades here."), "course[grading_standard_id]", fits=("",)),
    *not_served(gettext_noop("Grades are passed on to nobody."), "course[grade_passback_setting]", fits=("disabled",)),
    *not_served(gettext_noop("A course has the time zone of its account."), "course[time_zone]"),
    *not_served(gettext_noop("What a course opens with cannot be chosen."), "course[default_view]"),
)
NOT_OF_COURSES = (
    *NOT_OF_NEW_COURSES,
    *not_served(gettext_noop("There are no storage quotas here."), "course[storage_quota_mb]"),
    *not_served(
        gettext_noop("Courses have no pictures and no colors here."),
        *("course[image_id]", "course[image_url]", "course[course_color]"),
    ),
    *not_served(
        gettext_noop("Courses have no pictures here."),
        *("course[remove_image]", "course[remove_banner_image]"),
        fits=("true", "false"),
    ),
    *not_served(
        gettext_noop("There are no blueprint, template and homeroom courses, no pacing and no learning paths."),
        *("course[blueprint]", "course[use_blueprint_restrictions_by_object_type]", "course[template]"),
        *("course[homeroom_course]", "course[sync_enrollments_from_homeroom]", "course[enable_course_paces]"),
        *("course[conditional_release]",),
        fits=("false",),
    ),
    *not_served(
        gettext_noop("There are no blueprint and homeroom courses."),
        *("course[blueprint_restrictions]", "course[blueprint_restrictions_by_object_type]"),
        *("course[homeroom_course_id]",),
    ),
    *not_served(gettext_noop("A course has one name."), "course[friendly_name]"),
    *not_served(
        gettext_noop("The syllabus always comes with the dates of the assignments."),
        "course[syllabus_course_summary]",
        fits=("true",),
    ),
    *STICKINESS,
)


@in_group("Accounts")(*PAGING)
def course_accounts(request: ApiRequest) -> list[AccountBody]:
    """List the accounts of the courses that the caller runs."""
    found = page_of(request, accounts_of_courses_run_by(request.user))
    keys = permissions_on(request.user, found)
    return [account_body(one, request.root, keys[one.pk]) for one in found]


@endpoint(*FIELDS, ACCOUNT, *TERMS, EVENT, OFFER, INCLUDE, *NOT_OF_COURSES)
def change(request: ApiRequest, course_id: str) -> CourseBody:
    """Change a course, what becomes of it, or both; what is not given stays as it is.

    A course with graded work cannot be unpublished.
    """
    event = request.params[EVENT]
    course = lookups.deleted_course(request, course_id) if event == "undelete" else lookups.course(request, course_id)
    change_of_state = EVENTS[event] if event else publish if request.params[OFFER] else None
    course = edit_and_change_state(course, change_of_state, by=request.user, **_given(request))
    return course_bodies(request, [course], {course.pk: course_permissions(request.user, course)})[0]


def _given(request: ApiRequest) -> dict[str, Any]:
    given = request.params.fields(*FIELDS)
    if ACCOUNT in request.params:
        given["account"] = account(request, request.params[ACCOUNT])
    for parameter in TERMS:
        if parameter in request.params:
            term_id = request.params[parameter]
            given["term"] = lookups.term(term_id) if term_id else None
    return given


@endpoint(ENDING)
def end(request: ApiRequest, course_id: str) -> CourseEndedBody:
    """Delete or conclude a course."""
    event = request.params[ENDING]
    ENDINGS[event](lookups.course(request, course_id), by=request.user)
    return {"delete": True} if event == "delete" else {"conclude": True}


@in_group("Accounts")()
def delete_account(request: ApiRequest, account_id: str, sub_account_id: str) -> AccountBody:
    """Delete an account; only an empty one can be deleted."""
    home, below = account(request, account_id), account(request, sub_account_id)
    if below.parent_id != home.pk:
        raise Http404
    keys = account_permissions(request.user, below)
    delete_sub_account(below, by=request.user)
    return {**account_body(below, request.root, keys), "workflow_state": Account.State.DELETED}
