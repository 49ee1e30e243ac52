"""The forms of accounts, their fields as long and as required as those of the models they are for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from django import forms
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.domain.roles import choices_of
from accounts.domain.time_zones import zone_complaint, zone_meant
from accounts.models import COURSE_BASE_TYPES, Account, BaseType, CodeScope, Role, SelfRegistration, User
from accounts.permissions.registry import Permission
from accounts.text.names import tidied
from accounts.web.pages import RuleForm


def form_field(model: type[Model], name: str, **wanted: Any) -> forms.Field:
    """Return a form's field for this field of a model; `wanted` as for any field. An empty text stays an empty text."""
    made = model._meta.get_field(name).formfield(**{"empty_value": "", **wanted})  # type: ignore[union-attr]
    return cast(forms.Field, made)


def max_length_of(model: type[Model], name: str) -> int:
    """Return how long the texts of this field of a model may be."""
    return cast(int, model._meta.get_field(name).max_length)  # type: ignore[union-attr]


class ZoneField(forms.CharField):
    """A time zone by any of its names. The page offers all of them once the person begins to type: see `time_zones`."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off", "spellcheck": "false"})
        super().__init__(
            **{"label": _("Time zone"), "max_length": max_length_of(User, "time_zone"), "widget": widget, **kwargs}
        )

    def clean(self, value: Any) -> str:
        text = tidied(super().clean(value))
        if text and (complaint := zone_complaint(text)):
            raise forms.ValidationError(complaint)
        return zone_meant(text) or ""


class PairingForm(forms.Form):
    """Who may create an account for themselves, and so whether pairing is on; and what codes from courses open."""

    WHAT_IT_MEANS = {
        SelfRegistration.NONE: _("Pairing is off: nobody can create or use codes."),
        SelfRegistration.OBSERVER: _(
            "Pairing is on. Parents and guardians create their own account with a student's code."
        ),
        SelfRegistration.ALL: _("Pairing is on, and anyone can create an account, with or without a pairing code."),
    }

    WHAT_IT_OPENS = {
        CodeScope.ALL: _("Every code opens all of the student's courses, now and in later terms."),
        CodeScope.COURSE: _(
            "A code created or exported in a course opens that course. Codes that students create "
            "themselves open all of their courses."
        ),
    }

    self_registration = forms.ChoiceField(label=_("Self registration"), choices=SelfRegistration.choices)
    code_scope = forms.ChoiceField(label=_("What a code opens"), choices=CodeScope.choices, required=False)

    def choices(self) -> list[tuple[str, str | Promise, str | Promise, bool]]:
        """Return each choice of who may sign up as value, label, what it means, and whether it is chosen."""
        chosen = self["self_registration"].value()
        return [(each.value, each.label, self.WHAT_IT_MEANS[each], each.value == chosen) for each in SelfRegistration]

    def scopes(self) -> list[tuple[str, str | Promise, str | Promise, bool]]:
        """Return each choice of what a code from a course opens, in the same way."""
        chosen = self["code_scope"].value()
        return [(each.value, each.label, self.WHAT_IT_OPENS[each], each.value == chosen) for each in CodeScope]


class RoleForm(RuleForm):
    """A new role. accounts/domain/roles.py decides what is valid."""

    FIELDS_OF_RULES = {"base_type": "base_role_type"}

    label = form_field(Role, "label", label=_("Name"), help_text=_("As people will see it, such as “Mentor”."))
    base_role_type = forms.ChoiceField(
        label=_("Kind of role"),
        choices=[
            (
                _("For courses: starts with this role's permissions"),
                [(base.value, base.label) for base in COURSE_BASE_TYPES],
            ),
            (_("For accounts: starts with no permissions"), [(BaseType.ACCOUNT_MEMBERSHIP.value, _("Admin role"))]),
        ],
    )


class RenameRoleForm(RoleForm):
    """Another name for a role."""

    base_role_type = None  # type: ignore[assignment]


class PersonForm(RuleForm):
    """A person's name, login and email; `keys` are the permissions of the person who fills it in."""

    name = form_field(User, "name", label=_("Full name"))
    short_name = form_field(
        User,
        "short_name",
        label=_("Display name"),
        help_text=_("The name this person goes by. Leave empty to use the full name."),
        required=False,
    )
    sortable_name = form_field(
        User,
        "sortable_name",
        label=_("Sortable name"),
        help_text=_("As in a class list: “Lake, Mia”. Leave empty to derive it from the full name."),
        required=False,
    )
    pronouns = form_field(
        User, "pronouns", label=_("Pronouns"), help_text=_("Shown next to the name, such as “she/her”.")
    )
    login_id = forms.CharField(
        label=_("Login"), help_text=_("What the person enters to sign in. Often the email address."), max_length=100
    )
    email = forms.EmailField(label=_("Email"), max_length=254, required=False)
    sis_user_id = form_field(User, "sis_user_id", label=_("SIS ID"))
    time_zone = ZoneField(
        required=False, help_text=_("A city, such as Berlin. Leave empty to use the school's time zone.")
    )

    def __init__(self, *args: Any, keys: Collection[Permission], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"
        if Permission.MANAGE_SIS not in keys:
            del self.fields["sis_user_id"]

    def given(self) -> dict[str, str]:
        """Return what a valid form changes, by the names of the person's fields; untouched fields stay as they are."""
        return {field: text for field, text in self.cleaned_data.items() if field in self.changed_data}


class NewPersonForm(PersonForm):
    """The form for a new account, which must have a login."""

    short_name = sortable_name = pronouns = time_zone = None  # type: ignore[assignment]


class EditPersonForm(PersonForm):
    """The form for an existing account; people who may not see the login and email do not change them either."""

    def __init__(self, person: User, *args: Any, keys: Collection[Permission], **kwargs: Any) -> None:
        super().__init__(*args, keys=keys, **kwargs)
        if Permission.VIEW_USER_LOGINS not in keys:
            del self.fields["login_id"], self.fields["email"]
        self.initial = {name: getattr(person, name) or "" for name in self.fields}


class AccountForm(RuleForm):
    """An account's name, SIS id and time zone; `keys` are the permissions of the person who fills it in."""

    name = form_field(Account, "name", label=_("Name"))
    links_office = form_field(
        Account,
        "links_office",
        label=_("Contact for wrong observers"),
        help_text=_(
            "A name, an office or an email address. Students see it next to the list of their "
            "observers. Leave empty to use the contact of the account above."
        ),
        required=False,
    )
    sis_account_id = form_field(Account, "sis_account_id", label=_("SIS ID"))
    default_time_zone = ZoneField(
        required=False,
        help_text=_("For everyone here who has not chosen another. Leave empty to keep the current one."),
    )

    def __init__(self, account: Account | None, *args: Any, keys: Collection[Permission], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if Permission.MANAGE_SIS not in keys:
            del self.fields["sis_account_id"]
        if account:
            self.initial = {name: getattr(account, name) or "" for name in self.fields}


class AdminForm(RuleForm):
    """The role to give."""

    role = forms.ModelChoiceField(label=_("Role"), queryset=Role.objects.none(), empty_label=None)

    def __init__(self, roles: Collection[Role], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.ModelChoiceField = self.fields["role"]  # type: ignore[assignment]
        field.queryset = Role.objects.filter(pk__in=[role.pk for role in roles]).order_by("id")
        names = {each.role.pk: each.name for each in choices_of(roles)}
        field.label_from_instance = lambda obj: names[obj.pk]  # type: ignore[method-assign]
