"""How history tells what was recorded of people, roles and accounts, and how events are kept and read back."""

from dataclasses import dataclass
from inspect import signature

import pytest

from accounts.domain import events
from accounts.domain.audit import record, record_many, who
from accounts.domain.events import (
    AccountChanged,
    AdminCreated,
    PasswordChanged,
    PermissionChanged,
    RoleChanged,
    SessionsEnded,
    TokenCreated,
    UserChanged,
    UserDeleted,
    UserSuspended,
)
from accounts.domain.users import edit_user
from accounts.models import Action, AuditEvent, BaseType, Role
from accounts.models.audit import EVENTS, Event, Named, Shown, marks_of
from tests.database import statements
from tests.factories import UserFactory

UNKNOWN = "no.such.action"
PERMISSION = PermissionChanged(1, 2, "read_sis", True, False, True, True, before={"enabled": None, "locked": True})


# Typed values


def test_an_event_keeps_the_fields_that_differ_from_what_they_are_by_default():
    assert UserSuspended().as_details() == {}
    assert UserSuspended(sis_import=7).as_details() == {"sis_import": 7}
    assert PasswordChanged(tokens_ended=0).as_details() == {"tokens_ended": 0}, "what must be given is always kept"
    assert UserDeleted(links=0, login_id="mia").as_details() == {"links": 0, "login_id": "mia"}


def test_an_event_recorded_by_another_version_is_read_as_far_as_it_is_known():
    assert UserDeleted.read({"links": 2, "of_a_later_version": 1}) == UserDeleted(links=2)
    assert RoleChanged.read({"role": 1, "account": 2, "label": "x"}) == RoleChanged(1, 2, "x")


def test_an_event_of_a_kind_that_is_not_known_any_more_has_no_data(db):
    event = AuditEvent.objects.create(action=UNKNOWN, details={"x": 1})
    assert event.data is None


@pytest.mark.parametrize(
    ("event", "own", "told"),
    [
        (UserChanged(["name"]), False, "%(who)s changed the account of %(subject)s: %(fields)s."),
        (UserChanged(["name"]), True, "%(who)s changed their own account: %(fields)s."),
        (SessionsEnded(), True, "%(who)s signed out everywhere."),
        (TokenCreated("x"), True, "%(who)s created an access token."),
        (TokenCreated("x"), False, "%(who)s created an access token for %(subject)s."),
        (UserSuspended(), True, "%(who)s suspended the account of %(subject)s."),
    ],
)
def test_what_people_did_for_themselves_is_told_as_their_own_where_there_are_words_for_it(event, own, told):
    assert event.told(own=own) == told


def test_no_event_of_these_tells_who_observes_whom():
    of_accounts = [kind for kind in EVENTS.values() if kind.__module__ == events.__name__]
    assert len(of_accounts) > 15
    assert not any(kind.is_about_observing for kind in of_accounts)


@pytest.mark.parametrize(
    ("kind", "field", "model"),
    [
        (AdminCreated, "account", "accounts.Account"),
        (AdminCreated, "role", "accounts.Role"),
        (RoleChanged, "role", "accounts.Role"),
        (AccountChanged, "account", "accounts.Account"),
    ],
)
def test_a_field_that_holds_an_id_says_which_record_it_names(kind, field, model):
    mark = marks_of(kind)[field]
    assert isinstance(mark, Named)
    assert mark.model == model
    assert mark.otherwise


def test_a_role_that_is_not_said_is_the_built_in_one_of_account_admins():
    mark = marks_of(AdminCreated)["role"]
    assert isinstance(mark, Named)
    assert str(mark.otherwise) == "Account Admin"


@pytest.mark.parametrize(
    ("kind", "field", "value", "shown"),
    [
        (UserChanged, "fields", ["name", "login_id", "sis_user_id"], "name, login, SIS ID"),
        (UserChanged, "fields", ["of_a_later_version"], "of_a_later_version"),
        (PermissionChanged, "permission", "read_sis", "SIS Data - read"),
        (PermissionChanged, "permission", "of_an_older_version", "of_an_older_version"),
    ],
)
def test_a_value_is_shown_in_the_words_of_the_pages(kind, field, value, shown):
    mark = marks_of(kind)[field]
    assert isinstance(mark, Shown)
    assert str(mark.show(value)) == shown


def test_every_field_that_editing_a_person_can_change_has_a_word():
    changeable = signature(edit_user).parameters.keys() - {"user", "by"}
    assert changeable <= events.FIELDS.keys()


def test_a_changed_permission_is_compared_by_the_fields_that_were_recorded_before():
    assert PERMISSION.values == {"enabled": True, "locked": False}


def test_a_kind_of_event_without_an_action_is_what_several_have_in_common():
    before = dict(EVENTS)

    @dataclass(frozen=True)
    class Common(Event):
        number: int = 0

    assert before == EVENTS
    with pytest.raises(TypeError, match="has a dataclass already"):
        type("Again", (Common,), {}, action=Action.USER_SUSPENDED)
    assert EVENTS[Action.USER_SUSPENDED] is UserSuspended


# Who did it


def test_the_record_says_who_acted_and_on_whose_behalf():
    one, other = UserFactory.build(pk=1), UserFactory.build(pk=2)
    assert who(None) == (None, None)
    assert who(one) == (1, None)
    assert who(other.acted_by(one)) == (1, 2)


def test_what_is_done_while_acting_as_somebody_is_recorded_as_done_by_the_one_at_work(db):
    admin, person = UserFactory(), UserFactory()
    acted = person.acted_by(admin)
    record(SessionsEnded(), by=acted, subject=person)
    record_many([(person.pk, SessionsEnded())], by=acted)
    for event in AuditEvent.objects.all():
        assert (event.actor, event.acting_for, event.subject) == (admin, person, person)


def test_recording_nothing_takes_no_statement_and_any_number_one(db):
    people = [person.pk for person in UserFactory.create_batch(3)]
    assert statements(lambda: record_many([], by=None)) == 0
    assert statements(lambda: record_many([(pk, SessionsEnded()) for pk in people], by=None)) == 1
    assert statements(lambda: record_many(((None, TokenCreated("x")) for _ in range(50)), by=None)) == 1
    assert AuditEvent.objects.count() == 53


def test_events_are_found_by_kind_and_by_what_they_say(root):
    role = Role.objects.built_in(BaseType.TEACHER)
    for state in ("inactive", "active"):
        record(RoleChanged(role.pk, root.pk, "Mentor", state=state), by=None)
    record(RoleChanged(role.pk, root.pk, "Guide", before="Mentor"), by=None)
    found = AuditEvent.objects
    assert found.of(RoleChanged).count() == 3
    assert found.of(RoleChanged, role=role.pk, state__isnull=False).count() == 2
    assert found.of(RoleChanged, state__in=["inactive"]).get().read(RoleChanged).state == "inactive"
    assert not found.of(RoleChanged, role=role.pk + 1).exists()
    assert not found.of(AdminCreated).exists()
