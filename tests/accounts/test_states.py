"""What follows when accounts are suspended, deleted or restored, by hand or by a roster."""

from functools import partial

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.domain.locks import lock_users
from accounts.domain.passwords import forget_addresses
from accounts.domain.sis_fields import stick
from accounts.domain.tokens import has_tokens, make_token
from accounts.domain.users import (
    edit_user,
    end_sessions,
    follow_states,
    reactivate,
    shut_out,
    sign_out_everywhere,
    suspend,
)
from accounts.errors import NotAllowed
from accounts.models import Account, Action, AuditEvent, User
from tests.database import statements
from tests.factories import PASSWORD, UserFactory, make_admin
from tests.racing import meanwhile

INVITED, REGISTERED, SUSPENDED, DELETED = User.State.values


@pytest.fixture
def person(root) -> User:
    """A person with a token and an address to which a link was once sent."""
    person = UserFactory(email="pat@example.org", password=PASSWORD)
    make_token(person, "", by=None)
    EmailAddress.objects.create(user=person, email="pat@example.org")
    return person


def open_ways(person: User) -> set[str]:
    """What could still let this person in, besides their password."""
    person.refresh_from_db()
    ways = {
        "sessions": person.session_epoch == 0,
        "tokens": has_tokens(person),
        "addresses": EmailAddress.objects.filter(user=person).exists(),
    }
    return {way for way, is_open in ways.items() if is_open}


EVERYTHING = {"sessions", "tokens", "addresses"}


@pytest.mark.parametrize(
    ("before", "after", "action", "left"),
    [
        (REGISTERED, SUSPENDED, Action.USER_SUSPENDED, {"tokens", "addresses"}),
        (INVITED, SUSPENDED, Action.USER_SUSPENDED, {"tokens", "addresses"}),
        (REGISTERED, DELETED, Action.USER_DELETED, set()),
        (SUSPENDED, DELETED, Action.USER_DELETED, set()),
        (DELETED, SUSPENDED, Action.USER_SUSPENDED, set()),
        (DELETED, REGISTERED, Action.USER_REACTIVATED, set()),
        (SUSPENDED, REGISTERED, Action.USER_REACTIVATED, EVERYTHING),
        (SUSPENDED, INVITED, Action.USER_REACTIVATED, EVERYTHING),
        (INVITED, REGISTERED, None, EVERYTHING),
        (REGISTERED, REGISTERED, None, EVERYTHING),
        (DELETED, DELETED, None, EVERYTHING),
        (SUSPENDED, SUSPENDED, None, EVERYTHING),
    ],
)
def test_each_change_of_state_closes_what_must_not_outlive_it_and_is_recorded(person, before, after, action, left):
    recorded = AuditEvent.objects.count()
    follow_states([(person.pk, before, after)], by=None)
    assert open_ways(person) == left
    assert AuditEvent.objects.count() == recorded + (action is not None)
    if action:
        event = AuditEvent.objects.first()
        assert (event.action, event.subject, event.actor, event.details) == (action, person, None, {})


def test_a_roster_is_named_in_what_it_changed(person):
    follow_states([(person.pk, REGISTERED, SUSPENDED)], by=None, sis_import=7)
    assert AuditEvent.objects.first().details == {"sis_import": 7}


def test_any_number_of_changes_takes_the_same_few_statements(root):
    def change(people: list[User]) -> int:
        pairs = [(REGISTERED, SUSPENDED), (REGISTERED, DELETED), (SUSPENDED, REGISTERED)]
        changes = [(person.pk, *pairs[number % 3]) for number, person in enumerate(people)]
        return statements(lambda: follow_states(changes, by=None))

    assert change(UserFactory.create_batch(3)) == change(UserFactory.create_batch(15))


def test_only_the_people_named_are_signed_out(person):
    other = UserFactory()
    end_sessions([person.pk])
    end_sessions([])
    assert dict(User.objects.values_list("pk", "session_epoch")) == {person.pk: 1, other.pk: 0}


