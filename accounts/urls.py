"""Sign-in and passwords (by django-allauth, under its names, at Canvas's addresses), settings and terms."""

from collections.abc import Callable

from allauth.account import views as allauth
from django.http.response import HttpResponseBase
from django.urls import path, re_path
from django.views.generic import RedirectView

from accounts.views import api_reference, settings


def _to(name: str) -> Callable[..., HttpResponseBase]:
    return RedirectView.as_view(pattern_name=name, query_string=True)


urlpatterns = [
    path("login", _to("account_login")),
    path("login/canvas", settings.sign_in, name="account_login"),
    path("logout", allauth.logout, name="account_logout"),
    path("login/inactive", allauth.account_inactive, name="account_inactive"),
    path("login/reauthenticate", allauth.reauthenticate, name="account_reauthenticate"),
    path("login/password/reset", allauth.password_reset, name="account_reset_password"),
    path("login/password/reset/done", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^login/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "login/password/reset/key/done",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("login/password/change", allauth.password_change, name="account_change_password"),
    path("login/password/set", allauth.password_set, name="account_set_password"),
    # Names that allauth looks up for pages that are elsewhere here.
    path("login/signup", _to("register"), name="account_signup"),
    path("login/email", _to("settings"), name="account_email"),
    path("login/email/sent", _to("account_login"), name="account_email_verification_sent"),
    path("accounts/<int:account_id>/authentication_providers", settings.authentication, name="authentication"),
    # Where Canvas has its own.
    path("doc/api", api_reference.api_reference, name="api_reference"),
    path("terms", settings.terms, name="terms"),
    path("time_zones", settings.time_zones, name="time_zones"),
]
