"""Observees and observers: whom somebody observes, by whom somebody is observed."""

from __future__ import annotations

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.response import Response

from accounts.api.bodies import user_body
from accounts.api.endpoints import ApiRequest, Body, allow
from accounts.api.lookups import person
from accounts.api.pagination import page_of
from accounts.errors import Invalid
from accounts.models import ObservationLink, User
from accounts.permissions.registry import Permission
from courses.api.lookups import hide_existence
from courses.domain.observation import link, unlink
from courses.domain.rosters import observed_by, observers_of
from pairing.domain.credentials import link_with_password, link_with_token
from pairing.domain.redemption import redeem
from pairing.errors import CodeRefused, FamilyNameWanted, OnTheWebOnly

PERMISSION = Permission.MANAGE_USER_OBSERVERS


def index(request: ApiRequest, user_id: str) -> Body:
    """GET users/:id/observees"""
    observer = _whose(request, user_id)
    return [_listed(request, observer, found.student) for found in page_of(request, observed_by(observer))]


def index_of_observers(request: ApiRequest, user_id: str) -> Body:
    """GET users/:id/observers"""
    student = _whose(request, user_id)
    return [_listed(request, student, found.observer) for found in page_of(request, observers_of(student))]


def _whose(request: ApiRequest, user_id: str) -> User:
    """The person of the path: the caller, or anybody for those who manage observers."""
    user = person(request, user_id)
    with hide_existence(request, user, user_id):
        allow(user == request.user or PERMISSION in request.keys)
    return user


def _listed(request: ApiRequest, whose: User, user: User) -> dict[str, object]:
    # Staff looking at somebody's list may see more of those on it; one's own list is for families.
    keys = request.keys if whose != request.user else frozenset()
    return {**user_body(user, keys, request.include), "observation_link_root_account_ids": [request.root_id]}


def show(request: ApiRequest, user_id: str, observee_id: str) -> Body:
    """GET users/:id/observees/:id"""
    return _body(request, _link_of(request, user_id, observee_id).student)


def show_observer(request: ApiRequest, user_id: str, observer_id: str) -> Body:
    """GET users/:id/observers/:id"""
    student = _whose(request, user_id)
    observer = person(request, observer_id)
    if not observers_of(student).filter(observer=observer).exists():
        raise Http404
    return _body(request, observer)


def _link_of(request: ApiRequest, user_id: str, observee_id: str) -> ObservationLink:
    observer = _whose(request, user_id)
    found = observed_by(observer).filter(student=person(request, observee_id)).first()
    if found is None:
        raise Http404
    return found


def _body(request: ApiRequest, user: User, *, linked: bool = True) -> dict[str, object]:
    return {**user_body(user), "observation_link_root_account_ids": [request.root_id] if linked else []}


def create(request: ApiRequest, user_id: str) -> Body | Response:
    """POST users/:id/observees: by access token, pairing code or credentials of the student, in this order"""
    observer = _whose(request, user_id)
    given = request.params
    observee = given.under("observee")
    by, network = request.user, request.network
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
        raise OnTheWebOnly(request.address(reverse("observees"))) from None
    except CodeRefused as refusal:
        # Scripts written for Canvas know the short sentence.
        return Response({"errors": [{"message": "Invalid pairing code."}]}, refusal.status)
    return _body(request, made.student)


def add(request: ApiRequest, user_id: str, observee_id: str) -> Body:
    """PUT users/:id/observees/:id: a link without the student's doing, by staff only"""
    allow(PERMISSION in request.keys)
    observer, student = person(request, user_id), person(request, observee_id)
    if observer == student:
        raise Http404
    made = link(observer, student, origin=ObservationLink.Origin.API, by=request.user)
    return _body(request, made.student)


def remove(request: ApiRequest, user_id: str, observee_id: str) -> Body:
    """DELETE users/:id/observees/:id"""
    found = _link_of(request, user_id, observee_id)
    unlink(found, by=request.user)
    return _body(request, found.student, linked=False)
