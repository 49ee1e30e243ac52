"""CSV that runs nothing, in whatever program and with whatever separator it is opened."""

import csv
import io
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.text.csv_export import csv_text, harmless

SEPARATORS = ",;\t|:"
SIGNS = tuple("=+-@＝＋－＠")
# Names that mean harm, and letters enough to tell them from others.
SPITEFUL = st.text(alphabet=",;|:\t\n\r\" '=+-@＝＠\u200b\ufeff\xa0ab1", max_size=12)


def opened(text: str, separator: str, quoting: Literal[0, 3] = csv.QUOTE_MINIMAL) -> list[list[str]]:
    """The cells a program finds that cuts at `separator`, with or without heed for quotes."""
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting))


def first_seen(cell: str) -> str:
    return cell.lstrip(' "\t\r\n\xa0\u200b\ufeff')[:1]


def test_every_cell_is_quoted_those_of_the_heading_and_empty_ones_too():
    assert "".join(csv_text([["a", ""], ['say "hi"', "b"]])) == '"a",""\r\n"say ""hi""","b"\r\n'


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("x;=1+1;y", "x;'=1+1;y"),
        ("x\t=1+1", "x\t'=1+1"),
        ("x\n@SUM(A1)", "x\n'@SUM(A1)"),
        ('x;"=1"', 'x;\'"=1"'),
        ("x; \u200b=1", "x;' \u200b=1"),
        ("x =1", "x '=1"),
        ("=1+1", "'=1+1"),
        ("\t1", "'\t1"),
        ("\t\u200b＝cmd", "'\t'\u200b＝cmd"),
    ],
)
def test_an_apostrophe_stands_before_each_sign_that_a_cell_could_begin_with(cell, written):
    assert harmless(cell) == written


@pytest.mark.parametrize(
    "cell", ["", "Ana - Maria", "O'Neil-Ross", "b@example.org", "a=b", "C++", "Smith, Ann", "2030-01-08T10:15:30-05:00"]
)
def test_what_is_no_formula_stays_as_it_is(cell):
    assert harmless(cell) == cell


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_NONE])
@given(rows=st.lists(st.lists(SPITEFUL, min_size=1, max_size=4), max_size=4))
@example(rows=[["Stone", "x;=1+1;y"]])
@example(rows=[["a", "x\t=1+1"]])
@example(rows=[['"', ';"=1']])
def test_no_separator_makes_a_formula_of_any_cell(separator, quoting, rows):
    seen = opened("".join(csv_text(rows)), separator, quoting)
    assert not [cell for line in seen for cell in line if first_seen(cell) in SIGNS and first_seen(cell)]


@given(cells=st.lists(st.text(), min_size=1))
def test_a_reader_of_csv_gets_each_cell_but_for_apostrophes(cells):
    (line,) = opened("".join(csv_text([cells])), ",")
    assert [cell.replace("'", "") for cell in line] == [cell.replace("'", "") for cell in cells]
