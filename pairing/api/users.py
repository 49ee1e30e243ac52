"""People's accounts: created by staff, or by people themselves with a pairing code; deleted by staff."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework.response import Response

from accounts.api.bodies import own_body, user_body
from accounts.api.body_types import UserBody
from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.errors import by_field
from accounts.api.lookups import account, person
from accounts.api.parameter_types import Flag, Given, Text, TextBesideHash, Word, not_served
from accounts.domain.registration import NewUser
from accounts.errors import Invalid, NotAllowed
from accounts.models import User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from courses.access.accounts import check_may_change
from courses.access.profiles import OWN, known_about
from courses.api.lookups import check_belongs, hide_existence
from pairing.api.body_types import NewUserBody
from pairing.domain.account_deletion import delete_user
from pairing.domain.sign_up import CODE, sign_up
from pairing.errors import FamilyNameWanted, NotWhileActing, OnTheWebOnly

# As what somebody can come, in Canvas's words.
COMING_AS = ("observer", "student", "teacher", "ta")
# What people say of themselves, by the names of NewUser's fields.
FIELDS = (
    Text("user[name]", "The full name."),
    Text("user[short_name]", "The name by which the person is called."),
    Text("user[sortable_name]", "The name by which lists are sorted."),
    Text("user[pronouns]", "The person's pronouns."),
    Text("user[time_zone]", "The person's time zone."),
    Text("user[locale]", "The person's language."),
    Flag("user[terms_of_use]", "Whether the person agrees to the terms of use."),
    Word("user[initial_enrollment_type]", "As what the person comes, such as `observer`.", words=COMING_AS),
    Text("pseudonym[unique_id]", "What the person signs in with: of observers their email address.", field="login_id"),
    Text("pseudonym[password]", "The password."),
)
FIELDS_OF_STAFF = (
    Text("pseudonym[sis_user_id]", "The school's own id of the person; for staff only."),
    Text("pseudonym[integration_id]", "Another id of the school's; likewise."),
    Text(
        "communication_channel[address]",
        "The person's email address. People who sign up themselves have that which they sign in with.",
        field="email",
    ),
)
CODE_IN_HASH = Text("pairing_code[code]", "The pairing code of a student, when observers create an account.")
PLAIN_CODE = TextBesideHash("pairing_code", "The same, as some scripts send it.")
COMES_AS = Word(
    "initial_enrollment_type", "The same as `user[initial_enrollment_type]`, where that is missing.", words=COMING_AS
)
EITHER = ("true", "false")
NOT_OF_NEW_USERS = (
    *not_served(
        gettext_noop("No mail is sent. The person can choose a password with “Forgot your password?”."),
        *("pseudonym[send_confirmation]", "pseudonym[force_self_registration]"),
        *("communication_channel[confirmation_url]",),
        fits=("false",),
    ),
    *not_served(
        gettext_noop("Accounts need no confirmation."),
        *("user[skip_registration]", "communication_channel[skip_confirmation]"),
        fits=EITHER,
    ),
    *not_served(gettext_noop("Everything is always checked."), "force_validations", fits=EITHER),
    *not_served(gettext_noop("There are email addresses only."), "communication_channel[type]", fits=("email",)),
    *not_served(
        gettext_noop("There is one way to sign in."), "pseudonym[authentication_provider_id]", fits=("canvas", "1")
    ),
    *not_served(gettext_noop("Deleted people do not come back."), "enable_sis_reactivation", fits=("false",)),
    *not_served(gettext_noop("Nobody is signed in by an address."), "destination"),
)


@in_group("People")(
    *(*FIELDS, *FIELDS_OF_STAFF, COMES_AS, CODE_IN_HASH, PLAIN_CODE, *NOT_OF_NEW_USERS),
    public=True,
    refusals={429: "There were too many wrong codes."},
)
def create(request: ApiRequest, account_id: str) -> NewUserBody | Response:
    """Create an account for somebody, as staff; or, without a token, for oneself.

    For oneself it takes what self registration asks for: for observers a pairing code. What is wrong is listed by
    field. The same sign-up sent again within an hour is answered as the first time.
    """
    home = account(request, account_id)
    caller = request.user_or_nobody
    staff = caller if caller and may_on_account(caller, Permission.MANAGE_USER_LOGINS, home) else None
    if caller and caller.actor and staff is None:
        # Nobody could be named as responsible: the acting person is someone else, and the other signs up nobody.
        raise NotWhileActing
    if staff is None and home != request.root:
        # People sign up with the institution, not with a part of it.
        raise Http404
    try:
        user = sign_up(_new_user(request.params, staff), _code(request.params), network=request.network, by=staff)
    except NotAllowed:
        if staff:
            raise
        return Response({}, 403)
    except FamilyNameWanted:
        message = OnTheWebOnly(request.address(reverse("register"))).message
        return Response(_refusal(Invalid({CODE: [("invalid", message)]}, of="user")), 400)
    except Invalid as refusal:
        return Response(_refusal(refusal), 400)
    agreed = user.terms_accepted_at is not None
    if staff is None:
        return {**own_body(user, OWN), "terms_of_use": agreed}
    return {**user_body(user, (Permission.READ_SIS, Permission.VIEW_USER_LOGINS), ("email",)), "terms_of_use": agreed}


def _new_user(given: Given, staff: User | None) -> NewUser:
    """Return who is to be created. Raises Invalid where people who sign up themselves say what only staff can."""
    values = given.values(*FIELDS, *FIELDS_OF_STAFF)
    if staff is None:
        _leave_out_what_staff_say(values)
    values["initial_enrollment_type"] = values["initial_enrollment_type"] or given[COMES_AS]
    return NewUser(**values)


def _leave_out_what_staff_say(values: dict[str, Any]) -> None:
    own = {"email": values["login_id"]}
    said = {field: values.pop(field).strip() for field in (parameter.kept_as for parameter in FIELDS_OF_STAFF)}
    wrong = [field for field, text in said.items() if text and text.lower() != own.get(field, "").strip().lower()]
    if wrong:
        raise Invalid(
            {field: [("invalid", _("Only the school can set this. Leave it out."))] for field in wrong}, of="user"
        )


def _code(given: Given) -> str:
    """Return `pairing_code[code]`, or a plain `pairing_code`, which some scripts send."""
    return given[CODE_IN_HASH] or given[PLAIN_CODE]


def _refusal(refusal: Invalid) -> dict[str, object]:
    return {"message": refusal.message, "errors": _grouped(refusal)}


def _grouped(refusal: Invalid) -> dict[str, object]:
    """Return the errors in the groups in which Canvas's clients look for them."""
    groups: dict[str, dict[str, object]] = {"user": {}, "pseudonym": {}, "observee": {}, "pairing_code": {}}
    for field, complaints in by_field(refusal).items():
        group, _dot, name = field.rpartition(".")
        groups.setdefault(group or "user", {})[name] = complaints
    return {**groups, "recaptcha": None}


@in_group("People")()
def remove(request: ApiRequest, account_id: str, user_id: str) -> UserBody:
    """Delete a person's account with all that follows: links, codes, enrollments and tokens."""
    home, user = account(request, account_id), person(request, user_id)
    with hide_existence(request, user, user_id):
        check_may_change(user, by=request.user)
    check_belongs(request, home, user)
    body = user_body(user, known_about(user, by=request.user) or frozenset())
    delete_user(user, by=request.user)
    return body
