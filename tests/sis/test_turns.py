"""Whose turn it is to import: one process's at a time, whatever becomes of it and of its connections."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Account
from sis.imports import queue, turns
from sis.imports.queue import work_off
from sis.imports.turns import TurnLost, turn
from sis.models import SisImport, Turn
from sis.options import Options
from tests.database_server import until
from tests.factories import AccountFactory, RootFactory, make_admin
from tests.racing import at_once
from tests.sis.conftest import make


@pytest.fixture
def root(transactional_db):
    return RootFactory(name="Before")


def is_free(root: Account, of: str = Turn.Of.IMPORTS) -> bool:
    """Whether another process gets the turn."""

    def take() -> bool:
        with turn(root, of) as mine:
            return mine

    return at_once([take]) == [True]


def let_lapse() -> None:
    """As if the one who has the turn had not been heard of for long."""
    at_once([lambda: Turn.objects.update(until="2000-01-01T00:00Z")])


def rename(root: Account, name: str) -> None:
    Account.objects.filter(pk=root.pk).update(name=name)


def name_of(root: Account) -> str:
    return Account.objects.get(pk=root.pk).name


def test_a_turn_is_one_process_at_a_time_over_several_transactions(root):
    with turn(root) as mine:
        assert mine
        assert not is_free(root)
        with transaction.atomic():
            rename(root, "During")
        assert not is_free(root), "a transaction ends, the turn does not"
    assert is_free(root)
    assert name_of(root) == "During"


def test_importing_and_looking_into_the_inbox_are_turns_of_their_own_and_so_are_those_of_each_account(root):
    with turn(root):
        assert is_free(root, Turn.Of.INBOX)
        assert is_free(AccountFactory())


def test_an_error_inside_the_block_gives_the_turn_back(root):
    with pytest.raises(ZeroDivisionError), turn(root):
        _ = 1 / 0
    assert is_free(root)


def test_whoever_waits_for_a_turn_gets_it_once_it_is_free(root, monkeypatch):
    asked_in_vain = Event()
    monkeypatch.setattr(turns, "time", SimpleNamespace(sleep=lambda _seconds: asked_in_vain.set()))

    def patient() -> str:
        with turn(root, wait=True):
            return name_of(root)

    with ThreadPoolExecutor(1) as threads:
        with turn(root):
            outcome = threads.submit(at_once, [patient])
            assert asked_in_vain.wait(60)
            rename(root, "First")
        assert outcome.result() == ["First"]


def test_a_turn_is_prolonged_for_as_long_as_its_holder_is_at_work(root, monkeypatch):
    monkeypatch.setattr(turns, "PROLONGED_EVERY", 0.01)
    with turn(root):
        first = Turn.objects.get().until
        with transaction.atomic():
            # Even by a transaction that takes long.
            rename(root, "Long")
            until(lambda: Turn.objects.get().until > first)


def test_a_turn_outlives_the_connection_of_its_holder(root):
    with turn(root):
        connection.close()
        assert not is_free(root)
        rename(root, "Connected anew")
    assert name_of(root) == "Connected anew"
    assert is_free(root)


def write_too_late(root: Account) -> None:
    with turn(root):
        let_lapse()
        assert is_free(root)
        rename(root, "Too late")


def write_too_late_in_a_transaction(root: Account) -> None:
    with turn(root):
        let_lapse()
        assert is_free(root)
        with transaction.atomic():
            rename(root, "Too late")


@pytest.mark.parametrize("late", [write_too_late, write_too_late_in_a_transaction])
def test_whose_turn_was_taken_writes_no_more(root, late):
    with pytest.raises(TurnLost):
        late(root)
    assert name_of(root) == "Before"


def test_who_lost_the_turn_does_not_give_back_that_of_another(root):
    with turn(root):
        let_lapse()

        def take_and_see() -> bool:
            with turn(root):
                return not is_free(root)

        assert at_once([take_and_see]) == [True]


def test_what_the_holder_of_a_lapsed_turn_has_open_is_undone_when_it_is_taken(root):
    def begin_and_be_overtaken() -> None:
        with turn(root), transaction.atomic():
            rename(root, "Half done")
            let_lapse()
            assert is_free(root), "and nobody waits for it"

    with pytest.raises(DatabaseError):
        begin_and_be_overtaken()
    assert name_of(root) == "Before"


def test_a_lapsed_turn_whose_holder_comes_back_first_stays_its_own(root):
    with turn(root):
        let_lapse()
        rename(root, "Slow, but nobody else was at it")
    assert name_of(root) == "Slow, but nobody else was at it"


def test_an_import_whose_turn_is_lost_half_way_is_left_to_whoever_has_it(root, tmp_path, settings, monkeypatch):
    settings.DATA_DIR = tmp_path / "data"
    rows = [f"U{n},u{n},active" for n in range(20)]
    made = make(root, make_admin(), Options(), tmp_path, {"users": "\n".join(["user_id,login_id,status", *rows])})
    begun = []

    def overtaken(sis_import, tell):
        class Import:
            def go(self):
                begun.append(sis_import.pk)
                if len(begun) == 1:
                    let_lapse()
                    at_once([lambda: work_off(root)])
                    assert SisImport.objects.get(pk=made.pk).workflow_state == "imported"
                else:
                    real(sis_import, tell).go()

        return Import()

    real = queue.Import
    monkeypatch.setattr(queue, "Import", overtaken)
    work_off(root)
    made.refresh_from_db()
    assert (made.workflow_state, made.attempts, begun) == ("imported", 0, [made.pk, made.pk])
