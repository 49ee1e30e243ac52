"""Each account keeps the ids of those above it, whoever makes, moves and deletes accounts, and however many at once."""

from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.accounts import create_sub_account
from accounts.models import Account, BaseType, Role
from accounts.models.account import above, upwards, with_all_above, with_all_below
from courses.domain.accounts import delete_sub_account
from tests.api import Api
from tests.factories import AccountFactory, make_admin
from tests.racing import at_once, meanwhile
from tests.tree import ancestors_kept, ancestors_walked

HOUSE = Path(__file__).resolve().parent.parent.parent
# The trigger that keeps the ancestors; the orgs of a roster file, which are no accounts yet; and the chains of imports.
WALKS = {"accounts/guards.py", "sis/formats/rows.py"}
NUMBER = st.integers(min_value=0, max_value=30)
STEP = st.tuples(
    st.sampled_from(["make", "make by rule", "make by API", "move", "move two", "rename", "delete"]), NUMBER, NUMBER
)


def take(step: tuple[str, int, int], admin) -> None:
    """Do something with the tree: which account, and where to, depends on how many there are."""
    what, first, second = step
    ids = list(Account.objects.order_by("pk").values_list("pk", flat=True))
    one, other = ids[first % len(ids)], ids[second % len(ids)]
    active = Account.objects.filter(workflow_state="active")
    match what:
        case "make":
            AccountFactory(parent_id=one)
        case "make by rule":
            create_sub_account(active.order_by("pk")[first % active.count()], by=admin, name="Made")
        case "make by API":
            parent = active.order_by("pk")[first % active.count()]
            assert Api(admin).post(f"accounts/{parent.pk}/sub_accounts", **{"account[name]": "Made"}).status_code == 200
        case "move":
            moved = Account.objects.get(pk=one)
            moved.parent_id = moved.parent_id and other
            moved.save()
        case "move two":
            Account.objects.filter(pk__in=[one, ids[(first + 1) % len(ids)]]).exclude(parent=None).update(parent=other)
        case "rename":
            # An object that was read before the account moved must not write back what stood above it then.
            stale = Account.objects.get(pk=one)
            Account.objects.filter(pk=one).exclude(parent=None).update(parent=ids[0])
            stale.parent_id = stale.parent_id and ids[0]
            stale.name = "Renamed"
            stale.save()
        case "delete":
            if one != ids[0] and not Account.objects.filter(parent=one, workflow_state="active").exists():
                delete_sub_account(active.get(pk=one), by=admin) if second % 2 else _remove(one)


def _remove(pk: int) -> None:
    if not Account.objects.filter(parent=pk).exists():
        Account.objects.filter(pk=pk).delete()


@given(steps=st.lists(STEP, max_size=12))
def test_whatever_happens_the_ancestors_are_those_that_the_parents_tell(root, steps):
    with transaction.atomic():
        admin = make_admin(root)
        tops = [AccountFactory(), AccountFactory(), AccountFactory()]
        AccountFactory(parent=AccountFactory(parent=tops[0]))
        for step in steps:
            try:
                with transaction.atomic():
                    take(step, admin)
            except (IntegrityError, Account.DoesNotExist):
                continue
            assert ancestors_kept() == ancestors_walked()
        assert ancestors_kept() == ancestors_walked()
        transaction.set_rollback(True)


def test_a_new_account_knows_what_stands_above_it_before_it_is_read_again(root):
    school = AccountFactory()
    assert (root.ancestors, school.ancestors) == ([], [root.pk])
    assert Account.objects.create(name="Below", parent=school).ancestors == [root.pk, school.pk]


def test_a_move_takes_all_below_along_in_one_statement(root, django_assert_num_queries):
    school, other = AccountFactory(), AccountFactory()
    below = AccountFactory(parent=school)
    lowest = AccountFactory(parent=below)
    with django_assert_num_queries(1):
        Account.objects.filter(pk=school.pk).update(parent=other)
    assert ancestors_kept() == ancestors_walked()
    assert ancestors_kept()[lowest.pk] == [root.pk, other.pk, school.pk, below.pk]


def test_nobody_writes_ancestors_that_are_none(root):
    school, other = AccountFactory(), AccountFactory()
    Account.objects.filter(pk=school.pk).update(ancestors=[other.pk])
    assert Account.objects.create(name="Below", parent=other, ancestors=[school.pk]).ancestors == [root.pk, other.pk]
    assert ancestors_kept() == ancestors_walked()


