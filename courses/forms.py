"""The forms of courses, sections and terms, and of adding people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.domain.roles import choices_of
from accounts.errors import Invalid
from accounts.forms.users import form_field
from accounts.models import Account, Role
from accounts.permissions.registry import Permission
from accounts.web.pages import RuleForm
from courses.access.permissions import STAFF_TYPES
from courses.domain.add_people import LONGEST_LIST, MOST, Kind, entries_of
from courses.domain.terms import terms
from courses.models import Course, Section, Term

YEARS = range(1900, 2201)


class AddPeopleForm(RuleForm):
    """A pasted list, what its entries are, and as what and where to add these people."""

    people = forms.CharField(
        label=_("People"),
        help_text=_("One per line, or separated by commas. At most %(most)d at once.") % {"most": MOST},
        error_messages={"required": _("Enter the people you want to add.")},
        max_length=LONGEST_LIST,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocapitalize": "none"}),
    )
    kind = forms.ChoiceField(label=_("These are"), initial=Kind.LOGIN, widget=forms.RadioSelect)
    role = forms.ChoiceField(label=_("Role"))
    section = forms.ChoiceField(label=_("Section"), required=False)
    limited = forms.BooleanField(
        label=_("Only this section"),
        help_text=_("For teachers, TAs and designers: they only see and change people in this section."),
        required=False,
    )

    def __init__(
        self, *args: Any, kinds: Sequence[Kind], roles: Sequence[Role], sections: Sequence[Section], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._roles = {str(role.pk): role for role in roles}
        self._sections = {str(section.pk): section for section in sections}
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["role"].choices = [(str(each.role.pk), each.name) for each in choices_of(roles)]  # type: ignore[attr-defined]
        self.fields["section"].choices = [  # type: ignore[attr-defined]
            (pk, section.name) for pk, section in self._sections.items()
        ]
        self.fields["section"].required = bool(sections)

    def clean_people(self) -> list[str]:
        try:
            return entries_of(self.cleaned_data["people"])
        except Invalid as refusal:
            raise forms.ValidationError(refusal.message) from None

    @property
    def entries(self) -> list[str]:
        return self.cleaned_data["people"]

    @property
    def chosen_kind(self) -> Kind:
        return Kind(self.cleaned_data["kind"])

    @property
    def chosen_role(self) -> Role:
        return self._roles[self.cleaned_data["role"]]

    @property
    def is_limited(self) -> bool:
        """Whether those who run the course are to deal with the people of this section only."""
        return bool(self.cleaned_data["limited"]) and self.chosen_role.base_type in STAFF_TYPES

    @property
    def chosen_section(self) -> Section | None:
        """None where the course has no section yet: the default one will be made."""
        return self._sections.get(self.cleaned_data["section"])


class _Moment(forms.DateTimeField):
    """Date and time in the reader's time zone, as browsers ask for them."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"type": "datetime-local"}
        super().__init__(required=False, widget=forms.DateTimeInput(attributes, format="%Y-%m-%dT%H:%M"), **kwargs)

    def clean(self, value: Any) -> Any:
        try:
            moment = super().clean(value)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"]) from None
        if moment and moment.year not in YEARS:
            raise forms.ValidationError(self.error_messages["invalid"])
        return moment


class SectionForm(RuleForm):
    """The name and dates of a section."""

    name = form_field(Section, "name", label=_("Name"), error_messages={"required": _("Enter a name for the section.")})
    start_at = _Moment(
        label=_("Starts"),
        help_text=_("Optional. Before this date, its students and their observers cannot see the course."),
    )
    end_at = _Moment(label=_("Ends"), help_text=_("Optional. After this date, they can only read the course."))
    restrict_enrollments_to_section_dates = forms.BooleanField(
        label=_("Only these dates count"),
        help_text=_(
            "The dates of the course and the term then no longer apply to this section: it may start "
            "earlier or end later."
        ),
        required=False,
    )


class CourseForm(RuleForm):
    """What a course is called, where and when it is; `keys` are the permissions of who fills it in.

    `accounts` are those it can be moved to.
    """

    name = form_field(Course, "name", label=_("Name"))
    course_code = form_field(
        Course,
        "course_code",
        label=_("Code"),
        help_text=_("A short name, such as BIO 7. Leave empty to use the name."),
        required=False,
    )
    sis_course_id = form_field(Course, "sis_course_id", label=_("SIS ID"))
    account = forms.ModelChoiceField(label=_("Account"), queryset=Account.objects.none(), empty_label=None)
    term = forms.ModelChoiceField(label=_("Term"), queryset=Term.objects.none(), empty_label=_("None"), required=False)
    start_at = _Moment(label=_("Starts"))
    end_at = _Moment(label=_("Ends"))
    restrict_enrollments_to_course_dates = forms.BooleanField(
        label=_("Only these dates count"),
        help_text=_("The dates of the term then no longer apply to this course: it may start earlier or end later."),
        required=False,
    )

    def __init__(
        self,
        course: Course | None,
        *args: Any,
        keys: Collection[Permission],
        accounts: QuerySet[Account],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["term"].queryset = terms()  # type: ignore[attr-defined]
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]
        self.fields["start_at"].help_text = _("Before this date, students and observers cannot see the course.")
        if Permission.MANAGE_SIS not in keys:
            del self.fields["sis_course_id"]
        if course:
            self.initial = {name: getattr(course, name) for name in self.fields}


class TermForm(RuleForm):
    """A term's name and dates; `keys` are the permissions of who fills it in."""

    name = form_field(Term, "name", label=_("Name"))
    start_at = _Moment(label=_("Starts"))
    end_at = _Moment(label=_("Ends"))
    sis_term_id = form_field(Term, "sis_term_id", label=_("SIS ID"))

    def __init__(self, term: Term | None, *args: Any, keys: Collection[Permission], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if Permission.MANAGE_SIS not in keys:
            del self.fields["sis_term_id"]
        if term:
            self.initial = {name: getattr(term, name) for name in self.fields}
