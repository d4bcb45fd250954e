"""CSV that reads back as it was written, and that no spreadsheet runs anything of."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erebus.blueprints.exports.spreadsheet import GUARD, as_csv

pytestmark = pytest.mark.pure

CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "'", "''=1", ",", '"', '","', "\r\n", "\ufeff", "＝1"]
)


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=4))
def test_it_reads_back_but_for_the_apostrophe(rows: list[list[str]]) -> None:
    content = as_csv(rows)

    assert [[cell.removeprefix(GUARD) for cell in row] for row in read(content)] == rows
    assert not [cell for row in read(content) for cell in row if cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))]


def test_rows_end_as_the_rfc_has_it_and_a_mark_says_which_encoding_it_is() -> None:
    assert as_csv([["a", "é"], ["b,", 'c"']]) == '\ufeffa,é\r\n"b,","c"""\r\n'.encode()


@pytest.mark.parametrize(("value", "cell"), [(None, ""), (True, "true"), (False, "false"), (12, "12"), (-1, "'-1")])
def test_what_is_no_text_has_one_spelling(value: object, cell: str) -> None:
    assert read(as_csv([["x", value]])) == [["x", cell]]
