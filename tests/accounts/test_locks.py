"""Locks: whom and what they hold, for how long, and what is refused once one has them."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from django.db import connection, transaction

from accounts.advisory_locks import AdvisoryLock, hold
from accounts.domain.locks import hold_account, lock_users, lock_with_linked
from accounts.errors import Invalid
from accounts.models import Account, ObservationLink, User
from tests.database import statements
from tests.factories import AccountFactory, UserFactory
from tests.racing import at_once, meanwhile

Result = TypeVar("Result")


def advisory_locks() -> list[tuple[int, int]]:
    """The two-number advisory locks that this connection holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT classid::bigint, objid::bigint FROM pg_locks"
            " WHERE locktype = 'advisory' AND objsubid = 2 AND pid = pg_backend_pid() ORDER BY 1, 2"
        )
        return cursor.fetchall()


def without_waiting(action: Callable[[], Result]) -> Result | Exception:
    """Let another connection do something now; give what came of it, an error if it would have to wait."""

    def act() -> Result:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
            return action()

    (outcome,) = at_once([act])
    return outcome


def link(observer: User, student: User, **fields) -> ObservationLink:
    return ObservationLink.objects.create(observer=observer, student=student, origin="api", **fields)


# Advisory locks


def test_a_lock_is_about_a_number_or_a_text_and_ends_with_the_transaction(transactional_db):
    with transaction.atomic():
        hold(AdvisoryLock.TRY, 7)
        hold(AdvisoryLock.TRY, 7)
        assert advisory_locks() == [(AdvisoryLock.TRY, 7)]
        hold(AdvisoryLock.TRY, "7")
        assert len(advisory_locks()) == 2
    assert advisory_locks() == []


def test_each_of_two_who_hold_locks_about_different_things_goes_on(transactional_db):
    with transaction.atomic():
        hold(AdvisoryLock.TRY, "mia")
        hold(AdvisoryLock.TREE, 0)

        def other() -> str:
            hold(AdvisoryLock.TRY, "ben")
            hold(AdvisoryLock.FAILURE, "mia")
            return "went on"

        assert without_waiting(other) == "went on"


def test_a_lock_about_the_same_is_waited_for(transactional_db):
    def other() -> str:
        with transaction.atomic():
            hold(AdvisoryLock.TRY, "mia")
        return "then"

    with transaction.atomic():
        hold(AdvisoryLock.TRY, "mia")
        outcome = meanwhile(other)
    assert outcome.result() == ["then"]


# People


def test_people_are_locked_once_each_by_ascending_ids_with_one_statement(root):
    people = [person.pk for person in UserFactory.create_batch(3)]
    assert statements(lambda: lock_users([people[2], people[0], people[2], people[1]])) == 1
    assert statements(lambda: lock_users([])) == 1


def test_a_locked_person_is_waited_for_and_can_still_be_referred_to(transactional_db):
    """A link to a locked person may be created: the lock orders changes of the person, not rows that point there."""
    person, other = UserFactory(), UserFactory()

    def change() -> int:
        with transaction.atomic():
            lock_users([person.pk])
            return User.objects.get(pk=person.pk).session_epoch

    with transaction.atomic():
        lock_users([person.pk])
        assert isinstance(without_waiting(lambda: link(other, person)), ObservationLink)
        outcome = meanwhile(change)
        User.objects.filter(pk=person.pk).update(session_epoch=5)
    assert outcome.result() == [5], "what the first one changed is seen by the second"


def test_a_person_is_locked_with_the_students_of_their_active_links(root):
    person, student, observer = (UserFactory() for _ in range(3))
    own = link(person, student)
    of_them = link(observer, person)
    link(person, UserFactory(), state="deleted")
    link(observer, student)
    assert set(lock_with_linked(person)) == {own, of_them}


def test_observers_are_not_locked_with_a_student_but_students_with_an_observer(transactional_db):
    person, student, observer = (UserFactory() for _ in range(3))
    link(person, student)
    link(observer, person)

    def free(one: User) -> bool:
        with transaction.atomic():
            return User.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=one.pk).exists()

    with transaction.atomic():
        lock_with_linked(person)
        assert at_once([lambda: free(person)]) == [False]
        assert at_once([lambda: free(student)]) == [False]
        assert at_once([lambda: free(observer)]) == [True]


# Accounts


def test_an_account_that_has_been_deleted_meanwhile_is_refused(root):
    school = AccountFactory()
    hold_account(school)
    Account.objects.filter(pk=school.pk).update(workflow_state=Account.State.DELETED)
    with pytest.raises(Invalid, match="This account has been deleted") as refusal:
        hold_account(school)
    assert (list(refusal.value.errors), refusal.value.of) == (["account"], "account")


def test_a_held_account_is_not_deleted_before_the_transaction_ends(transactional_db):
    school = AccountFactory()

    def delete() -> int:
        return Account.objects.filter(pk=school.pk).update(workflow_state=Account.State.DELETED)

    with transaction.atomic():
        hold_account(school)
        outcome = meanwhile(delete)
        assert Account.objects.get(pk=school.pk).workflow_state == Account.State.ACTIVE
    assert outcome.result() == [1]
