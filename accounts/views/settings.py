"""Sign-in, and the institution's own pages: its settings and its terms."""

from allauth.account import views as allauth
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from accounts.domain.accounts import set_code_scope, set_self_registration
from accounts.domain.time_zones import CANVAS_NAMES, zones
from accounts.forms.users import PairingForm
from accounts.models import Account
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from accounts.web.begun_sign_up import forget
from accounts.web.cache_headers import same_for_strangers
from accounts.web.requests import AuthenticatedHttpRequest


def sign_in(request: HttpRequest) -> HttpResponse:
    """Show allauth's sign-in page. A sign-up that someone left open in this browser ends here."""
    forget(request)
    answer: HttpResponse = allauth.login(request)
    return answer


@login_required
def authentication(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show and save who may create an account, and what codes open: settings of the root account only."""
    roots = Account.objects.filter(parent=None).select_related("self_registration_changed_by")
    root = get_object_or_404(roots, pk=account_id)
    permissions = account_permissions(request.user, root)
    if Permission.MANAGE_ACCOUNT_SETTINGS not in permissions:
        raise PermissionDenied(_("Only administrators of the institution can open these settings."))
    now = {"self_registration": root.self_registration, "code_scope": root.code_scope}
    form = PairingForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        set_self_registration(root, form.cleaned_data["self_registration"], by=request.user)
        set_code_scope(root, form.cleaned_data["code_scope"] or root.code_scope, by=request.user)
        messages.success(request, _("Saved. The change takes effect right away."))
        return redirect("authentication", account_id)
    context = {"account": root, "permissions": permissions, "tab": "authentication", "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/authentication.html", context, status=status)


@same_for_strangers
def terms(request: HttpRequest) -> HttpResponse:
    """Show the terms of use, to everyone."""
    return render(request, "accounts/terms.html")


@cache_control(public=True, max_age=24 * 60 * 60)
def time_zones(request: HttpRequest) -> HttpResponse:
    """Show the names of time zones for a field, loaded when the person begins to type there."""
    return render(request, "accounts/partials/time_zones.html", {"zones": [*CANVAS_NAMES, *zones()]})
