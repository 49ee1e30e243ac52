"""The accounts below an account: finding them, making, editing and deleting them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.domain.accounts import PERMISSION, create_sub_account, edit_account, sub_accounts_of
from accounts.errors import Refused
from accounts.forms.users import AccountForm
from accounts.models import Account
from accounts.permissions.resolver import may_on_account, permissions_on
from accounts.text.collation import Holds
from accounts.web.pagination import page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.domain.accounts import delete_sub_account, what_is_in_the_way
from courses.models import Course
from courses.views.accounts import ConfirmPage, FormPage, get_account_or_403, render_confirm, show_form, show_page

TAB = "sub_accounts"


@login_required
def index(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """The accounts directly below, with how many courses each has itself; for everybody with a role here."""
    here = get_account_or_403(request, account_id)
    words = search_words(request.GET.get("search"))
    found = sub_accounts_of(here.account)
    if words:
        found = found.filter(Holds(words))
    counted = found.annotate(course_count=Count("courses", filter=~Q(courses__workflow_state=Course.State.DELETED)))
    page = page_of(counted, request.GET.get("page"))
    held = permissions_on(request.user, page.items)
    managed = {pk for pk, keys in held.items() if PERMISSION in keys}
    return show_page(request, here, TAB, "sub_accounts.html", page=page, words=words, managed=managed)


@login_required
@done_once
def new(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Make an account below this one."""
    here = get_account_or_403(request, account_id, PERMISSION)
    form = AccountForm(None, request.POST or None, keys=here.permissions)
    if made := form.carry_out(lambda: create_sub_account(here.account, by=request.user, **form.cleaned_data)):
        messages.success(request, _("The sub-account %(name)s is made.") % {"name": made.name})
        return redirect("sub_accounts", account_id)
    about = FormPage(
        title=_("Add a sub-account of %(name)s") % {"name": here.account.name},
        save=_("Add sub-account"),
        back=reverse("sub_accounts", args=[account_id]),
        back_label=_("Sub-accounts"),
        tab=TAB,
    )
    return show_form(request, here, about, form)


@login_required
def edit(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Rename this account, or give it another SIS id."""
    here = get_account_or_403(request, account_id, PERMISSION)
    shown_name = here.account.name
    form = AccountForm(here.account, request.POST or None, keys=here.permissions)
    # Another object than the frame's: after a complaint, the page still shows the account's own name.
    account = Account.objects.get(pk=account_id)
    if form.carry_out(lambda: edit_account(account, by=request.user, **form.cleaned_data)):
        messages.success(request, _("The changes are saved."))
        return redirect("sub_accounts", account_id)
    about = FormPage(
        title=_("Edit %(name)s") % {"name": shown_name},
        save=_("Save"),
        back=reverse("sub_accounts", args=[account_id]),
        back_label=_("Sub-accounts"),
        tab=TAB,
    )
    return show_form(request, here, about, form)


@login_required
@done_once
def delete(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Delete this account, after asking: only an empty one."""
    here = get_account_or_403(request, account_id, PERMISSION)
    parent = here.account.parent
    if parent is None:
        raise Http404
    if not may_on_account(request.user, PERMISSION, parent):
        raise PermissionDenied(_("A sub-account is deleted by those who manage the account above it."))
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            delete_sub_account(here.account, by=request.user)
            messages.success(request, _("The sub-account %(name)s is deleted.") % {"name": here.account.name})
            return redirect("sub_accounts", parent.pk)
        except Refused as caught:
            refusal = caught
    elif reason := what_is_in_the_way(here.account):
        refusal = Refused(reason)
    confirm_page = ConfirmPage(
        title=_("Delete the sub-account %(name)s?") % {"name": here.account.name},
        sentences=(
            _("It has no courses and no sub-accounts. Admin roles on it end."),
            _("People's accounts are not touched. Its SIS ID can be used again."),
        ),
        yes=_("Delete sub-account"),
        no=_("Keep it"),
        back=reverse("sub_accounts", args=[parent.pk]),
        back_label=_("Sub-accounts"),
        tab=TAB,
    )
    return render_confirm(request, here, confirm_page, refusal)
