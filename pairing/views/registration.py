"""Signing up."""

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.errors import Invalid, Refused
from accounts.models import Account
from accounts.network import network_of
from pairing.errors import TooManyTries
from pairing.forms import RegistrationForm
from pairing.signing_up import sign_up


def register(request: HttpRequest) -> HttpResponse:
    """The sign-up page: account and link together, then straight to the dashboard."""
    if request.user.is_authenticated:
        return redirect("observees")
    root = Account.objects.root()
    if not root.pairing_is_on:
        return render(request, "pairing/register_closed.html", status=403)
    form = RegistrationForm(request.POST or None, root=root)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                user = sign_up(form.application(), form.cleaned_data["code"], network=network_of(request))
            except Invalid as refusal:
                form.add_refusal(refusal)
            except Refused as refusal:
                form.add_error(None, refusal.message)
                status = refusal.status
                if isinstance(refusal, TooManyTries):
                    return _wait(request, form, refusal)
            else:
                login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
                return redirect("dashboard")
    return render(request, "pairing/register.html", {"form": form}, status=status)


def _wait(request: HttpRequest, form: RegistrationForm, refusal: TooManyTries) -> HttpResponse:
    response = render(request, "pairing/register.html", {"form": form}, status=refusal.status)
    response.headers["Retry-After"] = str(refusal.wait)
    return response
