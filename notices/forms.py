"""The forms of alerts."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from accounts.text.fields import BIGGEST
from accounts.web.pages import RuleForm
from notices.domain.alerts import State
from notices.models import AlertType


class ThresholdForm(RuleForm):
    """One row of what an observer is told of: turned off, or on, with a percentage where it has one."""

    alert_type = forms.ChoiceField(choices=AlertType.choices, widget=forms.HiddenInput)
    threshold = forms.CharField(required=False, max_length=10)
    turn = forms.ChoiceField(choices=[("on", "on"), ("off", "off")], required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None) -> None:
        super().__init__(data)
        if data and data.get("alert_type") in AlertType.values:
            # Seven rows have such a field on the page: what is wrong is said of the one that was sent.
            row = AlertType(str(data["alert_type"]))
            self.fields["threshold"].label, self.fields["threshold"].widget.attrs["id"] = row.label, row.value


class MarkForm(RuleForm):
    """What becomes of one alert, or, without its id, that all shown are read."""

    alert = forms.IntegerField(required=False, min_value=1, max_value=BIGGEST, widget=forms.HiddenInput)
    state = forms.ChoiceField(choices=[(State.READ, "read"), (State.DISMISSED, "dismissed")], widget=forms.HiddenInput)
