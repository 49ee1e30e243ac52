"""The forms of rosters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.web.pages import RuleForm
from courses.models import Term
from sis.imports.intake import LONGEST_IDENTIFIER
from sis.imports.schedule import LONGEST_HOURS
from sis.options import Options

ZIP_BEGINS = b"PK"
DROP_STATUSES = (
    ("deleted", _("Remove them")),
    ("completed", _("Conclude them: still readable, as past enrollments")),
    ("inactive", _("Make them inactive: still listed, without access")),
)


class UploadForm(RuleForm):
    """A roster file and what to do with it; the fields are named like the options of Canvas's API."""

    attachment = forms.FileField(
        label=_("Roster file"),
        help_text=_(
            "One .csv file, or a .zip of several. The format is detected: Canvas SIS CSV, OneRoster "
            "or School Data Sync."
        ),
        error_messages={
            "required": _("Choose a file."),
            "missing": _("Choose a file."),
            "invalid": _("The file did not arrive. Choose it again."),
            "empty": _("This file is empty. Export it again."),
        },
        widget=forms.FileInput(attrs={"accept": ".csv,.zip,text/csv,application/zip", "class": "drop"}),
    )
    override_sis_stickiness = forms.BooleanField(
        label=_("Also overwrite changes made by hand"),
        help_text=_("Otherwise names, dates and accounts that someone has edited here stay as they are."),
        required=False,
    )
    skip_deletes = forms.BooleanField(
        label=_("Remove nothing"), help_text=_("Rows with the status deleted are skipped."), required=False
    )
    batch_mode = forms.BooleanField(
        label=_("This is the complete list for one term (batch mode)"),
        help_text=_(
            "Removes the term's courses, sections and enrollments that came from files and are not "
            "listed in this one, for each kind that has a file in the upload."
        ),
        required=False,
    )
    batch_mode_term_id = forms.ModelChoiceField(
        label=_("Term"), queryset=Term.objects.none(), required=False, empty_label=_("Choose a term")
    )
    batch_mode_enrollment_drop_status = forms.ChoiceField(
        label=_("Enrollments that are not listed"), choices=DROP_STATUSES, required=False
    )
    diffing_data_set_identifier = forms.CharField(
        label=_("Name of the data set"),
        help_text=_(
            "For complete files that you send regularly: use the same name each time, and only the "
            "differences from the previous file are applied; records no longer listed are removed. "
            "Leave empty for a single file."
        ),
        max_length=LONGEST_IDENTIFIER,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    diffing_remaster_data_set = forms.BooleanField(
        label=_("Do not compare this time"),
        help_text=_("All rows are applied, and the next file is compared with this one."),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        terms = Term.objects.filter(workflow_state=Term.State.ACTIVE)
        term: Any = self.fields["batch_mode_term_id"]
        term.queryset = terms.order_by(F("start_at").desc(nulls_last=True), "sort_key", "id")

    def clean_attachment(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["attachment"]
        ending = Path(upload.name or "").suffix.lower()
        begins = upload.read(len(ZIP_BEGINS))
        upload.seek(0)
        if ending not in (".csv", ".zip"):
            raise forms.ValidationError(_("Choose a file whose name ends in .csv or .zip."))
        if ending == ".zip" and begins != ZIP_BEGINS:
            raise forms.ValidationError(_("This is not a zip archive, despite its name. Create it again."))
        if ending == ".csv" and begins == ZIP_BEGINS:
            raise forms.ValidationError(
                _("This is a spreadsheet or an archive, despite its name. In your spreadsheet, save it as “CSV UTF-8”.")
            )
        return upload

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("batch_mode") and not cleaned.get("batch_mode_term_id"):
            self.add_error_once("batch_mode_term_id", _("Choose the term that the file lists completely."))
        if cleaned.get("batch_mode") and cleaned.get("diffing_data_set_identifier"):
            message = _("Data sets are not compared in batch mode. Choose one of the two.")
            self.add_error_once("diffing_data_set_identifier", message)
        return cleaned

    def add_error_once(self, field: str, message: Any) -> None:
        """Add an error unless the field has one: one complaint about a field is enough."""
        if field not in self.errors:
            self.add_error(field, message)

    def options(self, *, dry_run: bool) -> Options:
        """Return what is asked for. Only after `is_valid`."""
        given = self.cleaned_data
        batch = given["batch_mode"]
        term = given["batch_mode_term_id"]
        return Options(
            dry_run=dry_run,
            override_sis_stickiness=given["override_sis_stickiness"],
            skip_deletes=given["skip_deletes"],
            batch_mode=batch,
            batch_mode_term_id=term.pk if batch and term else None,
            batch_mode_enrollment_drop_status=given["batch_mode_enrollment_drop_status"] or "deleted",
            diffing_data_set_identifier=given["diffing_data_set_identifier"],
            diffing_remaster_data_set=given["diffing_remaster_data_set"],
        )

    @property
    def option_fields(self) -> list[forms.BoundField]:
        """The fields behind the disclosure."""
        return [field for field in self if field.name != "attachment"]

    @property
    def opens_options(self) -> bool:
        """Whether an option is set or wrong, so that the disclosure had better be open."""
        return any(
            field.errors or (self.is_bound and field.value() not in (None, "", False, "deleted"))
            for field in self.option_fields
        )


class BrakeForm(forms.Form):
    """How much one import may remove."""

    share = forms.IntegerField(
        label=_("Percent"),
        min_value=0,
        max_value=100,
        error_messages={
            "required": _("Enter a percentage from 0 to 100."),
            "invalid": _("Enter a percentage from 0 to 100."),
            "min_value": _("Enter a percentage from 0 to 100."),
            "max_value": _("Enter a percentage from 0 to 100."),
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class ScheduleForm(RuleForm):
    """When the next upload of a source is expected."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=255)
    expected_hours = forms.IntegerField(
        label=_("Hours until the next"),
        help_text=_("Empty: learnt from earlier uploads. 0: none is expected."),
        required=False,
        min_value=0,
        max_value=LONGEST_HOURS,
        error_messages={"invalid": _("Enter a whole number of hours, or leave it empty.")},
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class TakeBackForm(RuleForm):
    """How much of an import to take back."""

    ALL, UNDELETE, UNCONCLUDE = "all", "undelete_only", "unconclude_only"
    what = forms.ChoiceField(
        label=_("What to undo"),
        choices=(
            (ALL, _("Everything: remove what it created, restore what it removed or ended")),
            (UNDELETE, _("Only restore what it removed")),
            (UNCONCLUDE, _("Only reopen what it concluded")),
        ),
        initial=ALL,
        widget=forms.RadioSelect,
    )
