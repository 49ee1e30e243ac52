"""The forms for sign-in and passwords: django-allauth's, with our wording and our rules."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.forms import ResetPasswordKeyForm as AllauthResetPasswordKeyForm
from allauth.account.forms import SetPasswordForm as AllauthSetPasswordForm
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.domain.passwords import choose_password
from accounts.domain.tokens import has_tokens
from accounts.jobs import ask_for_reset_mail
from accounts.models import User


class LoginForm(AllauthLoginForm):
    """Sign-in, with our wording."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Login")
        self.fields["login"].help_text = _("Often your email address.")
        self.fields["password"].help_text = ""
        self.fields["remember"].label = _("Keep me signed in on this device")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class ChoosesPassword(forms.Form):
    """A form with a new password that asks people with access tokens whether these should end with the old one."""

    user: User | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.user and has_tokens(self.user):
            self.fields["end_tokens"] = forms.BooleanField(
                label=_("Also revoke my access tokens"),
                help_text=_(
                    "Apps and scripts that use a token will need a new one. Leave this checked if someone "
                    "may have known your password."
                ),
                initial=True,
                required=False,
            )

    def save(self) -> None:
        """Store the password."""
        if self.user is None:
            raise TypeError("a password is somebody's")
        given = self.cleaned_data
        choose_password(self.user, given["password1"], ends_tokens=given.get("end_tokens", True))


class SetPasswordForm(ChoosesPassword, AllauthSetPasswordForm):
    """A first password, for a person who is signed in."""


class ResetPasswordKeyForm(ChoosesPassword, AllauthResetPasswordKeyForm):
    """A new password, for a person who came by an emailed link."""


class ChangePasswordForm(ChoosesPassword, AllauthChangePasswordForm):
    """A new password, for a person who gives the old one."""

    def clean_oldpassword(self) -> str:
        """Return the password as it is; a wrong one counts as it does at sign-in."""
        given: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, given):
            raise get_adapter().validation_error("enter_current_password")
        return given


class ResetPasswordForm(AllauthResetPasswordForm):
    """The address to send a link to, with which a new password is chosen."""

    def clean_email(self) -> str:
        """Return the address without looking up whose it is: the time this takes would reveal it."""
        address: str = self.cleaned_data["email"]
        return address.lower()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Have the link sent by a job."""
        address: str = self.cleaned_data["email"]
        ask_for_reset_mail(address, request.build_absolute_uri("/"))
        return address
