"""The institution's terms. Their pages belong to the root account."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from accounts.errors import NotPossible, Refused
from accounts.models.numbers import CountOf
from accounts.text.search import Search
from accounts.web.pages import ConfirmPage, FormPage, Way, way
from accounts.web.pagination import page_of, search_words
from accounts.web.requests import AuthenticatedHttpRequest
from courses.domain.terms import PERMISSION, delete_term, save_term, terms, what_is_in_the_way
from courses.forms import TermForm
from courses.models import Course, Term
from courses.views.accounts import AccountContext, AccountPage, get_account_or_403, show_page

TAB = "terms"


def check_is_root(here: AccountContext) -> None:
    """Raise Http404 on the pages of any other account than the institution's."""
    if here.account.parent_id is not None:
        raise Http404


@login_required
def index(request: AuthenticatedHttpRequest, account_id: int) -> HttpResponse:
    """Show every term, with its dates and how many courses are in it."""
    here = get_account_or_403(request, account_id, PERMISSION)
    check_is_root(here)
    words = search_words(request.GET.get("search"))
    found = terms()
    if words:
        found = found.filter(Search(words).found)
    counted = found.annotate(course_count=CountOf(Course.objects.present().filter(term=OuterRef("pk"))))
    page = page_of(counted, request.GET.get("page"))
    return show_page(request, here, TAB, "term_list.html", page=page, words=words)


class TermPage(AccountPage):
    """What pages that change a term have in common."""

    permission, tab = PERMISSION, TAB
    term: Term | None = None

    def find(self, term_id: int | None = None) -> None:
        check_is_root(self.here)
        if term_id is not None:
            self.term = get_object_or_404(terms(), pk=term_id)
            self.names["name"] = self.term.name

    def back(self) -> Way:
        return way(_("Terms"), "terms_of_institution", self.here.account.pk)


class NewTerm(TermPage, FormPage):
    """Make a term."""

    title, save = _("Add a term"), _("Add term")
    done = _("Term %(name)s saved.")

    def form(self, data: QueryDict | None) -> TermForm:
        return TermForm(self.term, data, keys=self.here.permissions)

    def act(self, form: TermForm) -> None:
        self.names["name"] = save_term(self.term, by=self.by, **form.cleaned_data).name


class EditTerm(NewTerm):
    """A term's name and dates."""

    title, save = _("Edit %(name)s"), _("Save")
    is_done_once = False


class DeleteTerm(TermPage, ConfirmPage):
    """Delete a term without courses, after asking."""

    title = _("Delete the term %(name)s?")
    sentences = (_("No course is in it. Its SIS ID can be used again."),)
    yes = _("Delete term")
    done = _("Term %(name)s deleted.")
    term: Term

    def in_the_way(self) -> Refused | None:
        reason = what_is_in_the_way(self.term)
        return NotPossible(reason) if reason else None

    def act(self) -> None:
        delete_term(self.term, by=self.by)
