"""One person as the account's staff see them, with whom they observe and who observes them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from accounts.models import Account, ObservationLink, User
from accounts.permissions import may_on_account
from accounts.requests import SignedInRequest
from accounts.tree import with_all_below
from courses.models import Enrollment
from courses.models.enrollment import EnrollmentQuerySet
from courses.observing import unlink
from courses.people import observed_by, observers_of, people_of
from courses.views.accounts import enter, show_page

MANAGE = "manage_user_observers"


@login_required
def show(request: SignedInRequest, account_id: int, user_id: int) -> HttpResponse:
    """The person's login, enrollments and links."""
    post = enter(request, account_id, "read_roster")
    person = get_object_or_404(people_of(post.account), pk=user_id)
    sees_links = MANAGE in post.permissions
    context = {
        "person": person,
        "enrollments": _enrollments(person, post.account),
        "sees_links": sees_links,
        "may_remove": may_on_account(request.user, MANAGE, Account.objects.root()),
        "observed": observed_by(person) if sees_links else [],
        "observers": observers_of(person) if sees_links else [],
    }
    return show_page(request, post, "users", "user.html", **context)


def _enrollments(person: User, account: Account) -> EnrollmentQuerySet:
    """Those in courses of this account: what happens in another school is not for this one's staff."""
    found = Enrollment.objects.present().filter(user=person)
    if account.parent_id is not None:
        found = found.filter(section__course__account__in=with_all_below(account))
    found = found.select_related("section__course", "role", "associated_user")
    return found.order_by("section__course__name", "section__name", "id")


@login_required
def remove_link(request: SignedInRequest, account_id: int, user_id: int, link_id: int) -> HttpResponse:
    """End a link this person is part of, after asking."""
    post = enter(request, account_id, "read_roster")
    if not may_on_account(request.user, MANAGE, Account.objects.root()):
        raise PermissionDenied(_("Removing links needs the right to manage observers in the whole institution."))
    person = get_object_or_404(people_of(post.account), pk=user_id)
    links = ObservationLink.objects.live().filter(Q(observer=person) | Q(student=person))
    link = get_object_or_404(links.select_related("observer", "student"), pk=link_id)
    if request.method == "POST":
        unlink(link, by=request.user)
        names = {"observer": link.observer.name, "student": link.student.name}
        messages.success(request, _("%(observer)s no longer observes %(student)s.") % names)
        return redirect("account_user", account_id, user_id)
    return show_page(request, post, "users", "remove_link.html", person=person, link=link)
