"""The forms of accounts."""

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import SelfRegistration


class LoginForm(AllauthLoginForm):
    """Sign-in, in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Login")
        self.fields["login"].help_text = _("Often your e-mail address.")
        self.fields["password"].help_text = ""
        self.fields["remember"].label = _("Keep me signed in on this device")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class SelfRegistrationForm(forms.Form):
    """Who may make an account for themselves, and with it whether pairing is on."""

    WHAT_IT_MEANS = {
        SelfRegistration.NONE: _("Pairing is off: codes can be neither made nor used."),
        SelfRegistration.OBSERVER: _(
            "Pairing is on. Parents and guardians make an account themselves, with the code of a student."
        ),
        SelfRegistration.ALL: _("Pairing is on, and anybody can make an account, with or without a pairing code."),
    }

    self_registration = forms.ChoiceField(label=_("Self registration"), choices=SelfRegistration.choices)

    def options(self) -> list[tuple[str, str | Promise, str | Promise, bool]]:
        """Each choice as value, label, what it means, and whether it is chosen."""
        chosen = self["self_registration"].value()
        return [(each.value, each.label, self.WHAT_IT_MEANS[each], each.value == chosen) for each in SelfRegistration]
