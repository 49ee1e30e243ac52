"""Deleting somebody's account. The page stands here because live pairing codes end with it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.permissions.registry import Permission
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.views.account_people import get_user_to_change
from courses.views.accounts import show_page
from pairing.domain.account_deletion import delete_user, what_goes


@login_required
@done_once
def delete(request: AuthenticatedHttpRequest, account_id: int, user_id: int) -> HttpResponse:
    """Say in numbers what goes with the account; a POST deletes it."""
    post, person = get_user_to_change(request, account_id, user_id)
    refusal = None
    if request.method == "POST":
        login = person.login_id
        try:
            delete_user(person, by=request.user)
        except Refused as caught:
            refusal = caught
        else:
            names = {"name": person.short_name, "login": login}
            text = _("The account of %(name)s is deleted.")
            if Permission.VIEW_USER_LOGINS in post.permissions:
                text = _("The account of %(name)s is deleted. The login %(login)s can be used again.")
            messages.success(request, text % names)
            return redirect("account_users", account_id)
    context = {"person": person, "goes": what_goes(person), "refusal": refusal}
    return show_page(request, post, "users", "delete_user.html", status=refusal.status if refusal else 200, **context)
