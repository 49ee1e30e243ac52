"""Link to Students: whom an observer of this course observes here."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import Invalid, NotAllowed
from accounts.ids import plain_id
from accounts.models import Account, BaseType, User
from accounts.paging import page_of, search_words
from accounts.permissions import may_on_account
from accounts.requests import SignedInRequest
from accounts.sent_forms import done_once
from courses.linking import link_students, observed_in, observing_in, students_for, unlink_student
from courses.managing import Deed, Remit, needed, remit_of
from courses.members import Member, members_in
from courses.people import searched
from courses.views import inside
from courses.views.people import enter
from courses.visibility import Standing

# How many of those linked are listed; the search finds the others.
LISTED = 50


def _find(request: SignedInRequest, course_id: int, user_id: int) -> tuple[Standing, Remit, Member]:
    here = enter(request, course_id)
    remit = remit_of(request.user, here.course)
    if not remit.may_link():
        raise PermissionDenied(_("To link observers to students here you need the right to manage students."))
    observers = [member for member in members_in(here.course, user_id, by=request.user) if member.is_observer]
    if not observers:
        raise Http404
    wanted = request.POST.get("role_id") or request.GET.get("role")
    return here, remit, next((one for one in observers if str(one.role.pk) == wanted), observers[0])


@login_required
@done_once
def index(request: SignedInRequest, course_id: int, user_id: int) -> HttpResponse:
    """Those linked now, and the students of the course to choose from; a POST links those chosen."""
    here, remit, observer = _find(request, course_id, user_id)
    error, chosen = "", request.POST.getlist("student")
    if request.method == "POST":
        try:
            number = link_students(observer, _ids(chosen), by=request.user)
        except Invalid as refusal:
            error = refusal.message
        except NotAllowed as refusal:
            raise PermissionDenied(refusal.message) from None
        else:
            messages.success(request, _linked(observer.person, number))
            return redirect(_address(here, observer))
    words = search_words(request.GET.get("search"))
    students = searched(students_for(observer.person, here.course, by=request.user), words, here.permissions)
    observed = observed_in(here.course, observer.person, LISTED + 1, by=request.user)
    context = {
        "person": observer.person,
        "member": observer,
        "page": page_of(students, request.GET.get("page")),
        "words": words,
        "chosen": chosen,
        "error": error,
        "observed": observed[:LISTED],
        "more_observed": len(observed) > LISTED,
        "may_link": needed(Deed.ENROLL, BaseType.OBSERVER, observing=True) <= remit.keys,
        "may_unlink": needed(Deed.REMOVE, BaseType.OBSERVER, observing=True) <= remit.keys,
        "links_account": _where_links_are(request.user),
    }
    response = inside.show(request, here, inside.PEOPLE, "link_students.html", **context)
    response.status_code = 422 if error else 200
    return response


def _ids(chosen: list[str]) -> list[int]:
    ids = {plain_id(text) for text in chosen}
    if None in ids:
        raise Invalid({"student": [("invalid", _("Somebody among these is not a student of this course."))]})
    return sorted(pk for pk in ids if pk is not None)


def _linked(observer: User, number: int) -> str:
    text = ngettext(
        "%(name)s now observes one more student in this course.",
        "%(name)s now observes %(number)d more students in this course.",
        number,
    )
    return text % {"name": observer.short_name, "number": number}


def _address(here: Standing, observer: Member) -> str:
    return f"{reverse('course_link_students', args=[here.course.pk, observer.person.pk])}?role={observer.role.pk}"


def _where_links_are(reader: User) -> Account | None:
    """The account on whose pages this reader can end links, if there is one."""
    root = Account.objects.root()
    return root if may_on_account(reader, "manage_user_observers", root) else None


@login_required
@done_once
def remove(request: SignedInRequest, course_id: int, user_id: int, student_id: int) -> HttpResponse:
    """End the link to one student in this course, after asking."""
    here, _remit, observer = _find(request, course_id, user_id)
    beside = observing_in(here.course, observer.person, by=request.user, linked=False)
    place = get_object_or_404(beside.filter(associated_user=student_id).select_related("associated_user")[:1])
    student = place.associated_user
    if request.method == "POST" and student:
        try:
            unlink_student(observer.person, student, here.course, by=request.user)
        except (Invalid, NotAllowed) as refusal:
            raise PermissionDenied(refusal.message) from None
        names = {"observer": observer.person.short_name, "student": student.short_name}
        messages.success(request, _("%(observer)s no longer observes %(student)s in this course.") % names)
        if any(member.is_observer for member in members_in(here.course, user_id, by=request.user)):
            return redirect(_address(here, observer))
        return redirect("course_people", course_id)
    context = {"person": observer.person, "member": observer, "student": student}
    return inside.show(request, here, inside.PEOPLE, "unlink_student.html", **context)
