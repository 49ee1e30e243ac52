"""The forms of pairing."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.domain.registration import OBSERVER, NewUser
from accounts.errors import Invalid, Refused
from accounts.forms.users import ZoneField, form_field
from accounts.models import Account, SelfRegistration, User
from accounts.text.fields import LONGEST
from accounts.web.pages import RuleForm
from pairing import code_text
from pairing.errors import FamilyNameWanted

CODE_ATTRIBUTES = {
    "autocomplete": "off",
    "autocapitalize": "none",
    "autocorrect": "off",
    "spellcheck": "false",
    "class": "code-input",
    # Room for spaces and dashes in a pasted code.
    "maxlength": "40",
}


class AsksForFamilyName(RuleForm):
    """A form with a code, which also asks for the student's last name once the rules do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.add_prefix("family_name") in self.data:
            self.ask_for_family_name()

    def ask_for_family_name(self) -> None:
        """Add the last name field, which the form has only while it is needed."""
        self.fields["family_name"] = forms.CharField(
            label=_("Student's last name"),
            help_text=_("As the school spells it. We ask because many wrong codes are being tried at the moment."),
            max_length=LONGEST,
            required=False,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )

    def complaints_of(self, refusal: Refused) -> list[tuple[str, str]]:
        """Return what a refusal says, by field; the family name gets its own once it is asked for."""
        if not isinstance(refusal, FamilyNameWanted):
            return super().complaints_of(refusal)
        self.ask_for_family_name()
        return [("family_name", refusal.message)]


class CodeForm(AsksForFamilyName):
    """One pairing code, typed or pasted."""

    code = forms.CharField(
        label=_("Student pairing code"),
        help_text=_("Six letters and digits. Capital and lowercase letters are different."),
        error_messages={"required": _("Enter the pairing code.")},
        max_length=40,
        widget=forms.TextInput(attrs=CODE_ATTRIBUTES),
    )

    def clean_code(self) -> str:
        return _possible(self.cleaned_data["code"])

    def complaints_of(self, refusal: Refused) -> list[tuple[str, str]]:
        """Return what a refusal says: it is about the code, or the name beside it."""
        complaints = super().complaints_of(refusal)
        return complaints if "family_name" in dict(complaints) else [("code", refusal.message)]


def _possible(typed: str) -> str:
    """Return the tidied code. Raises ValidationError naming characters no code contains, so that a slip costs no
    attempt.
    """
    text = code_text.tidy(typed)
    if text and (complaint := code_text.complaint(text)):
        raise forms.ValidationError(complaint)
    return text


class RegistrationForm(AsksForFamilyName):
    """Name, email as login, password, code and terms, under the field names of Canvas's sign-up form."""

    NAMES = {
        "name": "user[name]",
        "email": "pseudonym[unique_id]",
        "password": "pseudonym[password]",
        "code": "pairing_code[code]",
        "family_name": "pairing_code[family_name]",
        "terms": "user[terms_of_use]",
    }
    FIELDS_OF_RULES = {"login_id": "email", "terms_of_use": "terms"}

    name = form_field(User, "name", label=_("Your full name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("Email"),
        max_length=100,
        help_text=_("You will sign in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least eight characters, and not a common word."),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    code = CodeForm.base_fields["code"]
    terms = forms.BooleanField(
        label=_("I agree to the terms of use."),
        error_messages={"required": _("Accept the terms of use to create an account.")},
    )

    def __init__(self, *args: Any, root: Account, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "register_%s", **kwargs})
        # The Parent app looks for this id on the page.
        self.fields["code"].widget.attrs["id"] = "pairing_code"
        if root.self_registration == SelfRegistration.ALL:
            self.fields["code"].required = False
            self.fields["code"].help_text = _("To follow a student. Leave empty if you do not have one.")

    def add_prefix(self, field_name: str) -> str:
        return self.NAMES.get(field_name, field_name)

    def clean_code(self) -> str:
        return _possible(self.cleaned_data["code"])

    def add_refusal(self, refusal: Refused) -> None:
        """Show a refusal by a rule."""
        super().add_refusal(refusal)
        given = refusal.errors.get("login_id", []) if isinstance(refusal, Invalid) else []
        self.login_is_taken = any(kind == "taken" for kind, _message in given)

    def application(self) -> NewUser:
        """Return what the rules need, as far as it is given. A person with a code signs up as an observer."""
        given = self.cleaned_data
        return NewUser(
            name=given.get("name", ""),
            login_id=given.get("email", ""),
            password=given.get("password", ""),
            terms_of_use=given.get("terms", False),
            initial_enrollment_type=OBSERVER if given.get("code") else "",
        )


class TimeZoneForm(forms.ModelForm):
    """The reader's own time zone."""

    time_zone = ZoneField(
        required=False, help_text=_("A city, such as Berlin. Leave empty to use your school's time zone.")
    )

    class Meta:
        model = User
        fields = ("time_zone",)
