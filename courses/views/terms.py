"""The institution's terms. Their pages hang on the root account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.collation import Holds
from accounts.errors import Refused
from accounts.paging import page_of, search_words
from accounts.requests import SignedInRequest
from accounts.sent_forms import done_once
from courses.forms import TermForm
from courses.models import Course, Term
from courses.terms import PERMISSION, delete_term, save_term, terms, what_is_in_the_way
from courses.views.accounts import FormPage, Post, Question, ask, enter, show_form, show_page

TAB = "terms"


def _enter(request: SignedInRequest, account_id: int) -> Post:
    post = enter(request, account_id, PERMISSION)
    if post.account.parent_id is not None:
        raise Http404
    return post


@login_required
def index(request: SignedInRequest, account_id: int) -> HttpResponse:
    """Every term, with its dates and how many courses are in it."""
    post = _enter(request, account_id)
    words = search_words(request.GET.get("search"))
    found = terms()
    if words:
        found = found.filter(Holds(words))
    counted = found.annotate(course_count=Count("courses", filter=~Q(courses__workflow_state=Course.State.DELETED)))
    page = page_of(counted, request.GET.get("page"))
    return show_page(request, post, TAB, "term_list.html", page=page, words=words)


@login_required
@done_once
def new(request: SignedInRequest, account_id: int) -> HttpResponse:
    """Make a term."""
    return _form(request, _enter(request, account_id), None, _("Add a term"), _("Add term"))


@login_required
def edit(request: SignedInRequest, account_id: int, term_id: int) -> HttpResponse:
    """A term's name and dates."""
    post = _enter(request, account_id)
    term = get_object_or_404(Term, pk=term_id)
    return _form(request, post, term, _("Edit %(name)s") % {"name": term.name}, _("Save"))


def _form(request: SignedInRequest, post: Post, term: Term | None, title: str, save: str) -> HttpResponse:
    form = TermForm(term, request.POST or None, keys=post.permissions)
    if saved := form.carry_out(lambda: save_term(term, by=request.user, **form.cleaned_data)):
        messages.success(request, _("The term %(name)s is saved.") % {"name": saved.name})
        return redirect("terms_of_institution", post.account.pk)
    back = reverse("terms_of_institution", args=[post.account.pk])
    return show_form(request, post, FormPage(title, back, _("Terms"), save, tab=TAB), form)


@login_required
@done_once
def delete(request: SignedInRequest, account_id: int, term_id: int) -> HttpResponse:
    """Delete a term without courses, after asking."""
    post = _enter(request, account_id)
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
    question = Question(
        title=_("Delete the term %(name)s?") % {"name": name},
        sentences=(_("No course is in it. Its SIS ID can be used again."),),
        yes=_("Delete term"),
        no=_("Keep it"),
        back=reverse("terms_of_institution", args=[account_id]),
        back_label=_("Terms"),
        tab=TAB,
    )
    return ask(request, post, question, refusal)
