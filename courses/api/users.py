"""People: oneself, and others as far as one may read them."""

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.response import Response

from accounts.api.bodies import Body, own_body, profile_body, user_body
from accounts.api.endpoints import Call
from accounts.editing import edit_user, reactivate, sign_out_everywhere, suspend
from accounts.errors import Invalid, NotAllowed
from accounts.models import User
from courses.api.finding import person
from courses.knowing import known_about
from courses.local_time import default_zone
from courses.reaching import check_may_change

EDITABLE = ("name", "short_name", "sortable_name", "pronouns", "email", "time_zone", "locale")
# What people may change of themselves.
OWN_FIELDS = frozenset({"time_zone", "locale"})
EVENTS = {"suspend": suspend, "unsuspend": reactivate}


def show(call: Call, user_id: str) -> Body:
    """GET users/:id"""
    user, keys = _readable(call, user_id)
    return own_body(user, keys) if user == call.user else user_body(user, keys, call.include)


def profile(call: Call, user_id: str) -> Body:
    """GET users/:id/profile"""
    user, keys = _readable(call, user_id)
    return {**profile_body(user, keys), "time_zone": user.time_zone or default_zone(user).key}


def change(call: Call, user_id: str) -> Body:
    """PUT users/:id: names, e-mail, time zone and language, or `user[event]` suspend or unsuspend"""
    user = person(call, user_id)
    wanted = call.given.under("user")
    fields = {field: wanted.text(field) for field in EDITABLE if field in wanted}
    event = wanted.text("event")
    own = user == call.user and fields.keys() <= OWN_FIELDS and not event
    if not own:
        _readable(call, user_id)
        check_may_change(user, by=call.user)
    if event and event not in EVENTS:
        raise Invalid({"user.event": [("inclusion", _("Please give suspend or unsuspend."))]})
    with transaction.atomic():
        edit_user(user, by=call.user, **fields)
        if event:
            EVENTS[event](user, by=call.user)
    keys = known_about(user, by=call.user) or frozenset()
    return {
        **user_body(user, keys, ("email", *call.include)),
        "time_zone": user.time_zone or None,
        "locale": user.locale or None,
    }


def end_sessions(call: Call, user_id: str) -> Response:
    """DELETE users/:id/sessions: signs somebody out everywhere; access tokens end too, as in Canvas"""
    user = person(call, user_id)
    if user != call.user or call.user.actor:
        _readable(call, user_id)
        check_may_change(user, by=call.user)
    sign_out_everywhere(user, by=call.user)
    return Response("ok")


def _readable(call: Call, user_id: str) -> tuple[User, frozenset[str]]:
    user = person(call, user_id)
    keys = known_about(user, by=call.user)
    if keys is None:
        raise NotAllowed
    return user, keys
