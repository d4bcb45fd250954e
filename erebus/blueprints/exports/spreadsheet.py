"""Rows as CSV that a spreadsheet opens, and runs nothing of. Pure.

RFC 4180: commas, CRLF, quotes doubled. In front stands a byte order mark, or spreadsheets take UTF-8 for another
encoding and break every name with an accent; programs read it as ``utf-8-sig``. A cell that a spreadsheet could take
for a formula gets an apostrophe in front (OWASP, *CSV Injection*), and so does one that begins with an apostrophe: so
whoever takes one off each cell that begins with one has the value back.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

GUARD = "'"
_DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")
_BYTE_ORDER_MARK = "\ufeff"


def as_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """Return *rows* as a file. None is an empty cell, a truth value true or false."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return (_BYTE_ORDER_MARK + text.getvalue()).encode("utf-8", "backslashreplace")  # half a surrogate pair is no UTF-8


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return GUARD + text if text.startswith((*_DANGEROUS, GUARD)) else text
