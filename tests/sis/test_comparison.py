"""What differs between two files is found, whatever their size, and applying it ends where applying all would."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sis.files.csv_records import written
from sis.files.tables import RosterFile
from sis.imports import comparison
from sis.imports.comparison import differing

KEY = ("section_id", "user_id")
HEADER = ("section_id", "user_id", "role")
cell = st.sampled_from(["", "A", "B", " A", 'a "quoted" one', "two\nlines", "a,b", "é"])
rows_of_cells = st.lists(st.tuples(cell, cell, cell), max_size=12)


def roster(rows, header=HEADER):
    """A file of these rows, given in blocks of two."""
    texts = [written(list(row)) for row in rows]
    blocks = [(range(at + 2, at + 2 + len(texts[at : at + 2])), texts[at : at + 2]) for at in range(0, len(texts), 2)]
    return RosterFile("enrollments.csv", "enrollment", header, lambda: iter(blocks))


def applied(rows, to):
    """What stands after these rows: of those about the same the last counts. Rows without any id are about nothing."""
    state = dict(to)
    for row in rows:
        cells = {name: value.strip() for name, value in zip(HEADER, row, strict=True)}
        if cells["section_id"] or cells["user_id"]:
            state[cells["section_id"], cells["user_id"]] = cells["role"]
    return state


@pytest.fixture(params=[1, 3], ids=["in one part", "in several parts"])
def parts(request, monkeypatch):
    if request.param > 1:
        monkeypatch.setattr(comparison, "BYTES_AT_ONCE", 500)


@settings(max_examples=3 * settings().max_examples)
@given(before=rows_of_cells, after=rows_of_cells, in_parts=st.booleans())
def test_applying_what_differs_ends_where_applying_all_would(before, after, in_parts):
    with pytest.MonkeyPatch.context() as patch:
        if in_parts:
            patch.setattr(comparison, "BYTES_AT_ONCE", 500)
        found = list(differing(roster(after), roster(before), KEY))
        assert found == list(differing(roster(after), roster(before), KEY))
    state = applied(before, {})
    for position, row in sorted((one[:2] for one in found if one.position is not None), key=lambda one: one[0]):
        assert position == row.number - 1
        state = applied([[row.cells[name] or "" for name in HEADER]], state)
    for one in found:
        if one.position is None:
            key = one.row.cells["section_id"] or "", one.row.cells["user_id"] or ""
            assert state.pop(key, None) is not None or key == ("", "")
    assert state == applied(after, {})


@pytest.mark.usefixtures("parts")
class TestDiffering:
    @staticmethod
    def told(new, old):
        return [(position, row.cells) for position, row, *_more in differing(new, old, KEY)]

    def test_nothing_differs_between_a_file_and_itself(self):
        rows = [(f"S{n}", f"U{n % 7}", "student") for n in range(50)]
        assert self.told(roster(rows), roster(rows)) == []
        assert self.told(roster(rows), roster(rows[::-1])) == []

    def test_new_changed_and_gone_rows_are_told_apart(self):
        before = [("S1", "U1", "student"), ("S1", "U2", "student"), ("S1", "U3", "student")]
        after = [("S1", "U3", "teacher"), ("S1", "U1", "student"), ("S1", "U4", "student")]
        found = self.told(roster(after), roster(before))
        assert sorted(found, key=str) == [
            (1, {"section_id": "S1", "user_id": "U3", "role": "teacher"}),
            (3, {"section_id": "S1", "user_id": "U4", "role": "student"}),
            (None, {"section_id": "S1", "user_id": "U2", "role": "student"}),
        ]

    def test_the_order_of_columns_and_needless_quotation_marks_make_no_difference(self):
        before = roster([("U1", "student", "S1")], header=("user_id", "role", "section_id"))
        blocks = [([2], ['"S1","U1",student'])]
        after = RosterFile("x.csv", "enrollment", HEADER, lambda: iter(blocks))
        assert self.told(after, before) == []

    def test_cells_that_are_missing_at_the_end_of_a_row_are_empty(self):
        after = RosterFile(
            "x.csv", "enrollment", ("role", "user_id", "section_id"), lambda: iter([([2, 3], ["a", "b,U"])])
        )
        before = roster([("", "U", "b")])
        assert self.told(after, before) == [(1, {"section_id": None, "user_id": None, "role": "a"})]
