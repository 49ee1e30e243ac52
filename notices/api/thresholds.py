"""What the caller wants to be told of each student they observe."""

from __future__ import annotations

from typing import cast

from django.http import Http404
from rest_framework.response import Response

from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.lookups import check_is_own, person
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Id, Text, Word
from accounts.errors import Invalid
from accounts.text.fields import plain_id
from notices.api.body_types import ThresholdBody, TypeOfAlert
from notices.domain.thresholds import change_threshold, set_threshold, threshold_of, thresholds_of, turn_off
from notices.models import AlertType, ObserverAlertThreshold

endpoint = in_group("Alerts")

STUDENT_ID = Id("student_id", "Only what is about this student.")
ALERT_TYPE = Word(
    "observer_alert_threshold[alert_type]",
    "What to be told of.",
    words=AlertType.values,
    required="Give an alert_type.",
)
USER_ID = Id(
    "observer_alert_threshold[user_id]", "About which student, whom the caller observes.", required="Give a user_id."
)
OF_NEW = Text("observer_alert_threshold[threshold]", "For the four types of grades: a whole percentage, 0 to 100.")
THRESHOLD = Text("threshold", "The new percentage, for the four types of grades.")
# Refused as Canvas refuses it, whether there is no such person or the caller does not observe them.
NO_STUDENT = {"errors": ["user_id is invalid"]}


@endpoint(STUDENT_ID, *PAGING)
def index(request: ApiRequest, user_id: str) -> list[ThresholdBody]:
    """List what the caller wants to be told of, about students they still observe."""
    student = request.params.sent(STUDENT_ID)
    check_is_own(request, user_id)
    found = thresholds_of(request.user)
    if student is not None:
        found = found.filter(student=plain_id(student.strip()) or 0)
    return [_body(one) for one in page_of(request, found, is_small=True)]


@endpoint()
def show(request: ApiRequest, user_id: str, threshold_id: str) -> ThresholdBody:
    """Show one thing that the caller wants to be told of."""
    return _body(_found(request, user_id, threshold_id))


@endpoint(ALERT_TYPE, USER_ID, OF_NEW)
def create(request: ApiRequest, user_id: str) -> ThresholdBody | Response:
    """Have the caller told of something. What they are told of already takes the new percentage, and keeps its id."""
    wanted, alert_type, typed = (request.params[each] for each in (USER_ID, ALERT_TYPE, OF_NEW))
    check_is_own(request, user_id)
    try:
        student = person(request, wanted.strip())
        return _body(set_threshold(request.user, student.pk, AlertType(alert_type), typed))
    except Http404:
        return Response(NO_STUDENT, 400)
    except Invalid as refusal:
        if "student" in refusal.errors:
            return Response(NO_STUDENT, 400)
        raise


@endpoint(THRESHOLD)
def change(request: ApiRequest, user_id: str, threshold_id: str) -> ThresholdBody:
    """Give a threshold another percentage. Of what, and about whom, stays as it is."""
    typed = request.params[THRESHOLD]
    found = _found(request, user_id, threshold_id)
    return _body(change_threshold(found, by=request.user, typed=typed))


@endpoint()
def remove(request: ApiRequest, user_id: str, threshold_id: str) -> ThresholdBody:
    """Have the caller told of it no longer."""
    return _body(turn_off(_found(request, user_id, threshold_id)))


def _found(request: ApiRequest, user_id: str, threshold_id: str) -> ObserverAlertThreshold:
    check_is_own(request, user_id)
    number = plain_id(threshold_id)
    if number is None:
        raise Http404
    return threshold_of(request.user, number)


def _body(one: ObserverAlertThreshold) -> ThresholdBody:
    return {
        "id": one.pk,
        "observer_id": one.observer_id,
        "user_id": one.student_id,
        "alert_type": cast(TypeOfAlert, one.alert_type),
        "threshold": None if one.threshold is None else str(one.threshold),
        "workflow_state": "active" if one.is_active else "deleted",
    }
