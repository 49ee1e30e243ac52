"""People: oneself, and others as far as one may read them."""

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.response import Response

from accounts.api.bodies import Body, own_body, profile_body, user_body
from accounts.api.endpoints import ApiRequest
from accounts.domain.users import edit_user, reactivate, sign_out_everywhere, suspend
from accounts.errors import Invalid, NotAllowed
from accounts.models import User
from accounts.permissions.registry import Permission
from courses.access.accounts import check_may_change
from courses.access.profiles import known_about
from courses.api.lookups import person
from courses.domain.time_zone import default_zone

EDITABLE = ("name", "short_name", "sortable_name", "pronouns", "email", "time_zone", "locale")
# What people may change of themselves.
OWN_FIELDS = frozenset({"time_zone", "locale"})
EVENTS = {"suspend": suspend, "unsuspend": reactivate}


def show(request: ApiRequest, user_id: str) -> Body:
    """GET users/:id"""
    user, keys = _readable(request, user_id)
    return own_body(user, keys) if user == request.user else user_body(user, keys, request.include)


def profile(request: ApiRequest, user_id: str) -> Body:
    """GET users/:id/profile"""
    user, keys = _readable(request, user_id)
    return {**profile_body(user, keys), "time_zone": user.time_zone or default_zone(user).key}


def change(request: ApiRequest, user_id: str) -> Body:
    """PUT users/:id: names, e-mail, time zone and language, or `user[event]` suspend or unsuspend"""
    user = person(request, user_id)
    wanted = request.params.under("user")
    fields = {field: wanted.text(field) for field in EDITABLE if field in wanted}
    event = wanted.text("event")
    own = user == request.user and fields.keys() <= OWN_FIELDS and not event
    if not own:
        _readable(request, user_id)
        check_may_change(user, by=request.user)
    if event and event not in EVENTS:
        raise Invalid({"user.event": [("inclusion", _("Please give suspend or unsuspend."))]})
    with transaction.atomic():
        edit_user(user, by=request.user, **fields)
        if event:
            EVENTS[event](user, by=request.user)
    keys = known_about(user, by=request.user) or frozenset()
    return {
        **user_body(user, keys, ("email", *request.include)),
        "time_zone": user.time_zone or None,
        "locale": user.locale or None,
    }


def end_sessions(request: ApiRequest, user_id: str) -> Response:
    """DELETE users/:id/sessions: signs somebody out everywhere; access tokens end too, as in Canvas"""
    user = person(request, user_id)
    if user != request.user or request.user.actor:
        _readable(request, user_id)
        check_may_change(user, by=request.user)
    sign_out_everywhere(user, by=request.user)
    return Response("ok")


def _readable(request: ApiRequest, user_id: str) -> tuple[User, frozenset[Permission]]:
    user = person(request, user_id)
    keys = known_about(user, by=request.user)
    if keys is None:
        raise NotAllowed
    return user, keys
