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

from accounts.collation import Holds
from accounts.errors import Refused
from accounts.forms import AccountForm
from accounts.models import Account
from accounts.paging import page_of, search_words
from accounts.permissions import may_on_account, permissions_on
from accounts.requests import SignedInRequest
from accounts.sent_forms import done_once
from accounts.sub_accounts import PERMISSION, create_sub_account, edit_account, sub_accounts_of
from courses.models import Course
from courses.sub_accounts import delete_sub_account, what_is_in_the_way
from courses.views.accounts import FormPage, Question, ask, enter, show_form, show_page

TAB = "sub_accounts"


@login_required
def index(request: SignedInRequest, account_id: int) -> HttpResponse:
    """The accounts directly below, with how many courses each has itself; for everybody with a role here."""
    post = enter(request, account_id)
    words = search_words(request.GET.get("search"))
    found = sub_accounts_of(post.account)
    if words:
        found = found.filter(Holds(words))
    counted = found.annotate(course_count=Count("courses", filter=~Q(courses__workflow_state=Course.State.DELETED)))
    page = page_of(counted, request.GET.get("page"))
    held = permissions_on(request.user, page.items)
    managed = {pk for pk, keys in held.items() if PERMISSION in keys}
    return show_page(request, post, TAB, "sub_accounts.html", page=page, words=words, managed=managed)


@login_required
@done_once
def new(request: SignedInRequest, account_id: int) -> HttpResponse:
    """Make an account below this one."""
    post = enter(request, account_id, PERMISSION)
    form = AccountForm(None, request.POST or None, keys=post.permissions)
    if made := form.carry_out(lambda: create_sub_account(post.account, by=request.user, **form.cleaned_data)):
        messages.success(request, _("The sub-account %(name)s is made.") % {"name": made.name})
        return redirect("sub_accounts", account_id)
    about = FormPage(
        title=_("Add a sub-account of %(name)s") % {"name": post.account.name},
        save=_("Add sub-account"),
        back=reverse("sub_accounts", args=[account_id]),
        back_label=_("Sub-accounts"),
        tab=TAB,
    )
    return show_form(request, post, about, form)


@login_required
def edit(request: SignedInRequest, account_id: int) -> HttpResponse:
    """Rename this account, or give it another SIS id."""
    post = enter(request, account_id, PERMISSION)
    shown_name = post.account.name
    form = AccountForm(post.account, request.POST or None, keys=post.permissions)
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
    return show_form(request, post, about, form)


@login_required
@done_once
def delete(request: SignedInRequest, account_id: int) -> HttpResponse:
    """Delete this account, after asking: only an empty one."""
    post = enter(request, account_id, PERMISSION)
    parent = post.account.parent
    if parent is None:
        raise Http404
    if not may_on_account(request.user, PERMISSION, parent):
        raise PermissionDenied(_("A sub-account is deleted by those who manage the account above it."))
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            delete_sub_account(post.account, by=request.user)
            messages.success(request, _("The sub-account %(name)s is deleted.") % {"name": post.account.name})
            return redirect("sub_accounts", parent.pk)
        except Refused as caught:
            refusal = caught
    elif reason := what_is_in_the_way(post.account):
        refusal = Refused(reason)
    question = Question(
        title=_("Delete the sub-account %(name)s?") % {"name": post.account.name},
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
    return ask(request, post, question, refusal)
