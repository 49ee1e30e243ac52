"""Making accounts: by staff, and by people themselves with a pairing code."""

from __future__ import annotations

from django.http import Http404
from django.urls import reverse
from rest_framework.response import Response

from accounts.api.bodies import own_body, user_body
from accounts.api.endpoints import ApiRequest, Body, public
from accounts.api.errors import by_field
from accounts.api.lookups import account
from accounts.api.parameters import Parameters
from accounts.domain.registration import NewUser
from accounts.errors import Invalid, NotAllowed
from accounts.models import User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from courses.access.profiles import OWN
from pairing.domain.sign_up import CODE, sign_up
from pairing.errors import FamilyNameWanted, NotWhileActing, OnTheWebOnly


@public
def create(request: ApiRequest, account_id: str) -> Body | Response:
    """POST accounts/:id/users"""
    home = account(request, account_id)
    caller = request.user_or_nobody
    staff = caller if caller and may_on_account(caller, Permission.MANAGE_USER_LOGINS, home) else None
    if caller and caller.actor and staff is None:
        # This would be the doing of nobody: the one acting is somebody else, and the person acted as signs up no one.
        raise NotWhileActing
    if staff is None and home != request.root:
        # People make accounts for themselves with the institution, not with a part of it.
        raise Http404
    try:
        user = sign_up(_application(request.params, staff), _code(request.params), network=request.network, by=staff)
    except NotAllowed:
        if staff:
            raise
        return Response({}, 403)
    except FamilyNameWanted:
        message = OnTheWebOnly(request.address(reverse("register"))).message
        return Response({"errors": _grouped(Invalid({CODE: [("invalid", message)]}))}, 400)
    except Invalid as refusal:
        return Response({"errors": _grouped(refusal)}, 400)
    return {**_body(user, staff), "terms_of_use": user.terms_accepted_at is not None}


def _body(user: User, staff: User | None) -> dict[str, object]:
    if staff is None:
        return own_body(user, OWN)
    return user_body(user, (Permission.READ_SIS, Permission.VIEW_USER_LOGINS), ("email",))


def _application(given: Parameters, staff: User | None) -> NewUser:
    user, pseudonym = given.under("user"), given.under("pseudonym")
    by_staff = {}
    if staff:
        by_staff = {
            "sis_user_id": pseudonym.text("sis_user_id"),
            "integration_id": pseudonym.text("integration_id"),
            "email": given.under("communication_channel").text("address"),
        }
    return NewUser(
        name=user.text("name"),
        unique_id=pseudonym.text("unique_id"),
        password=pseudonym.text("password"),
        terms_of_use=user.flag("terms_of_use"),
        initial_enrollment_type=user.text("initial_enrollment_type"),
        short_name=user.text("short_name"),
        sortable_name=user.text("sortable_name"),
        pronouns=user.text("pronouns"),
        time_zone=user.text("time_zone"),
        locale=user.text("locale"),
        **by_staff,
    )


def _code(given: Parameters) -> str:
    """`pairing_code[code]`, or a plain `pairing_code`, which some scripts send."""
    if given.is_hash("pairing_code"):
        return given.under("pairing_code").text("code")
    return given.text("pairing_code")


def _grouped(refusal: Invalid) -> dict[str, object]:
    """The complaints in the groups in which Canvas's clients look for them."""
    groups: dict[str, dict[str, object]] = {"user": {}, "pseudonym": {}, "observee": {}, "pairing_code": {}}
    for field, complaints in by_field(refusal.errors).items():
        group, _dot, name = field.rpartition(".")
        groups.setdefault(group or "user", {})[name] = complaints
    return {**groups, "recaptcha": None}
