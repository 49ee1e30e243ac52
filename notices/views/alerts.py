"""What one has been told of all students: filtered, read, dismissed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.text.fields import plain_id
from accounts.web.pages import FormPage, PlainPage
from accounts.web.pagination import page_of
from courses.access.courses import list_students_followed
from notices.domain.alerts import State, alert_of, alerts_of, listed, mark, mark_all_read, opens
from notices.forms import MarkForm
from notices.models import AlertType, ObserverAlert

ON_A_PAGE = 30


class Alerts(PlainPage, FormPage):
    """What one has been told, the newest first. Buttons mark it as read, or dismiss it, which can be undone."""

    template = "notices/alerts.html"
    is_done_once = False
    dismissed: int | None = None

    def form(self, data: QueryDict | None) -> MarkForm:
        return MarkForm(data)

    def act(self, form: MarkForm) -> None:
        alert_id, state = form.cleaned_data["alert"], form.cleaned_data["state"]
        if alert_id is None:
            mark_all_read(self._chosen())
            self.done = _("Everything shown is marked as read.")
        elif mark(alert_of(self.by, alert_id), state).workflow_state == State.DISMISSED:
            self.dismissed = alert_id

    def then(self) -> str:
        query = {key: self.request.GET[key] for key in ("student", "type", "unread") if self.request.GET.get(key)}
        if self.dismissed:
            query["dismissed"] = str(self.dismissed)
        return reverse("alerts") + (f"?{urlencode(query)}" if query else "")

    def _chosen(self) -> QuerySet[ObserverAlert]:
        """Return the alerts that the filters in the address leave."""
        asked = self.request.GET
        found = listed(self.by, plain_id(asked["student"]) or 0 if asked.get("student") else None)
        if asked.get("type"):
            found = found.filter(alert_type=asked["type"])
        return found.filter(workflow_state=State.UNREAD) if asked.get("unread") else found

    def facts(self) -> dict[str, Any]:
        asked = self.request.GET
        dismissed = plain_id(asked.get("dismissed", ""))
        gone = alerts_of(self.by).filter(pk=dismissed, workflow_state=State.DISMISSED).first() if dismissed else None
        page = page_of(self._chosen(), asked.get("page"), ON_A_PAGE)
        return {
            "page": page,
            "alerts": [(alert, address_of(alert)) for alert in page.items],
            "students": list_students_followed(self.by),
            "types": AlertType.choices,
            "chosen": asked,
            "is_filtered": any(asked.get(key) for key in ("student", "type", "unread")),
            "gone": gone,
            "same": self.then(),
        }


def address_of(alert: ObserverAlert) -> str:
    """Return the address of the page that an alert is about; empty where there is none to be opened."""
    if alert.course_id is None or not opens(alert):
        return ""
    match alert.alert_type:
        case AlertType.COURSE_ANNOUNCEMENT:
            return reverse("course_announcements", args=[alert.course_id])
        case AlertType.COURSE_GRADE_HIGH | AlertType.COURSE_GRADE_LOW:
            return reverse("course_grades_of", args=[alert.course_id, alert.student_id])
        case _other:
            return reverse("course_assignment", args=[alert.course_id, alert.assignment_id])
