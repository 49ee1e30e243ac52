"""What only SQL of ours can guard: the tree, the record and the order of events; put there and taken away again."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import guards
from accounts.advisory_locks import AdvisoryLock
from accounts.domain.audit import record
from accounts.domain.events import UserCreated
from accounts.models import Account, AuditEvent
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db


def run(sql: str, parameters: list | None = None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def ours() -> set[str]:
    """The functions and triggers that guard the tables of accounts."""
    found = run(
        "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE n.nspname = 'public'"
        " AND proname ~ '^accounts_(hold|find|move|refuse|next|first|check)'"
        " UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'accounts_%'"
    )
    return {name for (name,) in found}


def settled() -> None:
    """Check what is deferred now: a table with checks pending cannot be altered."""
    run("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def test_all_guards_can_be_taken_away_and_put_there_again():
    there = ours()
    assert {"accounts_find_ancestors", "account_tree_has_no_loops", "audit_is_append_only"} < there
    run(guards.REVERSE)
    assert ours() == set()
    run(guards.SQL)
    assert ours() == there


def test_without_its_guard_the_record_could_be_changed():
    """So it is the guard that keeps it, and neither Django nor a privilege."""
    record(UserCreated(), by=None)
    settled()
    with pytest.raises(DatabaseError, match="cannot be changed or removed"), transaction.atomic():
        AuditEvent.objects.update(action="x")
    run(guards.REVERSE)
    assert AuditEvent.objects.update(action="x") == 1


def test_without_its_guard_a_new_account_would_know_nothing_of_those_above(root):
    settled()
    run(guards.REVERSE)
    assert AccountFactory().ancestors == []
    settled()
    run(guards.SQL)
    school = AccountFactory()
    assert school.ancestors == [root.pk]


def test_each_guard_of_the_record_refuses_by_a_code_that_no_retry_takes_for_a_passing_trouble(root):
    record(UserCreated(), by=None)
    for statement in ("UPDATE accounts_auditevent SET action = 'x'", "DELETE FROM accounts_auditevent"):
        with pytest.raises(DatabaseError) as error, transaction.atomic():
            run(statement)
        assert error.value.__cause__.sqlstate == "23514"


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        (lambda school: Account.objects.create(name="New", parent=school), True),
        (lambda school: Account.objects.filter(pk=school.pk).update(parent=school.parent), True),
        (lambda school: Account.objects.filter(pk=school.pk).update(name="Renamed"), False),
        (lambda school: Account.objects.filter(pk=school.pk).update(workflow_state="deleted"), False),
    ],
    ids=["make", "move", "rename", "delete"],
)
def test_only_what_changes_the_tree_waits_for_others_who_do(transactional_db, change, holds):
    school = AccountFactory()
    with transaction.atomic():
        change(school)
        locks = run(
            "SELECT classid::bigint FROM pg_locks"
            " WHERE locktype = 'advisory' AND objsubid = 2 AND pid = pg_backend_pid()"
        )
    assert ((int(AdvisoryLock.TREE),) in locks) is holds


def test_events_below_the_first_that_is_not_settled_are_all_there(transactional_db):
    def first_unsettled() -> int:
        ((number,),) = run("SELECT accounts_first_unsettled_event()")
        return number

    record(UserCreated(), by=None)
    last = AuditEvent.objects.latest("pk").pk
    assert first_unsettled() == last + 1
    with transaction.atomic():
        record(UserCreated(), by=None)
        record(UserCreated(), by=None)
        assert first_unsettled() == last + 1, "one's own are not settled before the transaction ends"
    assert first_unsettled() == last + 3
