"""People: oneself, and others as far as one may read them."""

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.api.accounts import STICKINESS
from accounts.api.bodies import ADDED_TO_RECORDS, own_body, profile_body, shown_body, user_body
from accounts.api.body_types import OwnBody, ProfileBody, ShownUserBody
from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.parameter_types import Flag, Includes, Text, Word, not_served
from accounts.domain.users import accept_terms, edit_user, reactivate, sign_out_everywhere, suspend
from accounts.errors import NotAllowed
from accounts.models import User
from accounts.permissions.registry import Permission
from courses.access.accounts import are_own_settings, check_may_change
from courses.access.profiles import known_about
from courses.api.body_types import ChangedUserBody
from courses.api.lookups import person
from courses.domain.time_zone import default_zone

endpoint = in_group("People")

EVENTS = {"suspend": suspend, "unsuspend": reactivate}
FIELDS = (
    Text("user[name]", "The full name."),
    Text("user[short_name]", "The name by which the person is called."),
    Text("user[sortable_name]", "The name by which lists are sorted, such as `Lake, Mia`."),
    Text("user[pronouns]", "The person's pronouns."),
    Text("user[email]", "The person's email address."),
    Text(
        "user[time_zone]",
        "The person's time zone, as an IANA name or as Canvas names it (`Mountain Time (US & Canada)`)."
        " Answers have the IANA name.",
    ),
    Text("user[locale]", "The person's language, such as `en` or `pt-BR`."),
)
NOT_OF_PEOPLE = (
    *not_served(gettext_noop("There are no pictures of people here."), "user[avatar]"),
    *not_served(
        gettext_noop("People have no profile here beyond their names."),
        *("user[title]", "user[bio]", "user[pronunciation]"),
    ),
    *STICKINESS,
)
TERMS_OF_USE = Flag("user[terms_of_use]", "Accept the terms of use; nobody does that for somebody else.")
EVENT = Word("user[event]", "Suspend the person, so that they cannot sign in, or undo that.", words=EVENTS)
INCLUDE = Includes(words=ADDED_TO_RECORDS)


@endpoint(INCLUDE)
def show(request: ApiRequest, user_id: str) -> OwnBody | ShownUserBody:
    """Show a person; oneself, and others for whoever may read their logins, with email, language and permissions."""
    user, keys = _readable(request, user_id)
    body_of = own_body if user == request.user else shown_body
    return body_of(user, keys, request.include)


@endpoint()
def profile(request: ApiRequest, user_id: str) -> ProfileBody:
    """Show the profile of a person, as the apps read it."""
    user, keys = _readable(request, user_id)
    return {**profile_body(user, keys), "time_zone": user.time_zone or default_zone(user).key}


@endpoint(*FIELDS, EVENT, TERMS_OF_USE, INCLUDE, *NOT_OF_PEOPLE)
def change(request: ApiRequest, user_id: str) -> ChangedUserBody:
    """Change a person; what is not given stays as it is.

    Of oneself time zone and language can be changed, and the terms of use be accepted.
    """
    user = person(request, user_id)
    fields, event, accepts = request.params.fields(*FIELDS), request.params[EVENT], request.params.sent(TERMS_OF_USE)
    if event or not are_own_settings(fields, user, by=request.user):
        _readable(request, user_id)
        check_may_change(user, by=request.user)
    with transaction.atomic():
        edit_user(user, by=request.user, **fields)
        if accepts is not None:
            accept_terms(user, accepts, by=request.user)
        if event:
            EVENTS[event](user, by=request.user)
    keys = known_about(user, by=request.user) or frozenset()
    return {
        **user_body(user, keys, ("email", *request.include)),
        "time_zone": user.time_zone or None,
        "locale": user.locale or None,
    }


@endpoint()
def end_sessions(request: ApiRequest, user_id: str) -> str:
    """Sign somebody out everywhere; their access tokens end too, as in Canvas."""
    user = person(request, user_id)
    if user != request.user or request.user.actor:
        _readable(request, user_id)
        check_may_change(user, by=request.user)
    sign_out_everywhere(user, by=request.user)
    return "ok"


def _readable(request: ApiRequest, user_id: str) -> tuple[User, frozenset[Permission]]:
    user = person(request, user_id)
    keys = known_about(user, by=request.user)
    if keys is None:
        raise NotAllowed
    return user, keys
