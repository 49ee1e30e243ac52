"""Strict CSV, in a stream."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sis.files.csv_records import LONGEST_RECORD, Malformed, check, parsed, records, written


def read(content: str | bytes, block: int = 1 << 18) -> list[list[str]]:
    """Every row, blank lines left out, as the file's cells."""
    raw = content.encode() if isinstance(content, str) else content
    rows, number = [], 1
    for found in records(io.BytesIO(raw), block=block):
        number = check(found, number)
        rows += [cells for cells in parsed(found) if cells]
    return rows


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("last", ["", "ending", "two endings"])
@pytest.mark.parametrize("block", [1, 2, 3, 1000])
def test_lines_end_as_any_system_ends_them(ending, last, block):
    text = f'a,b{ending}"1,",2{ending}{ending},"x""y"' + {"": "", "ending": ending, "two endings": ending * 2}[last]
    assert read(text, block) == [["a", "b"], ["1,", "2"], ["", 'x"y']]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("block", [1, 2, 5, 1000])
def test_a_quoted_cell_may_go_over_lines(ending, block):
    text = f'a,b{ending}"one{ending}{ending}three",2{ending}3,4{ending}'
    assert read(text, block) == [["a", "b"], ["one\n\nthree", "2"], ["3", "4"]]


@pytest.mark.parametrize("block", [1, 2, 3, 1000])
def test_letters_of_many_bytes_and_a_byte_order_mark_may_be_cut_anywhere(block):
    assert read("\ufeffnäme,b\nŁódź 🎒,2".encode(), block) == [["näme", "b"], ["Łódź 🎒", "2"]]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('a,b\n1,2\n"1,2\n3,4\n', 3),
        ('a,b\n1,2\n1,x"y\n', 3),
        ('a,b\n1,x"y"z\n', 2),
        ('a,b\n"1"2,3\n', 2),
        ('a,b\n"1" ,3\n', 2),
        ('a,b\n\n\n1, "3"\n', 2),
        ('a,b\n1,"', 2),
        ("a,b\n1,2\rx,3\n", 2),
        ("a,b\r1,2\nx,3\r", 2),
        ('a,b\n"x",2\n"1\n2"x,\n', 3),
    ],
)
def test_loose_quotes_and_line_ends_are_malformed(text, row):
    for block in (1, 4, 1000):
        with pytest.raises(Malformed) as caught:
            read(text, block)
        assert caught.value.row == row


@pytest.mark.parametrize("raw", [b"a,b\nM\xfcller,2\n", b"a\nx\xc3", b"\xff\xfea\x00,\x00", b"a\n\xed\xa0\x80\n"])
def test_what_is_not_utf8_is_malformed(raw):
    with pytest.raises(Malformed, match="UTF-8"):
        read(raw)


@pytest.mark.parametrize(
    "text",
    [
        "x" * (LONGEST_RECORD + 1),
        "a\n1\n" + "," * (LONGEST_RECORD + 1) + "\n2",
        'a\n1\n"' + "\n" * LONGEST_RECORD + "2",
    ],
)
def test_an_endless_row_is_malformed_before_it_is_in_memory(text):
    with pytest.raises(Malformed, match="more than"):
        read(text, 1000)


def test_the_longest_row_is_read():
    text = "x" * LONGEST_RECORD
    assert read(f"a\n{text}\n") == [["a"], [text]]


def test_cells_are_written_as_they_are_read():
    cells = ["plain", "a,b", 'say "hi"', "two\nlines", "", " kept "]
    assert read(written(cells)) == [cells]


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=8)


@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=6),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    block=st.integers(1, 50),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
@settings(max_examples=3 * settings().max_examples)
def test_what_other_programs_write_is_read(rows, ending, block, quoting):
    # Python forgets to quote a cell with an LF where lines end in CR.
    quoting = csv.QUOTE_ALL if ending == "\r" else quoting
    text = io.StringIO()
    csv.writer(text, lineterminator=ending, quoting=quoting).writerows(rows)
    assert read("\ufeff" + text.getvalue(), block) == rows


@given(st.text(st.sampled_from('",\n\ra '), max_size=30))
@settings(max_examples=3 * settings().max_examples)
def test_the_size_of_the_blocks_makes_no_difference(text):
    outcomes = []
    for block in (1, 3, 1000):
        try:
            outcomes.append(read(text, block))
        except Malformed as fault:
            outcomes.append(fault.message)
    assert outcomes[0] == outcomes[1] == outcomes[2]