def test_nobody_is_shut_out_by_an_empty_list_and_only_the_named_by_another(person):
    other = UserFactory()
    make_token(other, "", by=None)
    assert statements(lambda: shut_out([])) == 0
    assert statements(lambda: forget_addresses([])) == 0
    shut_out([other.pk])
    assert not has_tokens(other)
    assert open_ways(person) == EVERYTHING
    forget_addresses([person.pk])
    assert open_ways(person) == {"sessions", "tokens"}


# By hand


def test_suspending_and_reactivating_twice_changes_and_records_nothing_more(person):
    admin = make_admin()
    for rule in (suspend, suspend, reactivate, reactivate):
        rule(User.objects.get(pk=person.pk), by=admin)
    events = AuditEvent.objects.exclude(action=Action.TOKEN_CREATED).order_by("id")
    assert [(event.action, event.actor, event.subject) for event in events] == [
        (Action.USER_SUSPENDED, admin, person),
        (Action.USER_REACTIVATED, admin, person),
    ]


@pytest.mark.parametrize("rule", [suspend, reactivate])
def test_a_deleted_account_is_neither_suspended_nor_reactivated(person, rule):
    User.objects.filter(pk=person.pk).update(state=DELETED)
    rule(person, by=make_admin())
    person.refresh_from_db()
    assert person.state == DELETED
    assert not AuditEvent.objects.exclude(action=Action.TOKEN_CREATED).exists()


@pytest.mark.parametrize(("rule", "before"), [(suspend, REGISTERED), (reactivate, SUSPENDED)])
def test_an_account_deleted_meanwhile_counts_and_not_what_was_read_before(person, rule, before):
    """The person was read before somebody else deleted the account."""
    stale = User.objects.get(pk=person.pk)
    stale.state = before
    User.objects.filter(pk=person.pk).update(state=DELETED)
    rule(stale, by=make_admin())
    assert User.objects.get(pk=person.pk).state == DELETED


@pytest.mark.parametrize(
    ("rule", "before"),
    [(suspend, REGISTERED), (reactivate, SUSPENDED), (partial(edit_user, name="Mia Sea"), REGISTERED)],
    ids=["suspend", "reactivate", "edit"],
)
def test_while_an_account_is_being_deleted_it_is_left_as_the_deletion_leaves_it(transactional_db, rule, before):
    admin, person = make_admin(), UserFactory(name="Mia Lake", state=before)
    with transaction.atomic():
        lock_users([person.pk])
        User.objects.filter(pk=person.pk).update(state=DELETED)
        outcome = meanwhile(lambda: rule(User.objects.get(pk=person.pk), by=admin))
    outcome.result()
    person.refresh_from_db()
    assert (person.state, person.name, person.session_epoch) == (DELETED, "Mia Lake", 0)
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(("rule", "before"), [(suspend, REGISTERED), (reactivate, SUSPENDED)])
def test_a_state_set_by_hand_is_left_alone_by_rosters(person, rule, before):
    User.objects.filter(pk=person.pk).update(state=before, stuck_sis_fields=["name"])
    rule(person, by=make_admin())
    person.refresh_from_db()
    assert person.stuck_sis_fields == ["name", "status"]


def test_nobody_suspends_their_own_account_and_is_told_so(root):
    admin = make_admin()
    with pytest.raises(NotAllowed, match="You cannot suspend your own account"):
        suspend(admin, by=admin)
    assert User.objects.get(pk=admin.pk).is_active


def test_people_sign_themselves_out_everywhere(person):
    sign_out_everywhere(person, by=person)
    assert open_ways(person) == {"addresses"}
    event = AuditEvent.objects.first()
    assert (event.action, event.actor, event.subject) == (Action.SESSIONS_ENDED, person, person)


# What rosters leave alone


def test_edited_fields_stick_once_each_in_order_and_are_saved_with_the_fields_themselves():
    account = Account(stuck_sis_fields=["name"])
    assert stick(account, ["parent", "name"]) == ["parent", "name", "stuck_sis_fields"]
    assert account.stuck_sis_fields == ["name", "parent"]
    assert stick(account, iter(["name"])) == ["name", "stuck_sis_fields"]
    assert account.stuck_sis_fields == ["name", "parent"]