def _move(pairs: dict[int, int]) -> None:
    """Move several accounts in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_account SET parent_id = moves.target FROM unnest(%s::bigint[], %s::bigint[])"
            " AS moves(id, target) WHERE accounts_account.id = moves.id",
            [[*pairs], [*pairs.values()]],
        )


def test_several_moves_in_one_statement_that_make_a_loop_together_are_refused(root):
    school, other = AccountFactory(), AccountFactory()
    below, beside = AccountFactory(parent=school), AccountFactory(parent=other)
    before = ancestors_kept()
    with pytest.raises(IntegrityError, match="its own ancestor"), transaction.atomic():
        _move({school.pk: beside.pk, other.pk: below.pk})
    assert ancestors_kept() == ancestors_walked() == before


@pytest.mark.parametrize("turned", [False, True])
def test_several_moves_in_one_statement_end_where_the_parents_say(root, turned):
    school, other, third = (AccountFactory() for _ in range(3))
    below, beside = AccountFactory(parent=school), AccountFactory(parent=other)
    AccountFactory(parent=below)
    pairs = {school.pk: beside.pk, other.pk: third.pk, below.pk: other.pk}
    _move(dict(reversed(pairs.items())) if turned else pairs)
    assert ancestors_kept() == ancestors_walked()


def test_up_and_down_the_tree(root, django_assert_num_queries):
    school, other = AccountFactory(), AccountFactory()
    below = AccountFactory(parent=school)
    lowest = AccountFactory(parent=below)
    gone = AccountFactory(parent=school, workflow_state="deleted")
    with django_assert_num_queries(1):
        assert {*with_all_below(school)} == {school.pk, below.pk, lowest.pk}
    assert {*with_all_below(gone)} == {gone.pk}
    with django_assert_num_queries(1):
        assert above(lowest) == [root, school, below]
    with django_assert_num_queries(1):
        assert upwards([lowest.pk, other.pk]) == {
            lowest.pk: [lowest.pk, below.pk, school.pk, root.pk],
            other.pk: [other.pk, root.pk],
        }
    role = Role.objects.create(account=school, label="Helper", base_type=BaseType.TA)
    assert [*Role.objects.filter(with_all_above(lowest))] == [*Role.objects.filter(with_all_above(school))] == [role]
    assert not Role.objects.filter(with_all_above(other)).exists()


def test_what_stands_below_an_account_is_looked_up_by_index(root):
    sql = "EXPLAIN SELECT id FROM accounts_account WHERE ancestors @> ARRAY[%s]::bigint[]"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(sql, [root.pk])
        assert "accounts_by_ancestor" in "".join(line for (line,) in cursor.fetchall())


def test_only_the_trigger_walks_the_tree():
    apps = ("accounts", "courses", "pairing", "notices", "sis")
    modules = [path for app in apps for path in (HOUSE / app).rglob("*.*")]
    walking = {path for path in modules if path.suffix in {".py", ".sql"} and "WITH RECURSIVE" in path.read_text()}
    assert {str(path.relative_to(HOUSE)) for path in walking} == WALKS


def test_of_two_that_move_below_each_other_at_once_one_is_refused(raced_root):
    for _time in range(5):
        first, second = AccountFactory(), AccountFactory()
        outcomes = at_once(
            [
                lambda one=one, other=other: Account.objects.filter(pk=one.pk).update(parent=other)
                for one, other in ((first, second), (second, first))
            ]
        )
        assert {type(outcome) for outcome in outcomes} == {int, IntegrityError}
        assert ancestors_kept() == ancestors_walked()


def test_an_account_made_below_one_that_is_being_moved_goes_with_it(raced_root):
    top, other = AccountFactory(), AccountFactory()
    parent = AccountFactory(parent=top)
    admin = make_admin(raced_root)
    with transaction.atomic():
        Account.objects.filter(pk=top.pk).update(parent=other)
        making = meanwhile(lambda: create_sub_account(parent, by=admin, name="New"))
    (made,) = making.result()
    assert made.ancestors == [raced_root.pk, other.pk, top.pk, parent.pk]
    assert ancestors_kept() == ancestors_walked()


def test_an_account_is_moved_while_others_are_made_below_it(raced_root):
    top, other = AccountFactory(), AccountFactory()
    parent = AccountFactory(parent=top)
    admin = make_admin(raced_root)
    with transaction.atomic():
        create_sub_account(parent, by=admin, name="New")
        moving = meanwhile(lambda: Account.objects.filter(pk=top.pk).update(parent=other))
    assert moving.result() == [1]
    assert ancestors_kept() == ancestors_walked()


def test_many_accounts_created_and_moved_at_once_leave_a_tree(raced_root):
    schools = [AccountFactory() for _ in range(4)]
    below = [AccountFactory(parent=school) for school in schools]
    admin = make_admin(raced_root)

    def move(one: Account, to: Account):
        return lambda: Account.objects.filter(pk=one.pk).update(parent=to)

    deeds = [move(school, below[(number + 1) % 4]) for number, school in enumerate(schools)]
    deeds += [lambda each=each: create_sub_account(each, by=admin, name="New") for each in below]
    outcomes = at_once(deeds)
    errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert errors
    assert all("its own ancestor" in str(error) for error in errors)
    assert ancestors_kept() == ancestors_walked()
