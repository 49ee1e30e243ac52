"""Sign up, with a code in two steps: all the details, then the student of the code."""

from __future__ import annotations

from dataclasses import asdict

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.domain.registration import NewUser
from accounts.errors import Invalid, Refused
from accounts.models import Account, User
from accounts.web.begun_sign_up import begin, begun, forget
from accounts.web.refusals import attempt, refusal_of, tell
from accounts.web.requests import network_of
from accounts.web.sent_forms import shown_once
from accounts.web.sign_in import remember_browser
from courses.access.courses import schools_of
from pairing.domain.institution_limit import Entrance
from pairing.domain.rate_limit import is_name_asked_for
from pairing.domain.sign_up import complete, preview, sign_up
from pairing.forms import RegistrationForm
from pairing.models import PairingCode


def register(request: HttpRequest) -> HttpResponse:
    """Show the sign-up page. A code leads to the page that shows its student."""
    if request.user.is_authenticated:
        return redirect("observees")
    root = Account.objects.root()
    if not root.pairing_is_on:
        return render(request, "pairing/register_closed.html", status=403)
    form = RegistrationForm(
        request.POST if request.method == "POST" else None, root=root, initial=_typed_before(request)
    )
    if request.method != "POST":
        if is_name_asked_for(Entrance.SIGN_UP):
            form.ask_for_family_name()
        return _page(request, form)
    if form.is_valid():
        answer = attempt(lambda: _next(request, form))
        if not isinstance(answer, Refused):
            return answer
        form.add_refusal(answer)
    elif form.cleaned_data.get("code"):
        _count_wrong_code(request, form)
    return form.tell(_page(request, form))


def _next(request: HttpRequest, form: RegistrationForm) -> HttpResponse:
    wanted = form.application()
    if not form.cleaned_data["code"]:
        return _make(request, wanted)
    code = _preview(request, form)
    begin(request, application=asdict(wanted.sealed()), code=code.pk)
    return redirect("register_confirm")


def _signed_up_before(request: HttpRequest, _wanted: NewUser | None = None) -> HttpResponse:
    """Answer a form sent twice: the first one has signed this browser in, with a new session."""
    messages.info(request, _("If you have just created your account, sign in now."))
    return redirect("account_login")


@shown_once(_signed_up_before)
def _make(request: HttpRequest, wanted: NewUser) -> HttpResponse:
    return _sign_in(request, sign_up(wanted, "", network=network_of(request)), "dashboard")


def _preview(request: HttpRequest, form: RegistrationForm) -> PairingCode:
    given = form.cleaned_data
    family_name = given.get("family_name", "")
    return preview(form.application(), given["code"], network=network_of(request), family_name=family_name)


def _count_wrong_code(request: HttpRequest, form: RegistrationForm) -> None:
    """Count the code of an incomplete form if it is wrong; never reveal whether it is right."""
    refusal = refusal_of(lambda: _preview(request, form))
    if refusal and not isinstance(refusal, Invalid):
        form.add_refusal(refusal)


def _typed_before(request: HttpRequest) -> dict[str, str]:
    return _whose(request) or {}


def _whose(request: HttpRequest) -> dict[str, str] | None:
    """Return the name and address of a sign-up begun in this browser, for anyone who finds it open."""
    kept = begun(request)
    return {"name": kept["application"]["name"], "email": kept["application"]["login_id"]} if kept else None


def _page(request: HttpRequest, form: RegistrationForm, refusal: Refused | None = None) -> HttpResponse:
    context = {"form": form, "refusal": refusal, "begun": _whose(request) if request.method != "POST" else None}
    return render(request, "pairing/register.html", context)


def confirm(request: HttpRequest) -> HttpResponse:
    """Show the student of the code; a POST creates the account and link and signs in, or forgets what was begun."""
    if request.user.is_authenticated:
        return redirect("observees")
    if request.POST.get("step") == "start_again":
        forget(request)
        return redirect("register")
    carried = begun(request)
    if carried is None and request.method == "POST":
        return _signed_up_before(request)
    if carried is None:
        return redirect("register")
    if request.method == "POST":
        return _complete(request, NewUser(**carried["application"]), carried["code"])
    code = PairingCode.objects.live().select_related("student", "course", "account").filter(pk=carried["code"]).first()
    if code is None:
        messages.error(request, _("This code no longer works. Please ask for a new one."))
        return redirect("register")
    context = {"code": code, "student": code.student, "schools": schools_of(code.student), "begun": _whose(request)}
    return render(request, "pairing/register_confirm.html", context)


def _complete(request: HttpRequest, wanted: NewUser, code_id: int) -> HttpResponse:
    user = attempt(lambda: complete(wanted, code_id))
    if isinstance(user, Refused):
        form = RegistrationForm(None, root=Account.objects.root(), initial=_typed_before(request))
        return tell(_page(request, form, refusal=user), user)
    student = PairingCode.objects.select_related("student").get(pk=code_id).student
    messages.success(request, _("Account created. You are now observing %(name)s.") % {"name": student.short_name})
    return _sign_in(request, user, "observees")


def _sign_in(request: HttpRequest, user: User, then: str) -> HttpResponse:
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    response = redirect(then)
    remember_browser(request, response, user)
    return response
