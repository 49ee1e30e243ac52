"""The forms of accounts."""

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid
from accounts.models import COURSE_BASE_TYPES, BaseType, CodeScope, SelfRegistration


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


class PairingForm(forms.Form):
    """Who may make an account for themselves, and with it whether pairing is on; and what codes from courses open."""

    WHAT_IT_MEANS = {
        SelfRegistration.NONE: _("Pairing is off: codes can be neither made nor used."),
        SelfRegistration.OBSERVER: _(
            "Pairing is on. Parents and guardians make an account themselves, with the code of a student."
        ),
        SelfRegistration.ALL: _("Pairing is on, and anybody can make an account, with or without a pairing code."),
    }

    WHAT_IT_OPENS = {
        CodeScope.ALL: _("However a code was made, it opens all of the student's courses, those of later terms too."),
        CodeScope.COURSE: _(
            "A code made on User Details in a course, or exported there, opens that course. Codes made by students "
            "themselves open all of their courses."
        ),
    }

    self_registration = forms.ChoiceField(label=_("Self registration"), choices=SelfRegistration.choices)
    code_scope = forms.ChoiceField(label=_("What a code opens"), choices=CodeScope.choices, required=False)

    def choices(self) -> list[tuple[str, str | Promise, str | Promise, bool]]:
        """Each choice of who may sign up as value, label, what it means, and whether it is chosen."""
        chosen = self["self_registration"].value()
        return [(each.value, each.label, self.WHAT_IT_MEANS[each], each.value == chosen) for each in SelfRegistration]

    def scopes(self) -> list[tuple[str, str | Promise, str | Promise, bool]]:
        """Each choice of what a code from a course opens, in the same way."""
        chosen = self["code_scope"].value()
        return [(each.value, each.label, self.WHAT_IT_OPENS[each], each.value == chosen) for each in CodeScope]


class RoleForm(forms.Form):
    """A new role. What can be taken is for accounts/roles.py to say."""

    label = forms.CharField(label=_("Name"), max_length=255, help_text=_("As people will read it, such as “Mentor”."))
    base_role_type = forms.ChoiceField(
        label=_("What kind of role it is"),
        choices=[
            (
                _("For courses: begins with what this role may do"),
                [(base.value, base.label) for base in COURSE_BASE_TYPES],
            ),
            (_("For accounts: begins with nothing"), [(BaseType.ACCOUNT_MEMBERSHIP.value, _("Admin role"))]),
        ],
    )

    def add_refusals(self, refusal: Invalid) -> None:
        """Put what the rule complains of beside the fields."""
        for field, complaints in refusal.errors.items():
            for _kind, message in complaints:
                self.add_error(field if field in self.fields else None, str(message))


class RenameRoleForm(RoleForm):
    """Another name for a role."""

    base_role_type = None  # type: ignore[assignment]
