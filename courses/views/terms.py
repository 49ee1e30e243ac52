"""The institution's terms. Their pages hang on the root account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.text.collation import Holds
from accounts.web.pagination import page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once
from courses.domain.terms import PERMISSION, delete_term, save_term, terms, what_is_in_the_way
from courses.forms import TermForm
from courses.models import Course, Term
from courses.views.accounts import (
    AccountContext,
    ConfirmPage,
    FormPage,
    get_account_or_403,
    render_confirm,
    show_form,
    show_page,
)

TAB = "terms"


def _enter(request: AuthenticatedHttpRequest, account_id: int) -> AccountContext:
    here = get_account_or_403(request, account_id, PERMISSION)
    if here.account.parent_id is not None:
        raise Http404
    return here


@login_required
def index(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Every term, with its dates and how many courses are in it."""
    here = _enter(request, account_id)
    words = search_words(request.GET.get("search"))
    found = terms()
    if words:
        found = found.filter(Holds(words))
    counted = found.annotate(course_count=Count("courses", filter=~Q(courses__workflow_state=Course.State.DELETED)))
    page = page_of(counted, request.GET.get("page"))
    return show_page(request, here, TAB, "term_list.html", page=page, words=words)


@login_required
@done_once
def new(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Make a term."""
    return _form(request, _enter(request, account_id), None, _("Add a term"), _("Add term"))


@login_required
def edit(request: AuthenticatedHttpRequest, account_id: int, term_id: int) -> HttpResponse:
    """A term's name and dates."""
    here = _enter(request, account_id)
    term = get_object_or_404(Term, pk=term_id)
    return _form(request, here, term, _("Edit %(name)s") % {"name": term.name}, _("Save"))


def _form(
    request: AuthenticatedHttpRequest, here: AccountContext, term: Term | None, title: str, save: str
) -> HttpResponse:
    form = TermForm(term, request.POST or None, keys=here.permissions)
    if saved := form.carry_out(lambda: save_term(term, by=request.user, **form.cleaned_data)):
        messages.success(request, _("The term %(name)s is saved.") % {"name": saved.name})
        return redirect("terms_of_institution", here.account.pk)
    back = reverse("terms_of_institution", args=[here.account.pk])
    return show_form(request, here, FormPage(title, back, _("Terms"), save, tab=TAB), form)


@login_required
@done_once
def delete(request: AuthenticatedHttpRequest, account_id: int, term_id: int) -> HttpResponse:
    """Delete a term without courses, after asking."""
    here = _enter(request, account_id)
    term = get_object_or_404(Term, pk=term_id)
    name = term.name
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            delete_term(term, by=request.user)
            messages.success(request, _("The term %(name)s is deleted.") % {"name": name})
            return redirect("terms_of_institution", account_id)
        except Refused as caught:
            refusal = caught
    elif reason := what_is_in_the_way(term):
        refusal = Refused(reason)
    confirm_page = ConfirmPage(
        title=_("Delete the term %(name)s?") % {"name": name},
        sentences=(_("No course is in it. Its SIS ID can be used again."),),
        yes=_("Delete term"),
        no=_("Keep it"),
        back=reverse("terms_of_institution", args=[account_id]),
        back_label=_("Terms"),
        tab=TAB,
    )
    return render_confirm(request, here, confirm_page, refusal)
