"""Observees and observers: whom somebody observes, by whom somebody is observed."""

from __future__ import annotations

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.response import Response

from accounts.api.bodies import user_body
from accounts.api.endpoints import Body, Call, allow
from accounts.api.finding import person
from accounts.api.paging import page_of
from accounts.errors import Invalid
from accounts.models import ObservationLink, User
from courses.api.finding import secretly
from courses.observing import link, unlink
from courses.people import observed_by, observers_of
from pairing.credentials import link_with_password, link_with_token
from pairing.errors import CodeRefused, FamilyNameWanted, OnTheWebOnly
from pairing.redeeming import redeem

PERMISSION = "manage_user_observers"


def index(call: Call, user_id: str) -> Body:
    """GET users/:id/observees"""
    observer = _whose(call, user_id)
    return [_listed(call, observer, found.student) for found in page_of(call, observed_by(observer))]


def index_of_observers(call: Call, user_id: str) -> Body:
    """GET users/:id/observers"""
    student = _whose(call, user_id)
    return [_listed(call, student, found.observer) for found in page_of(call, observers_of(student))]


def _whose(call: Call, user_id: str) -> User:
    """The person of the path: the caller, or anybody for those who manage observers."""
    user = person(call, user_id)
    with secretly(call, user, user_id):
        allow(user == call.user or PERMISSION in call.keys)
    return user


def _listed(call: Call, whose: User, user: User) -> dict[str, object]:
    # Staff looking at somebody's list may see more of those on it; one's own list is for families.
    keys = call.keys if whose != call.user else frozenset()
    return {**user_body(user, keys, call.include), "observation_link_root_account_ids": [call.root_id]}


def show(call: Call, user_id: str, observee_id: str) -> Body:
    """GET users/:id/observees/:id"""
    return _body(call, _link_of(call, user_id, observee_id).student)


def show_observer(call: Call, user_id: str, observer_id: str) -> Body:
    """GET users/:id/observers/:id"""
    student = _whose(call, user_id)
    observer = person(call, observer_id)
    if not observers_of(student).filter(observer=observer).exists():
        raise Http404
    return _body(call, observer)


def _link_of(call: Call, user_id: str, observee_id: str) -> ObservationLink:
    observer = _whose(call, user_id)
    found = observed_by(observer).filter(student=person(call, observee_id)).first()
    if found is None:
        raise Http404
    return found


def _body(call: Call, user: User, *, linked: bool = True) -> dict[str, object]:
    return {**user_body(user), "observation_link_root_account_ids": [call.root_id] if linked else []}


def create(call: Call, user_id: str) -> Body | Response:
    """POST users/:id/observees: by access token, pairing code or credentials of the student, in this order"""
    observer = _whose(call, user_id)
    given = call.given
    observee = given.under("observee")
    by, network = call.user, call.network
    try:
        if "access_token" in given:
            made = link_with_token(given.text("access_token"), observer=observer, by=by, network=network)
        elif "pairing_code" in given:
            made = redeem(given.text("pairing_code"), observer=observer, by=by, network=network).link
        elif "unique_id" in observee:
            login, password = observee.text("unique_id"), observee.text("password")
            made = link_with_password(login, password, observer=observer, by=by, network=network)
        else:
            message = _("Please give a pairing_code, an access_token, or observee[unique_id] and observee[password].")
            raise Invalid({"pairing_code": [("blank", message)]})
    except FamilyNameWanted:
        raise OnTheWebOnly(call.address(reverse("observees"))) from None
    except CodeRefused as refusal:
        # Scripts written for Canvas know the short sentence.
        return Response({"errors": [{"message": "Invalid pairing code."}]}, refusal.status)
    return _body(call, made.student)


def add(call: Call, user_id: str, observee_id: str) -> Body:
    """PUT users/:id/observees/:id: a link without the student's doing, by staff only"""
    allow(PERMISSION in call.keys)
    observer, student = person(call, user_id), person(call, observee_id)
    if observer == student:
        raise Http404
    made = link(observer, student, origin=ObservationLink.Origin.API, by=call.user)
    return _body(call, made.student)


def remove(call: Call, user_id: str, observee_id: str) -> Body:
    """DELETE users/:id/observees/:id"""
    found = _link_of(call, user_id, observee_id)
    unlink(found, by=call.user)
    return _body(call, found.student, linked=False)
