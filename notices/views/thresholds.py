"""What one is told of a student: seven settings, each saved for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.web.pages import FormPage, PlainPage
from courses.access.courses import students_followed
from notices.domain.thresholds import set_threshold, thresholds_of, turn_off
from notices.forms import ThresholdForm
from notices.models import AlertType
from notices.models.threshold import HIGH, OPPOSITES

HELP: dict[str, str | Promise] = {
    AlertType.ASSIGNMENT_MISSING: _("When the due date has passed and nothing was handed in."),
    AlertType.ASSIGNMENT_GRADE_HIGH: _("When a grade for one piece of work is released."),
    AlertType.ASSIGNMENT_GRADE_LOW: _("When a grade for one piece of work is released."),
    AlertType.COURSE_GRADE_HIGH: _("When the total of a course rises above this."),
    AlertType.COURSE_GRADE_LOW: _("When the total of a course falls below this."),
    AlertType.COURSE_ANNOUNCEMENT: _("From teachers, for the student's class."),
    AlertType.INSTITUTION_ANNOUNCEMENT: _("News of the school for all families."),
}


@dataclass(frozen=True)
class Row:
    """One setting as the page shows it: what it is of, whether it is on, and the percentages that it can have."""

    type: AlertType
    is_on: bool
    value: str
    least: int = 0
    most: int = 100
    error: str = ""

    @property
    def help(self) -> str | Promise:
        return HELP[self.type]

    @property
    def has_percentage(self) -> bool:
        return self.type in OPPOSITES


class Thresholds(PlainPage, FormPage):
    """The settings about one student. Each is a form of its own, saved as soon as it changes where scripts run."""

    template = "notices/thresholds.html"
    is_done_once = False
    done = _("%(what)s: %(how)s.")

    def enter(self, student_id: int) -> None:
        self.student: User = get_object_or_404(students_followed(self.by), pk=student_id)

    def form(self, data: QueryDict | None) -> ThresholdForm:
        return ThresholdForm(data)

    def act(self, form: ThresholdForm) -> None:
        alert_type = AlertType(form.cleaned_data["alert_type"])
        self.names["what"], self.names["how"] = alert_type.label, _("on")
        if form.cleaned_data["turn"] == "off":
            for one in thresholds_of(self.by).filter(student=self.student, alert_type=alert_type):
                turn_off(one)
            self.names["how"] = _("off")
        else:
            made = set_threshold(self.by, self.student.pk, alert_type, form.cleaned_data["threshold"])
            if made.threshold is not None:
                self.names["how"] = f"{made.threshold} %"

    def finish(self) -> HttpResponse:
        return self.show(form=self.form(None), told=self.say(self.done)) if self.request.htmx else super().finish()

    def then(self) -> str:
        return reverse("alert_thresholds", args=[self.student.pk])

    def show(self, **context: Any) -> HttpResponse:
        template = "notices/partials/thresholds.html" if self.request.htmx else self.template
        rows = _rows(self.by, self.student, context["form"])
        return render(self.request, template, {"student": self.student, "rows": rows, **context})


def _rows(observer: User, student: User, sent: ThresholdForm) -> list[Row]:
    """Return the seven settings; the one that was sent and refused as it was typed, with what is wrong with it."""
    now = {one.alert_type: one.threshold for one in thresholds_of(observer).filter(student=student)}
    refused = sent.data.get("alert_type") if sent.is_bound and not sent.is_valid() else None
    rows = []
    for each in AlertType:
        other = now.get(OPPOSITES[each]) if each in OPPOSITES else None
        rows.append(
            Row(
                type=each,
                is_on=each in now,
                value=str(sent.data.get("threshold", "") if each == refused else _shown(now.get(each))),
                least=other + 1 if other is not None and each in HIGH else 0,
                most=other - 1 if other is not None and each not in HIGH else 100,
                error=_first_error(sent) if each == refused else "",
            )
        )
    return rows


def _shown(threshold: int | None) -> str:
    return "" if threshold is None else str(threshold)


def _first_error(form: ThresholdForm) -> str:
    return next((str(error) for errors in form.errors.values() for error in errors), "")
