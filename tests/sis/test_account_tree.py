"""Rosters make, move and delete accounts: the ancestors kept are those that the parents tell."""

from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tree import ancestors_kept, ancestors_walked

NAMES = "ABCDEF"
ROWS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(["", *NAMES]),
        st.sampled_from(["active", "active", "active", "deleted"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=20)
@given(first=ROWS, second=ROWS)
def test_whatever_rosters_do_to_the_tree_the_ancestors_are_right(load, lock_watch, first, second):
    with transaction.atomic(), lock_watch.beginning_here():
        for rows in (first, second):
            lines = "\n".join(f"{name},{parent},{name},{status}" for name, parent, status in rows)
            load(accounts=f"account_id,parent_account_id,name,status\n{lines}")
            assert ancestors_kept() == ancestors_walked()
        transaction.set_rollback(True)


def test_one_file_turns_a_branch_over(load, root):
    header = "account_id,parent_account_id,name,status"
    load(accounts=f"{header}\nA,,A,active\nB,A,B,active\nC,B,C,active")
    made = load(accounts=f"{header}\nC,,C,active\nB,C,B,active\nA,B,A,active")
    assert not made.sis_import_errors.exists()
    assert ancestors_kept() == ancestors_walked()
    assert sorted(map(len, ancestors_kept().values())) == [0, 1, 2, 3]
