"""The forms of courses and terms."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.forms import RuleForm
from accounts.models import Account
from courses.models import Course, Term
from courses.terms import terms

FORMAT = "%Y-%m-%dT%H:%M"


def _moment(label: Any) -> forms.DateTimeField:
    """A day and a time in the reader's zone, by the browser's own picker."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=FORMAT)
    return forms.DateTimeField(label=label, widget=widget, required=False)


class CourseForm(RuleForm):
    """What a course is called, where and when it is; `keys` are the permissions of who fills it in.

    `accounts` are those it can be moved to.
    """

    FIELDS_OF_RULES = {
        "course.name": "name",
        "course.course_code": "course_code",
        "course.sis_course_id": "sis_course_id",
        "course.start_at": "start_at",
        "course.end_at": "end_at",
        "account_id": "account",
    }

    name = forms.CharField(label=_("Name"), max_length=255)
    course_code = forms.CharField(
        label=_("Code"), help_text=_("A short name, such as BIO 7. Empty: the name."), max_length=255, required=False
    )
    sis_course_id = forms.CharField(label=_("SIS ID"), max_length=255, required=False)
    account = forms.ModelChoiceField(label=_("Account"), queryset=Account.objects.none(), empty_label=None)
    term = forms.ModelChoiceField(label=_("Term"), queryset=Term.objects.none(), empty_label=_("None"), required=False)
    start_at = _moment(_("Starts"))
    end_at = _moment(_("Ends"))

    def __init__(
        self,
        course: Course | None,
        *args: Any,
        keys: Collection[str],
        accounts: QuerySet[Account],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["term"].queryset = terms()  # type: ignore[attr-defined]
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]
        self.fields["start_at"].help_text = _("Before that, students and observers do not see the course.")
        if "manage_sis" not in keys:
            del self.fields["sis_course_id"]
        if course:
            self.initial = {name: getattr(course, name) for name in self.fields}


class TermForm(RuleForm):
    """A term's name and dates; `keys` are the permissions of who fills it in."""

    FIELDS_OF_RULES = {
        "enrollment_term.name": "name",
        "enrollment_term.sis_term_id": "sis_term_id",
        "enrollment_term.end_at": "end_at",
    }

    name = forms.CharField(label=_("Name"), max_length=255)
    start_at = _moment(_("Starts"))
    end_at = _moment(_("Ends"))
    sis_term_id = forms.CharField(label=_("SIS ID"), max_length=255, required=False)

    def __init__(self, term: Term | None, *args: Any, keys: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "manage_sis" not in keys:
            del self.fields["sis_term_id"]
        if term:
            self.initial = {name: getattr(term, name) for name in self.fields}
