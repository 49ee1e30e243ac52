"""How the API answers what is refused: one body for each kind, with the fields as Canvas names them."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from rest_framework.exceptions import (
    AuthenticationFailed,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    ParseError,
    UnsupportedMediaType,
)
from rest_framework.exceptions import PermissionDenied as DeniedByFramework

from accounts.api.authentication import REALM, BearerAuthentication
from accounts.api.endpoints import Operation, TooLarge, allow, check_size
from accounts.api.errors import NAMES, InvalidActing, by_field, error_body, handle, name_of
from accounts.api.lookups import account, person
from accounts.api.renderers import CanvasEncoder, with_string_ids
from accounts.errors import DoneAlready, Invalid, NotAllowed, NotPossible, NotThere, TooManyTries
from accounts.models import Account, User
from tests.api import Api
from tests.factories import AccountFactory, UserFactory, make_admin

UNREADABLE = [{"message": "This request cannot be read."}]
NOT_THERE = [{"message": "The specified resource does not exist."}]
NOT_AUTHORIZED = [{"message": "user not authorized to perform that action"}]


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (NotAllowed("Ask an admin."), 403, {"status": "unauthorized", "errors": [{"message": "Ask an admin."}]}),
        (NotAllowed(), 403, {"status": "unauthorized", "errors": NOT_AUTHORIZED}),
        (PermissionDenied("why"), 403, {"status": "unauthorized", "errors": NOT_AUTHORIZED}),
        (DeniedByFramework(), 403, {"status": "unauthorized", "errors": NOT_AUTHORIZED}),
        (NotThere("Gone."), 404, {"errors": [{"message": "Gone."}]}),
        (NotPossible("Not now."), 422, {"message": "Not now.", "errors": [{"message": "Not now."}]}),
        (DoneAlready("Done."), 409, {"message": "Done.", "errors": [{"message": "Done."}]}),
        (Http404("secret"), 404, {"errors": NOT_THERE}),
        (NotFound(), 404, {"errors": NOT_THERE}),
        (SuspiciousOperation("secret"), 400, {"errors": UNREADABLE}),
        (RequestDataTooBig("secret"), 400, {"errors": UNREADABLE}),
        (UnreadablePostError("secret"), 400, {"errors": UNREADABLE}),
        (InvalidActing(), 401, {"errors": "Invalid as_user_id"}),
        (AuthenticationFailed(), 401, {"errors": [{"message": "Invalid access token."}]}),
        (
            NotAuthenticated(),
            401,
            {"status": "unauthenticated", "errors": [{"message": "user authorization required"}]},
        ),
        (TooLarge(), 413, {"errors": [{"message": "This request is too large."}]}),
        (ParseError("bad JSON"), 400, {"errors": [{"message": "bad JSON"}]}),
        (MethodNotAllowed("PUT"), 405, {"errors": [{"message": 'Method "PUT" not allowed.'}]}),
        (
            UnsupportedMediaType("x/y"),
            415,
            {"errors": [{"message": 'Unsupported media type "x/y" in request.'}]},
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_error_has_its_status_and_a_body_that_canvas_clients_read(error, status, body):
    answer = handle(error, {})
    assert answer is not None
    assert (answer.status_code, answer.data) == (status, body)


def test_a_fault_of_ours_is_answered_by_nobody_here():
    assert handle(ZeroDivisionError(), {}) is None


@pytest.mark.parametrize(
    ("error", "realm"),
    [(NotAuthenticated(), REALM), (AuthenticationFailed(), REALM), (InvalidActing(), None), (NotAllowed(), None)],
)
def test_only_a_missing_or_bad_token_asks_for_another_so_that_apps_do_not_sign_their_person_out(error, realm):
    answer = handle(error, {})
    assert answer is not None
    assert answer.headers.get("WWW-Authenticate") == realm


def test_too_many_tries_say_when_to_come_again_as_canvas_clients_read_it():
    answer = handle(TooManyTries(30), {})
    assert answer is not None
    assert (answer.status_code, answer.headers["Retry-After"], answer.headers["X-Rate-Limit-Remaining"]) == (
        429,
        "30",
        "0.0",
    )
    sentence = "Too many failed attempts. Please try again in 30 seconds."
    assert answer.data == {"message": sentence, **error_body(sentence)}


def test_what_cannot_be_taken_is_told_by_field_with_every_complaint():
    refusal = Invalid(
        {"name": [("blank", "Enter a name.")], "login_id": [("taken", "Taken."), ("invalid", "Odd.")]}, of="user"
    )
    answer = handle(refusal, {})
    assert answer is not None
    assert answer.status_code == 400
    assert answer.data == {"message": "Enter a name.", "errors": by_field(refusal)}
    assert by_field(refusal) == {
        "user.name": [{"attribute": "name", "type": "blank", "message": "Enter a name."}],
        "pseudonym.unique_id": [
            {"attribute": "unique_id", "type": "taken", "message": "Taken."},
            {"attribute": "unique_id", "type": "invalid", "message": "Odd."},
        ],
    }


@pytest.mark.parametrize(
    ("field", "of", "name"),
    [
        ("name", "", "name"),
        ("name", "account", "account.name"),
        ("account", "account", "account_id"),
        ("user", "admin", "user_id"),
        ("role", "admin", "role_id"),
        ("name", "course", "course.name"),
        ("section", "enrollment", "course_section_id"),
        ("student", "enrollment", "associated_user_id"),
        ("base_type", "role", "base_role_type"),
        ("label", "role", "label"),
        ("section", "section", "course_section"),
        ("name", "section", "course_section.name"),
        ("start_at", "term", "enrollment_term.start_at"),
        ("name", "user", "user.name"),
        ("password", "user", "pseudonym.password"),
        ("sis_user_id", "user", "pseudonym.sis_user_id"),
        ("code", "user", "pairing_code.code"),
    ],
)
def test_a_field_is_called_as_canvas_calls_it(field, of, name):
    assert name_of(field, of) == name


def test_no_two_fields_of_a_record_have_one_name():
    for names in NAMES.values():
        assert len(set(names.others.values())) == len(names.others)


# The caller


@pytest.mark.parametrize(
    ("header", "comes_as"),
    [
        ("", None),
        ("Basic eDp5", None),
        ("Token {token}", None),
        ("{token}", None),
        ("Bearer {token}", "owner"),
        ("bearer {token}", "owner"),
        ("BEARER   {token}  ", "owner"),
        ("Bearer", "refused"),
        ("Bearer {token}x", "refused"),
        ("Bearer \xe9", "refused"),
    ],
)
def test_a_caller_is_known_by_a_bearer_token_and_by_nothing_else(rf, root, header, comes_as):
    owner = UserFactory()
    token = Api(owner).headers["Authorization"].removeprefix("Bearer ")
    request = rf.get("/", HTTP_AUTHORIZATION=header.format(token=token))
    if comes_as == "refused":
        with pytest.raises(AuthenticationFailed):
            BearerAuthentication().authenticate(request)
    else:
        found = BearerAuthentication().authenticate(request)
        assert found == ((owner, None) if comes_as else None)


class Caller:
    """A request to the API as the look-ups see it."""

    def __init__(self, user: User | None) -> None:
        self.user_or_nobody = user

    @property
    def user(self) -> User:
        if self.user_or_nobody is None:
            raise NotAuthenticated
        return self.user_or_nobody

    @property
    def root(self) -> Account:
        return Account.objects.root()


def test_self_is_the_caller_and_an_id_of_theirs_gives_the_very_same_person(root):
    caller = UserFactory(sis_user_id="S1")
    call = Caller(caller)
    for text in ("self", str(caller.pk), "sis_user_id:S1"):
        assert person(call, text) is caller
    other = UserFactory()
    assert person(call, str(other.pk)) == other
    with pytest.raises(Http404):
        person(call, "sis_user_id:none")
    with pytest.raises(NotAuthenticated):
        person(Caller(None), "self")
    assert person(Caller(None), str(other.pk)) == other


@pytest.mark.parametrize("text", ["self", "default", "{0.pk}"])
def test_the_institution_is_named_by_self_by_default_or_by_its_id(root, text):
    assert account(Caller(UserFactory()), text.format(root)) == root


def test_a_sis_id_of_an_account_is_known_to_people_with_a_permission_there(root):
    school = AccountFactory(sis_account_id="N", integration_id="I")
    for text in ("sis_account_id:N", "sis_integration_id:I"):
        assert account(Caller(make_admin(school)), text) == school
        assert account(Caller(make_admin()), text) == school
        for stranger in (UserFactory(), make_admin(AccountFactory()), None):
            with pytest.raises(Http404):
                account(Caller(stranger), text)
    assert account(Caller(None), str(school.pk)) == school


# Small parts of every endpoint


def test_allow_goes_on_or_refuses():
    allow(True)
    with pytest.raises(NotAllowed):
        allow(False)


def test_a_request_that_is_too_large_is_refused_before_it_is_read(root):
    answer = Api(make_admin()).raw("POST", "accounts/self/sub_accounts", b"x" * 2_700_000)
    assert answer.status_code == 413
    (complaint,) = answer.json()["errors"]
    assert complaint["message"].endswith("request is too large.")
    assert not Account.objects.exclude(parent=None).exists()


@pytest.mark.parametrize(("length", "refused"), [("100", False), ("101", True), ("", False), ("x", True)])
def test_the_size_that_a_request_declares_is_what_counts(rf, length, refused):
    request = rf.post("/")
    request.META["CONTENT_LENGTH"] = length
    request._request = request
    if refused:
        with pytest.raises(TooLarge):
            check_size(request, 100)
    else:
        check_size(request, 100)


def test_refusals_are_kept_out_of_caches_too(root):
    for answer in (Api().get("users/self"), Api(UserFactory()).get("accounts/self"), Api().get("accounts/999999")):
        assert answer.status_code >= 400
        assert answer.headers["Cache-Control"] == "no-store"


def test_what_an_endpoint_does_is_its_first_sentence_and_the_rest_is_what_else_there_is():
    def handler(request):
        """Do one
        thing.

        It has
        reasons.
        """

    assert Operation(handler, "Tests").about == ("Do one thing.", "It has reasons.")
    assert Operation(lambda request: None, "Tests").about == ("", "")


# How values are written


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 28, 3, 0, 0, 999_999, tzinfo=UTC), "2026-11-28T03:00:00Z"),
        (datetime(2026, 11, 28, 3, tzinfo=timezone(timedelta(hours=-5))), "2026-11-28T08:00:00Z"),
        (datetime(2026, 7, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), "2026-06-30T22:30:00Z"),
    ],
)
def test_moments_are_written_in_utc_to_the_second_whatever_zone_they_come_in(moment, text):
    assert json.dumps({"at": moment}, cls=CanvasEncoder) == f'{{"at": "{text}"}}'


@pytest.mark.parametrize(
    ("key", "value", "written"),
    [
        ("id", 1, "1"),
        ("user_id", 0, "0"),
        ("user_ids", [1, None, "x"], ["1", None, "x"]),
        ("sis_user_id", "007", "007"),
        ("id", None, None),
        ("valid", 1, 1),
        ("void", 7, 7),
        ("idle", 7, 7),
        ("account_id", True, True),
        ("course_id", {"id": 1}, {"id": 1}),
        ("courses", [{"id": 1}], [{"id": "1"}]),
    ],
)
def test_ids_become_strings_by_the_name_of_their_key(key, value, written):
    given = {key: value}
    assert with_string_ids(given) == {key: written}
    assert given == {key: value}, "what was given stays as it is"
