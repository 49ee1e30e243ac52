"""Observees and observers: whom a person observes, and who observes them."""

from __future__ import annotations

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.response import Response

from accounts.api.bodies import ADDED_TO_PEOPLE, user_body
from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.lookups import account, person
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Id, Includes, Text
from accounts.errors import Invalid
from accounts.models import ObservationLink, User
from accounts.web.refusals import statuses_of
from courses.access.observation import check_manages_links, check_reads_links_of
from courses.api.lookups import hide_existence
from courses.domain.observation import link, unlink
from courses.domain.rosters import observed_by, observers_of
from pairing.api.body_types import LinkedBody
from pairing.domain.credentials import link_with_password, link_with_token
from pairing.domain.redemption import redeem
from pairing.errors import CodeRefused, FamilyNameWanted, OnTheWebOnly

endpoint = in_group("Pairing")

INCLUDE = Includes(words=ADDED_TO_PEOPLE)
ACCESS_TOKEN = Text("access_token", "An access token of the student's.")
PAIRING_CODE = Text("pairing_code", "A pairing code of the student's. Better in the body: queries end up in logs.")
LOGIN = Text("observee[unique_id]", "The student's login.")
PASSWORD = Text("observee[password]", "The student's password.")
ROOT_ACCOUNT_ID = Id("root_account_id", "In which institution, or `all`. There is one: another is a 404.")


@endpoint(INCLUDE, *PAGING)
def index(request: ApiRequest, user_id: str) -> list[LinkedBody]:
    """List whom somebody observes."""
    observer = _whose(request, user_id)
    found = page_of(request, observed_by(observer), is_small=True)
    return [_listed(request, observer, one.student) for one in found]


@endpoint(INCLUDE, *PAGING)
def index_of_observers(request: ApiRequest, user_id: str) -> list[LinkedBody]:
    """List by whom somebody is observed."""
    student = _whose(request, user_id)
    found = page_of(request, observers_of(student), is_small=True)
    return [_listed(request, student, one.observer) for one in found]


def _whose(request: ApiRequest, user_id: str) -> User:
    """Return the person in the path: the caller, or anyone for people who manage observers."""
    user = person(request, user_id)
    with hide_existence(request, user, user_id):
        check_reads_links_of(user, by=request.user)
    return user


def _listed(request: ApiRequest, whose: User, user: User) -> LinkedBody:
    # Staff looking at a person's list may see more about its people; one's own list is for families.
    keys = request.keys if whose != request.user else frozenset()
    return {**user_body(user, keys, request.include), "observation_link_root_account_ids": [request.root_id]}


@endpoint()
def show(request: ApiRequest, user_id: str, observee_id: str) -> LinkedBody:
    """Show a student whom somebody observes."""
    return _body(request, _link_of(request, user_id, observee_id).student)


@endpoint()
def show_observer(request: ApiRequest, user_id: str, observer_id: str) -> LinkedBody:
    """Show an observer of somebody."""
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


def _body(request: ApiRequest, user: User, *, linked: bool = True) -> LinkedBody:
    return {**user_body(user), "observation_link_root_account_ids": [request.root_id] if linked else []}


def _check_institution(request: ApiRequest) -> None:
    """Raise Http404 for a `root_account_id` that is not the institution's."""
    text = request.params[ROOT_ACCOUNT_ID].strip()
    if text not in ("", "all", str(request.root_id)) and account(request, text) != request.root:
        raise Http404


@endpoint(
    *(ACCESS_TOKEN, PAIRING_CODE, LOGIN, PASSWORD, ROOT_ACCOUNT_ID),
    refusals={
        422: "The code does not work or has to be used on the web, or there is no such student.",
        429: "There were too many wrong codes or passwords.",
    },
)
def create(request: ApiRequest, user_id: str) -> LinkedBody | Response:
    """Link an observer with a student, by the student's access token, pairing code or login, in this order.

    The same code sent again by the same observer is the same success.
    """
    observer = _whose(request, user_id)
    _check_institution(request)
    given = request.params
    by, network = request.user, request.network
    try:
        if ACCESS_TOKEN in given:
            made = link_with_token(given[ACCESS_TOKEN], observer=observer, by=by, network=network)
        elif PAIRING_CODE in given:
            made = redeem(given[PAIRING_CODE], observer=observer, by=by, network=network).link
        elif LOGIN in given:
            made = link_with_password(given[LOGIN], given[PASSWORD], observer=observer, by=by, network=network)
        else:
            message = _("Send a pairing_code, an access_token, or observee[unique_id] and observee[password].")
            raise Invalid({"pairing_code": [("blank", message)]})
    except FamilyNameWanted:
        raise OnTheWebOnly(request.address(reverse("observees"))) from None
    except CodeRefused as refusal:
        # Scripts written for Canvas expect the short sentence.
        return Response({"errors": [{"message": "Invalid pairing code."}]}, statuses_of(refusal).api)
    return _body(request, made.student)


@endpoint(ROOT_ACCOUNT_ID)
def add(request: ApiRequest, user_id: str, observee_id: str) -> LinkedBody:
    """Link an observer with a student without a code; for staff who manage observers."""
    check_manages_links(request.root, by=request.user)
    _check_institution(request)
    observer, student = person(request, user_id), person(request, observee_id)
    if observer == student:
        raise Http404
    made = link(observer, student, origin=ObservationLink.Origin.API, by=request.user)
    return _body(request, made.student)


@endpoint(ROOT_ACCOUNT_ID)
def remove(request: ApiRequest, user_id: str, observee_id: str) -> LinkedBody:
    """End a link; what the school set up in single courses stays."""
    found = _link_of(request, user_id, observee_id)
    _check_institution(request)
    unlink(found, by=request.user)
    return _body(request, found.student, linked=False)
