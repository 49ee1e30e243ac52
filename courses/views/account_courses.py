"""A course as the account's staff see it: creating, editing, publishing, concluding and deleting it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.models import Account, User
from accounts.models.account import with_all_below
from accounts.web.pages import ConfirmPage, FormPage, Text, Way, way
from accounts.web.requests import AuthenticatedHttpRequest
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
from courses.views.accounts import AccountContext, AccountFormPage, AccountPage, get_account_or_403, show_page

TAB = "courses"


class Event(NamedTuple):
    """What can become of a course: the rule, and what is said afterwards."""

    rule: Callable[..., object]
    said: Text


# By Canvas's word for what is to happen.
EVENTS = {
    "offer": Event(publish, _("%(name)s published. Its students and their observers can see it.")),
    "claim": Event(unpublish, _("%(name)s unpublished. Students and observers cannot see it.")),
    "conclude": Event(conclude, _("%(name)s concluded. It can still be read.")),
}


def _course(here: AccountContext, course_id: int) -> Course:
    return get_object_or_404(courses_of(here.account), pk=course_id)


def _course_to_change(here: AccountContext, course_id: int, *, by: User) -> Course:
    """Return the course, for who may change it: the account it is in may have taken the right away. Or NotAllowed."""
    course = _course(here, course_id)
    check_may_manage(course.account, by)
    return course


def _within(account: Account, *, by: User) -> Any:
    """Return the accounts, from this one down, in which `by` can create a course, or to which they can move one."""
    below = Account.objects.filter(pk__in=with_all_below(account))
    return below.filter(pk__in=where_managed(below, by=by)).order_by("sort_key", "id")


@login_required
def show(request: AuthenticatedHttpRequest, account_id: int, course_id: int) -> HttpResponse:
    """Show the course's facts, its people in numbers, and what can be done with it."""
    here = get_account_or_403(request, account_id, PERMISSION)
    course = _course(here, course_id)
    context: dict[str, Any] = {
        "course": course,
        "states": Course.State,
        "inside": what_is_inside(course),
        "has_grades": has_grades(course),
        "may_change": bool(where_managed([course.account], by=request.user)),
    }
    return show_page(request, here, TAB, "course.html", **context)


class NewCourse(AccountFormPage):
    """Make a course, unpublished."""

    permission, tab = PERMISSION, TAB
    title, save = _("Add a course"), _("Add course")
    done = _("Course %(name)s created. It is not published yet.")

    def form(self, data: QueryDict | None) -> CourseForm:
        accounts = _within(self.here.account, by=self.by)
        initial = {"account": self.here.account.pk}
        return CourseForm(None, data, keys=self.here.permissions, accounts=accounts, initial=initial)

    def act(self, form: CourseForm) -> None:
        given = dict(form.cleaned_data)
        self.made = create_course(given.pop("account"), by=self.by, **given)
        self.names["name"] = self.made.name

    def back(self) -> Way:
        return way(_("Courses"), "account_courses", self.here.account.pk)

    def then(self) -> str:
        return reverse("account_course", args=[self.here.account.pk, self.made.pk])


class CoursePage(AccountPage):
    """What pages that change one course have in common."""

    permission, tab = PERMISSION, TAB

    def find(self, course_id: int) -> None:
        self.course = _course_to_change(self.here, course_id, by=self.by)
        self.names["name"] = self.course.name

    def back(self) -> Way:
        return way(self.course.name, "account_course", self.here.account.pk, self.course.pk)


class EditCourse(CoursePage, FormPage):
    """The course's names, account, term and dates."""

    title, done = _("Edit %(name)s"), _("Changes saved.")
    is_done_once = False

    def form(self, data: QueryDict | None) -> CourseForm:
        accounts = _within(self.here.account, by=self.by)
        return CourseForm(self.course, data, keys=self.here.permissions, accounts=accounts)

    def act(self, form: CourseForm) -> Course:
        return edit_course(self.course, by=self.by, **form.cleaned_data)


class DeleteCourse(CoursePage, ConfirmPage):
    """Delete the course, after asking with numbers."""

    title = _("Delete the course %(name)s?")
    yes = _("Delete course")
    done = _("Course %(name)s deleted.")

    def consequences(self) -> list[Text]:
        return _what_it_means(what_is_inside(self.course))

    def act(self) -> None:
        delete_course(self.course, by=self.by)

    def then(self) -> str:
        return reverse("account_courses", args=[self.here.account.pk])


@require_POST
@login_required
def change_state(request: AuthenticatedHttpRequest, account_id: int, course_id: int) -> HttpResponse:
    """Publish, unpublish, conclude or reopen the course (`event`, in Canvas's words)."""
    here = get_account_or_403(request, account_id, PERMISSION)
    course = _course_to_change(here, course_id, by=request.user)
    if event := EVENTS.get(request.POST.get("event", "")):
        event.rule(course, by=request.user)
        messages.success(request, str(event.said) % {"name": course.name})
    return redirect("account_course", account_id, course_id)


def _what_it_means(inside: Inside) -> list[Text]:
    enrolled = ngettext("%(number)s enrollment ends", "%(number)s enrollments end", inside.enrollments)
    sentences: list[Text] = [
        _("%(enrollments)s right away (students: %(students)s, observers: %(observers)s, staff: %(staff)s).")
        % {
            "enrollments": enrolled % {"number": inside.enrollments},
            "students": inside.students,
            "observers": inside.observers,
            "staff": inside.enrollments - inside.students - inside.observers,
        },
        _("Nobody can see the course anymore. People's accounts, other courses and observer links stay."),
    ]
    if inside.graded:
        text = ngettext(
            "%(number)s piece of work in it has been graded: nobody will see the grade.",
            "%(number)s pieces of work in it have been graded: nobody will see the grades.",
            inside.graded,
        )
        sentences.append(text % {"number": inside.graded})
    sentences.append(
        _("The course can be restored through the API, without its people. Until then its SIS ID stays in use.")
    )
    return sentences
