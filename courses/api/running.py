"""The courses of an account, and what happens to a course and to an account after it was made."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.api.bodies import account_body
from accounts.api.endpoints import Body, Call, allow
from accounts.api.finding import account
from accounts.api.paging import page_of
from accounts.errors import Invalid
from accounts.models import Account
from accounts.paging import search_words
from accounts.permissions import account_permissions
from courses.api import finding
from courses.api.bodies import course_body
from courses.people import courses_of, searched_courses
from courses.permissions import course_permissions, permissions_in
from courses.running import conclude, delete_course, edit_and_delete, edit_course, publish, undelete, unpublish
from courses.sub_accounts import delete_sub_account

EVENTS = {"offer": publish, "claim": unpublish, "conclude": conclude, "delete": delete_course, "undelete": undelete}
ENDINGS = {"delete": delete_course, "conclude": conclude}


def index_of_account(call: Call, account_id: str) -> Body:
    """GET accounts/:id/courses"""
    home = account(call, account_id)
    keys = account_permissions(call.user, home)
    allow("read_course_list" in keys)
    found = searched_courses(courses_of(home), search_words(call.given.text("search_term")), keys)
    if states := call.given.texts("state"):
        found = found.filter(workflow_state__in=states)
    if term_id := call.given.text("enrollment_term_id"):
        found = found.filter(term=finding.term(term_id))
    courses = page_of(call, found)
    held = permissions_in(call.user, courses)
    return [course_body(course, call.root, held[course.pk], call.include) for course in courses]


def change(call: Call, course_id: str) -> Body:
    """PUT courses/:id: its fields, what becomes of it (`course[event]`), or both"""
    wanted = call.given.under("course")
    event = wanted.text("event")
    if event and event not in EVENTS:
        raise Invalid({"course.event": [("inclusion", _("Please give offer, claim, conclude, delete or undelete."))]})
    course = finding.deleted_course(call, course_id) if event == "undelete" else finding.course(call, course_id)
    given = _given(call)
    if given and event == "delete":
        course = edit_and_delete(course, by=call.user, **given)
        return course_body(course, call.root, course_permissions(call.user, course), call.include)
    with transaction.atomic():
        if given or not event:
            course = edit_course(course, by=call.user, **given)
        if event or call.given.flag("offer"):
            EVENTS[event or "offer"](course, by=call.user)
    return course_body(course, call.root, course_permissions(call.user, course), call.include)


def _given(call: Call) -> dict[str, Any]:
    wanted = call.given.under("course")
    given: dict[str, Any] = {
        field: wanted.text(field)
        for field in ("name", "course_code", "sis_course_id", "syllabus_body")
        if field in wanted
    }
    given |= {field: wanted.moment(field) for field in ("start_at", "end_at") if field in wanted}
    if (binds := "restrict_enrollments_to_course_dates") in wanted:
        given[binds] = wanted.flag(binds)
    if "account_id" in wanted:
        given["account"] = account(call, wanted.text("account_id"))
    for key in ("enrollment_term_id", "term_id"):
        if key in wanted:
            given["term"] = finding.term(wanted.text(key)) if wanted.text(key) else None
    return given


def end(call: Call, course_id: str) -> Body:
    """DELETE courses/:id with `event` delete or conclude"""
    event = call.given.text("event")
    if event not in ENDINGS:
        raise Invalid({"event": [("inclusion", _("Please give delete or conclude."))]})
    ENDINGS[event](finding.course(call, course_id), by=call.user)
    return {event: True}


def delete_account(call: Call, account_id: str, sub_account_id: str) -> Body:
    """DELETE accounts/:id/sub_accounts/:id"""
    home, below = account(call, account_id), account(call, sub_account_id)
    if below.parent_id != home.pk:
        raise Http404
    keys = account_permissions(call.user, below)
    delete_sub_account(below, by=call.user)
    return {**account_body(below, call.root, keys), "workflow_state": Account.State.DELETED}
