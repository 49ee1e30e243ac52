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
from accounts.models import Account, BaseType, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from accounts.text.ids import plain_id
from accounts.web.pagination import page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.access.courses import CourseAccess
from courses.access.enrollment_actions import EnrollmentAction, EnrollmentPermissions, enrollment_permissions, needed
from courses.domain.course_observers import link_students, observed_in, observing_in, students_for, unlink_student
from courses.domain.members import Member, members_in
from courses.domain.rosters import searched
from courses.views import course_frame
from courses.views.people import get_people_access

# How many of those linked are listed; the search finds the others.
LISTED = 50


def _find(
    request: AuthenticatedHttpRequest, course_id: int, user_id: int
) -> tuple[CourseAccess, EnrollmentPermissions, Member]:
    access = get_people_access(request, course_id)
    rights = enrollment_permissions(request.user, access.course)
    if not rights.may_link():
        raise PermissionDenied(_("To link observers to students here you need the right to manage students."))
    observers = [member for member in members_in(access.course, user_id, by=request.user) if member.is_observer]
    if not observers:
        raise Http404
    wanted = request.POST.get("role_id") or request.GET.get("role")
    return access, rights, next((one for one in observers if str(one.role.pk) == wanted), observers[0])


@login_required
@done_once
def index(request: AuthenticatedHttpRequest, course_id: int, user_id: int) -> HttpResponse:
    """Those linked now, and the students of the course to choose from; a POST links those chosen."""
    access, rights, observer = _find(request, course_id, user_id)
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
            return redirect(_address(access, observer))
    words = search_words(request.GET.get("search"))
    students = searched(students_for(observer.person, access.course, by=request.user), words, access.permissions)
    observed = observed_in(access.course, observer.person, LISTED + 1, by=request.user)
    context = {
        "person": observer.person,
        "member": observer,
        "page": page_of(students, request.GET.get("page")),
        "words": words,
        "chosen": chosen,
        "error": error,
        "observed": observed[:LISTED],
        "more_observed": len(observed) > LISTED,
        "may_link": needed(EnrollmentAction.ENROLL, BaseType.OBSERVER, observing=True) <= rights.keys,
        "may_unlink": needed(EnrollmentAction.REMOVE, BaseType.OBSERVER, observing=True) <= rights.keys,
        "links_account": _where_links_are(request.user),
    }
    response = course_frame.show(request, access, course_frame.PEOPLE, "link_students.html", **context)
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


def _address(access: CourseAccess, observer: Member) -> str:
    return f"{reverse('course_link_students', args=[access.course.pk, observer.person.pk])}?role={observer.role.pk}"


def _where_links_are(reader: User) -> Account | None:
    """The account on whose pages this reader can end links, if there is one."""
    root = Account.objects.root()
    return root if may_on_account(reader, Permission.MANAGE_USER_OBSERVERS, root) else None


@login_required
@done_once
def remove(request: AuthenticatedHttpRequest, course_id: int, user_id: int, student_id: int) -> HttpResponse:
    """End the link to one student in this course, after asking."""
    access, _remit, observer = _find(request, course_id, user_id)
    beside = observing_in(access.course, observer.person, by=request.user, linked=False)
    place = get_object_or_404(beside.filter(associated_user=student_id).select_related("associated_user")[:1])
    student = place.associated_user
    if request.method == "POST" and student:
        try:
            unlink_student(observer.person, student, access.course, by=request.user)
        except (Invalid, NotAllowed) as refusal:
            raise PermissionDenied(refusal.message) from None
        names = {"observer": observer.person.short_name, "student": student.short_name}
        messages.success(request, _("%(observer)s no longer observes %(student)s in this course.") % names)
        if any(member.is_observer for member in members_in(access.course, user_id, by=request.user)):
            return redirect(_address(access, observer))
        return redirect("course_people", course_id)
    context = {"person": observer.person, "member": observer, "student": student}
    return course_frame.show(request, access, course_frame.PEOPLE, "unlink_student.html", **context)
