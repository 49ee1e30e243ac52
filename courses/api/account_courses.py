"""The courses of an account, and what happens to a course and to an account after it was made."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.bodies import account_body
from accounts.api.endpoints import ApiRequest, Body, allow
from accounts.api.lookups import account
from accounts.api.pagination import page_of
from accounts.errors import Invalid
from accounts.models import Account
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.web.pagination import search_words
from courses.access.permissions import course_permissions, permissions_in
from courses.api import lookups
from courses.api.bodies import course_body
from courses.domain.accounts import delete_sub_account
from courses.domain.courses import conclude, delete_course, edit_and_delete, edit_course, publish, undelete, unpublish
from courses.domain.rosters import courses_of, searched_courses

EVENTS = {"offer": publish, "claim": unpublish, "conclude": conclude, "delete": delete_course, "undelete": undelete}
ENDINGS = {"delete": delete_course, "conclude": conclude}


def index_of_account(request: ApiRequest, account_id: str) -> Body:
    """GET accounts/:id/courses"""
    home = account(request, account_id)
    keys = account_permissions(request.user, home)
    allow(Permission.READ_COURSE_LIST in keys)
    found = searched_courses(courses_of(home), search_words(request.params.text("search_term")), keys)
    if states := request.params.texts("state"):
        found = found.filter(workflow_state__in=states)
    if term_id := request.params.text("enrollment_term_id"):
        found = found.filter(term=lookups.term(term_id))
    courses = page_of(request, found)
    held = permissions_in(request.user, courses)
    return [course_body(course, request.root, held[course.pk], request.include) for course in courses]


def change(request: ApiRequest, course_id: str) -> Body:
    """PUT courses/:id: its fields, what becomes of it (`course[event]`), or both"""
    wanted = request.params.under("course")
    event = wanted.text("event")
    if event and event not in EVENTS:
        raise Invalid({"course.event": [("inclusion", _("Please give offer, claim, conclude, delete or undelete."))]})
    course = lookups.deleted_course(request, course_id) if event == "undelete" else lookups.course(request, course_id)
    given = _given(request)
    if given and event == "delete":
        course = edit_and_delete(course, by=request.user, **given)
        return course_body(course, request.root, course_permissions(request.user, course), request.include)
    with transaction.atomic():
        if given or not event:
            course = edit_course(course, by=request.user, **given)
        if event or request.params.flag("offer"):
            EVENTS[event or "offer"](course, by=request.user)
    return course_body(course, request.root, course_permissions(request.user, course), request.include)


def _given(request: ApiRequest) -> dict[str, Any]:
    wanted = request.params.under("course")
    given: dict[str, Any] = {
        field: wanted.text(field)
        for field in ("name", "course_code", "sis_course_id", "syllabus_body")
        if field in wanted
    }
    given |= {field: wanted.moment(field) for field in ("start_at", "end_at") if field in wanted}
    if (binds := "restrict_enrollments_to_course_dates") in wanted:
        given[binds] = wanted.flag(binds)
    if "account_id" in wanted:
        given["account"] = account(request, wanted.text("account_id"))
    for key in ("enrollment_term_id", "term_id"):
        if key in wanted:
            given["term"] = lookups.term(wanted.text(key)) if wanted.text(key) else None
    return given


def end(request: ApiRequest, course_id: str) -> Body:
    """DELETE courses/:id with `event` delete or conclude"""
    event = request.params.text("event")
    if event not in ENDINGS:
        raise Invalid({"event": [("inclusion", _("Please give delete or conclude."))]})
    ENDINGS[event](lookups.course(request, course_id), by=request.user)
    return {event: True}


def delete_account(request: ApiRequest, account_id: str, sub_account_id: str) -> Body:
    """DELETE accounts/:id/sub_accounts/:id"""
    home, below = account(request, account_id), account(request, sub_account_id)
    if below.parent_id != home.pk:
        raise Http404
    keys = account_permissions(request.user, below)
    delete_sub_account(below, by=request.user)
    return {**account_body(below, request.root, keys), "workflow_state": Account.State.DELETED}
