"""A course as the account's staff see it: making, editing, publishing, concluding and deleting it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.errors import Refused
from accounts.models import Account, User
from accounts.models.account_tree import with_all_below
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.domain.courses import (
    PERMISSION,
    Inside,
    check_may_manage,
    conclude,
    create_course,
    delete_course,
    edit_course,
    has_grades,
    publish,
    unpublish,
    what_is_inside,
    where_managed,
)
from courses.domain.rosters import courses_of
from courses.forms import CourseForm
from courses.models import Course
from courses.views.accounts import (
    AccountContext,
    ConfirmPage,
    FormPage,
    get_account_or_403,
    render_confirm,
    show_form,
    show_page,
)

TAB = "courses"
# By Canvas's word for what is to happen: the rule, and what is said afterwards.
EVENTS: dict[str, tuple[Any, str | Promise]] = {
    "offer": (publish, gettext_lazy("%(name)s is published: its students and their observers see it.")),
    "claim": (unpublish, gettext_lazy("%(name)s is unpublished: students and observers do not see it.")),
    "conclude": (conclude, gettext_lazy("%(name)s is concluded: it can still be read.")),
}


def _enter(request: AuthenticatedHttpRequest, account_id: int, course_id: int) -> tuple[AccountContext, Course]:
    here = get_account_or_403(request, account_id, PERMISSION)
    return here, get_object_or_404(courses_of(here.account), pk=course_id)


def _enter_to_change(
    request: AuthenticatedHttpRequest, account_id: int, course_id: int
) -> tuple[AccountContext, Course]:
    """The same, for who may change the course: the account it is in may have taken the right away. Or NotAllowed."""
    here, course = _enter(request, account_id, course_id)
    check_may_manage(course.account, request.user)
    return here, course


def _within(account: Account, *, by: User) -> Any:
    """The accounts, from this one down, in which `by` can make a course, or to which they can move one."""
    below = Account.objects.filter(pk__in=with_all_below(account))
    return below.filter(pk__in=where_managed(below, by=by)).order_by("sort_key", "id")


@login_required
def show(request: AuthenticatedHttpRequest, account_id: int, course_id: int) -> HttpResponse:
    """The course's facts, its people in numbers, and what can be done with it."""
    here, course = _enter(request, account_id, course_id)
    context: dict[str, Any] = {
        "course": course,
        "states": Course.State,
        "inside": what_is_inside(course),
        "has_grades": has_grades(course),
        "may_change": bool(where_managed([course.account], by=request.user)),
    }
    return show_page(request, here, TAB, "course.html", **context)


@login_required
@done_once
def new(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Make a course, unpublished."""
    here = get_account_or_403(request, account_id, PERMISSION)
    form = CourseForm(
        None,
        request.POST or None,
        keys=here.permissions,
        accounts=_within(here.account, by=request.user),
        initial={"account": account_id},
    )

    def make() -> Course:
        given = dict(form.cleaned_data)
        return create_course(given.pop("account"), by=request.user, **given)

    if made := form.carry_out(make):
        messages.success(request, _("The course %(name)s is made. It is not published yet.") % {"name": made.name})
        return redirect("account_course", account_id, made.pk)
    about = FormPage(
        title=_("Add a course"),
        save=_("Add course"),
        back=reverse("account_courses", args=[account_id]),
        back_label=_("Courses"),
        tab=TAB,
    )
    return show_form(request, here, about, form)


@login_required
def edit(request: AuthenticatedHttpRequest, account_id: int, course_id: int) -> HttpResponse:
    """The course's names, account, term and dates."""
    here, course = _enter_to_change(request, account_id, course_id)
    form = CourseForm(
        course, request.POST or None, keys=here.permissions, accounts=_within(here.account, by=request.user)
    )
    if form.carry_out(lambda: edit_course(course, by=request.user, **form.cleaned_data)):
        messages.success(request, _("The changes are saved."))
        return redirect("account_course", account_id, course_id)
    about = FormPage(
        title=_("Edit %(name)s") % {"name": course.name},
        save=_("Save"),
        back=reverse("account_course", args=[account_id, course_id]),
        back_label=course.name,
        tab=TAB,
    )
    return show_form(request, here, about, form)


@require_POST
@login_required
def change_state(request: AuthenticatedHttpRequest, account_id: int, course_id: int) -> HttpResponse:
    """Publish, unpublish, conclude or open the course again (`event`, in Canvas's words)."""
    _post, course = _enter_to_change(request, account_id, course_id)
    if event := EVENTS.get(request.POST.get("event", "")):
        rule, said = event
        try:
            rule(course, by=request.user)
            messages.success(request, str(said) % {"name": course.name})
        except Refused as refusal:
            messages.error(request, refusal.message)
    return redirect("account_course", account_id, course_id)


@login_required
@done_once
def delete(request: AuthenticatedHttpRequest, account_id: int, course_id: int) -> HttpResponse:
    """Delete the course, after asking with numbers."""
    here, course = _enter_to_change(request, account_id, course_id)
    if request.method == "POST":
        delete_course(course, by=request.user)
        messages.success(request, _("The course %(name)s is deleted.") % {"name": course.name})
        return redirect("account_courses", account_id)
    confirm_page = ConfirmPage(
        title=_("Delete the course %(name)s?") % {"name": course.name},
        sentences=_what_it_means(what_is_inside(course)),
        yes=_("Delete course"),
        no=_("Keep it"),
        back=reverse("account_course", args=[account_id, course_id]),
        back_label=course.name,
        tab=TAB,
    )
    return render_confirm(request, here, confirm_page)


def _what_it_means(inside: Inside) -> list[str]:
    enrolled = ngettext("%(number)s enrollment ends", "%(number)s enrollments end", inside.enrollments)
    sentences = [
        _("%(enrollments)s at once (students: %(students)s, observers: %(observers)s, staff: %(staff)s).")
        % {
            "enrollments": enrolled % {"number": inside.enrollments},
            "students": inside.students,
            "observers": inside.observers,
            "staff": inside.enrollments - inside.students - inside.observers,
        },
        _("Nobody sees the course any more. People's accounts, other courses and links to observers stay."),
    ]
    if inside.graded:
        text = ngettext(
            "%(number)s piece of work in it has been graded: nobody will see the grade.",
            "%(number)s pieces of work in it have been graded: nobody will see the grades.",
            inside.graded,
        )
        sentences.append(text % {"number": inside.graded})
    sentences.append(
        _("The course can be brought back through the API, without its people; its SIS ID stays taken until then.")
    )
    return sentences
