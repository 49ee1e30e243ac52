"""Acting as someone: a page that says what it means, and the ways in and out."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Account, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from accounts.web.pages import ConfirmPage, PlainPage
from accounts.web.requests import AuthenticatedHttpRequest
from courses.access import act_as


class StartActing(PlainPage, ConfirmPage):
    """What acting as this person means, and its beginning."""

    template = "courses/act_as.html"
    is_done_once = False

    def enter(self, user_id: int) -> None:
        if not may_on_account(self.by, act_as.PERMISSION, Account.objects.root()):
            raise PermissionDenied(_("To act as someone, you need the permission “Users - act as”."))
        self.person = get_object_or_404(User.objects.present(), pk=user_id)
        if self.request.method != "POST":
            act_as.check(self.by, self.person)

    def act(self) -> None:
        act_as.begin(self.by, self.person)
        self.request.session[act_as.SESSION_KEY] = self.person.pk
        # Forms opened before, in another tab, were meant for someone else: they no longer count.
        rotate_token(self.request)

    def then(self) -> str:
        return reverse("dashboard")

    def facts(self) -> dict[str, Any]:
        return {"person": self.person, "back": _page_of(self.person, self.by)}


def _page_of(person: User, reader: User) -> str:
    """Return the page of `person` for a reader who may open it, otherwise the dashboard."""
    root = Account.objects.root()
    if may_on_account(reader, Permission.READ_ROSTER, root):
        return reverse("account_user", args=[root.pk, person.pk])
    return reverse("dashboard")


@require_POST
@login_required
def stop(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show to oneself."""
    if request.user.actor is None:
        return redirect("dashboard")
    act_as.end(request.user)
    request.session.pop(act_as.SESSION_KEY, None)
    rotate_token(request)
    messages.success(
        request, _("You have stopped acting and are %(name)s again.") % {"name": request.user.actor.short_name}
    )
    return redirect(_page_of(request.user, request.user.actor))
