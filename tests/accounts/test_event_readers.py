"""Readers of events get each once, in order, whenever its transaction commits."""

import random
from threading import Event as Signal

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from accounts.advisory_locks import AdvisoryLock
from accounts.domain.audit import advance, read_events, record, record_many
from accounts.domain.events import TokenCreated
from accounts.models import AuditEvent, EventCursor
from tests.racing import at_once, meanwhile


def write(*purposes: str) -> None:
    for purpose in purposes:
        record(TokenCreated(purpose), by=None)


def read(reader: str = "notices", limit: int = 500) -> list[str]:
    with transaction.atomic():
        events = read_events(reader, limit)
        advance(reader, events)
    return [event.read(TokenCreated).purpose for event in events]


def test_a_reader_gets_each_event_once_and_in_order(transactional_db):
    write("a", "b", "c")
    assert [read(limit=2), read(limit=2), read(limit=2)] == [["a", "b"], ["c"], []]
    write("d")
    assert read() == ["d"]


def test_each_reader_has_a_cursor_of_its_own(transactional_db):
    write("a")
    assert (read("notices"), read("feeds"), read("notices")) == (["a"], ["a"], [])
    assert EventCursor.objects.count() == 2


def test_a_reader_that_fails_gets_the_same_events_again(transactional_db):
    write("a")
    with transaction.atomic():
        advance("notices", read_events("notices"))
        transaction.set_rollback(True)
    assert read() == ["a"]


def test_events_are_read_inside_a_transaction_only(transactional_db):
    with pytest.raises(TransactionManagementError):
        read_events("notices")


def test_what_is_rolled_back_holds_nobody_up(transactional_db):
    with transaction.atomic():
        write("never")
        transaction.set_rollback(True)
    write("a")
    assert read() == ["a"]


def test_events_that_are_committed_late_are_waited_for_and_never_passed_over(raced_root):
    written, may_commit = Signal(), Signal()

    def late() -> None:
        with transaction.atomic():
            write("late")
            written.set()
            assert may_commit.wait(timeout=60)

    def others() -> list[list[str]]:
        assert written.wait(timeout=60)
        write("quick")
        before = read()
        may_commit.set()
        return [before]

    _done, before = at_once([late, others])
    assert before == [[]]
    assert read() == ["late", "quick"]


def test_events_before_the_late_one_are_not_held_up(raced_root):
    write("early")
    written, may_commit = Signal(), Signal()

    def late() -> None:
        with transaction.atomic():
            record_many([(None, TokenCreated("late")), (None, TokenCreated("later"))], by=None)
            written.set()
            assert may_commit.wait(timeout=60)

    def others() -> list[str]:
        assert written.wait(timeout=60)
        write("quick")
        seen = read()
        may_commit.set()
        return seen

    assert at_once([late, others]) == [None, ["early"]]
    assert read() == ["late", "later", "quick"]


def test_of_two_at_once_as_the_same_reader_one_waits_for_the_other(raced_root):
    write("a", "b")
    with transaction.atomic():
        mine = read_events("notices")
        theirs = meanwhile(read)
        advance("notices", mine)
    assert theirs.result() == [[]]
    assert len(mine) == 2


WRITERS, EACH = 6, 15


def test_while_many_write_and_commit_in_any_order_nothing_is_missed_and_nothing_twice(raced_root):
    done = [Signal() for _ in range(WRITERS)]

    def writer(number: int) -> None:
        dice = random.Random(number)
        for turn in range(EACH):
            with transaction.atomic():
                write(f"{number}.{turn}")
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(%s)", [dice.random() / 100])
                if dice.random() < 0.2:
                    transaction.set_rollback(True)
        done[number].set()

    def reader() -> list[int]:
        seen: list[int] = []
        while True:
            was_over = all(signal.is_set() for signal in done)
            with transaction.atomic():
                events = read_events("notices", limit=7)
                advance("notices", events)
            seen += [event.pk for event in events]
            if was_over and not events:
                return seen

    *_writers, one, other = at_once([*[lambda n=n: writer(n) for n in range(WRITERS)], reader, reader])
    kept = list(AuditEvent.objects.order_by("id").values_list("pk", flat=True))
    assert sorted(one + other) == kept
    assert one == sorted(one)
    assert other == sorted(other)


def places_held() -> int:
    """How many places in the order of events are held."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [AdvisoryLock.EVENTS],
        )
        return int(cursor.fetchone()[0])


def test_a_transaction_holds_one_place_however_much_it_writes(transactional_db):
    with transaction.atomic():
        write("a", "b", "c")
        assert places_held() == 1
    assert places_held() == 0
    with transaction.atomic():
        write("d")
        assert places_held() == 1


def test_a_place_that_went_with_a_savepoint_is_taken_anew(transactional_db):
    with transaction.atomic():
        with transaction.atomic():
            write("never")
            transaction.set_rollback(True)
        assert places_held() == 0
        write("kept")
        assert places_held() == 1
    assert read() == ["kept"]
