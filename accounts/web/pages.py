"""Pages that do something: a form, or a question before something happens. They are declared, and not written.

A page is a class that says what it is called, whose it is, what it does and what is said then. It is shown when it is
opened, and carried out when it is sent; what a rule refuses stands on the page that was sent, with the status of the
refusal. Frames, such as that of an account, are classes to be declared beside these (courses/views/accounts.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid, Refused
from accounts.web.refusals import Answer, refusal_of, tell
from accounts.web.requests import AuthenticatedHttpRequest
from accounts.web.sent_forms import done_once


class RuleForm(forms.Form):
    """A form that a rule is asked with; what the rule objects to stands beside the field it is about."""

    # By the rule's name for a field, the form's name, where they differ.
    FIELDS_OF_RULES: ClassVar[dict[str, str]] = {}
    refusal: Refused | None = None

    def carry_out(self, rule: Callable[[], object]) -> bool:
        """Call `rule` for a form that was sent and is valid; return whether it was done, and not refused."""
        if not self.is_valid():
            return False
        if refusal := refusal_of(rule):
            self.add_refusal(refusal)
        return refusal is None

    def add_refusal(self, refusal: Refused) -> None:
        """Show a refusal by a rule."""
        self.refusal = refusal
        for field, message in self.complaints_of(refusal):
            self.add_error(field if field in self.fields else None, message)

    def complaints_of(self, refusal: Refused) -> list[tuple[str, str]]:
        """Return what a refusal says, each with the field of this form it is about, or "" for none."""
        if not isinstance(refusal, Invalid):
            return [("", refusal.message)]
        return [
            (self.FIELDS_OF_RULES.get(field, field), str(message))
            for field, complaints in refusal.errors.items()
            for _kind, message in complaints
        ]

    def tell(self, page: Answer) -> Answer:
        """Give a page that shows this form the status and headers of what is wrong with it, and return the page."""
        if self.is_bound:
            page.status_code = 422
        return tell(page, self.refusal)


Text = str | Promise


class Way(NamedTuple):
    """Where a link leads, and what it says."""

    address: str
    label: Text


def way(label: Text, page: str, *ids: object) -> Way:
    """Return the way to a page, by the name of its address."""
    return Way(reverse(page, args=ids), label)


class ActionPage:
    """What forms and questions have in common. Texts are filled in with `names`, which `enter` gives."""

    title: Text = ""
    # What is said once it is done; empty where the page it leads to says enough.
    done: Text = ""
    template: str
    # Whether the same form sent twice does it once: see accounts/web/sent_forms.py.
    is_done_once: ClassVar[bool] = True

    def __init__(self, request: AuthenticatedHttpRequest) -> None:
        self.request, self.by = request, request.user
        self.names: dict[str, object] = {}

    @classmethod
    def view(cls) -> Callable[..., HttpResponse]:
        """Return the view of this page, for those who are signed in."""

        def answer(request: AuthenticatedHttpRequest, **ids: Any) -> HttpResponse:
            page = cls(request)
            page.enter(**ids)
            return page.answer()

        answer.__name__, answer.__doc__, answer.__module__ = cls.__name__, cls.__doc__, cls.__module__
        return login_required(done_once(answer) if cls.is_done_once else answer)

    def enter(self, *args: Any, **ids: Any) -> None:
        """Look up what the page is about, by the ids in its address. Raises Http404, PermissionDenied, NotAllowed."""

    def act(self, *args: Any, **kwargs: Any) -> object:
        """Do it: call one rule, and keep of what that returns what is needed to go on. Raises Refused."""
        raise NotImplementedError

    def back(self) -> Way:
        """Return the way back."""
        raise NotImplementedError

    def then(self) -> str:
        """Return the address that follows once it is done: by default the way back."""
        return self.back().address

    def about(self) -> dict[str, object]:
        """Return what the template says of the page."""
        back = self.back()
        return {"title": self.say(self.title), "back": back.address, "back_label": back.label}

    def facts(self) -> dict[str, Any]:
        """Return what a template of the page's own needs besides."""
        return {}

    def show(self, *args: Any, **context: Any) -> HttpResponse:
        """Render the page within its frame."""
        raise NotImplementedError

    def answer(self) -> HttpResponse:
        """Show the page, or carry it out."""
        raise NotImplementedError

    def finish(self) -> HttpResponse:
        """Say that it is done, and lead on."""
        if self.done:
            messages.success(self.request, self.say(self.done))
        return redirect(self.then())

    def say(self, text: Text) -> str:
        """Return a text with the names filled in."""
        return str(text) % self.names


class PlainPage(ActionPage):
    """A page in the frame of the whole site."""

    def show(self, **context: Any) -> HttpResponse:
        return render(self.request, self.template, {**self.facts(), **context})


class FormPage(ActionPage):
    """A page that is one form; after complaints it shows what was typed."""

    template = "form.html"
    save: Text = _("Save")
    intro: Sequence[Text] = ()

    def form(self, data: QueryDict | None) -> RuleForm:
        """Return the form: filled in with `data`, what was sent; with None as it stands when the page is opened."""
        raise NotImplementedError

    def about(self) -> dict[str, object]:
        return {**super().about(), "save": self.save, "intro": [self.say(text) for text in self.intro]}

    def answer(self) -> HttpResponse:
        form = self.form(self.request.POST if self.request.method == "POST" else None)
        if form.carry_out(lambda: self.act(form)):
            return self.finish()
        return form.tell(self.show(form=form))


class ConfirmPage(ActionPage):
    """A page that asks before something is done: what it means, sentence by sentence, and both ways on."""

    template = "confirm.html"
    sentences: Sequence[Text] = ()
    yes: Text = ""
    no: Text = _("Keep it")
    is_dangerous: ClassVar[bool] = True

    def consequences(self) -> Sequence[Text]:
        """Return what it means."""
        return self.sentences

    def in_the_way(self) -> Refused | None:
        """Return why it could not be done now, to be told to those who open the page."""
        return None

    def about(self) -> dict[str, object]:
        return {
            **super().about(),
            "sentences": [self.say(text) for text in self.consequences()],
            "yes": self.yes,
            "no": self.no,
            "is_dangerous": self.is_dangerous,
        }

    def answer(self) -> HttpResponse:
        if self.request.method != "POST":
            return self.show(refusal=self.in_the_way())
        if refusal := refusal_of(self.act):
            return tell(self.show(refusal=refusal), refusal)
        return self.finish()
