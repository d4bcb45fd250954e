"""A record's sheet as a picture: 800 px wide at twice the pixels, the whole record in an iTXt chunk."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from erebus.blueprints.records import words
from erebus.blueprints.records.canvas import Canvas
from erebus.blueprints.records.fonts import Face, Family
from erebus.blueprints.records.layout import Piece, set_lines
from erebus.blueprints.records.qr import QUIET
from erebus.records import KEYWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from erebus.blueprints.records.qr import QrCode
    from erebus.blueprints.records.sheet import Part, Row, Sheet
    from erebus.wording import Change, Value

SCALE = 2
WIDTH = 800 * SCALE
_MARGIN = 40 * SCALE
_LABEL = 166 * SCALE
_INNER = WIDTH - 2 * _MARGIN
_GAP = 32 * SCALE
_STEP = 21 * SCALE  # from one line to the next
CHANGES_LIMIT = 2000 * SCALE  # pixels for the changes: what is beyond is told to be in the file

_TEXT = Face(Family.TEXT, 14 * SCALE)
_STRONG = Face(Family.TEXT, 14 * SCALE, 600)
_MONO = Face(Family.CODE, 12 * SCALE)
_SMALL = Face(Family.TEXT, 13 * SCALE)
_TITLE = Face(Family.TEXT, 23 * SCALE, 700)
_LEAD = Face(Family.TEXT, 18 * SCALE, 600)
_CODE = Face(Family.CODE, 17 * SCALE, 700)
_OK = [[(0.16, 0.55), (0.4, 0.78), (0.84, 0.28)]]
_FAIL = [[(0.2, 0.2), (0.8, 0.8)], [(0.8, 0.2), (0.2, 0.8)]]


class _Sheet:
    """What is to be drawn, from the top down; *y* is where the next thing goes."""

    def __init__(self) -> None:
        self.y = _MARGIN
        self._things: list[Callable[[Canvas], None]] = []

    def add(self, thing: Callable[[Canvas], None]) -> None:
        self._things.append(thing)

    def text(self, pieces: Iterable[Piece], x: int, width: int, step: int = _STEP, end: int | None = None) -> bool:
        """Set *pieces* from *x* on in lines at most *width* wide, each *step* high, and go on below them.

        Return whether all lines began above *end*; those that did not are left out.
        """
        for line in set_lines(pieces, width):
            if end is not None and self.y > end:
                return False
            baseline = self.y + round(step * 0.75)
            self._things += [partial(Canvas.text, x=x + run.x, baseline=baseline, run=run) for run in line]
            self.y += step
        return True

    def rule(self, thickness: int, ink: str) -> None:
        box = (_MARGIN, self.y, WIDTH - _MARGIN, self.y + thickness)
        self.add(partial(Canvas.rule, box=box, ink=ink))
        self.y += thickness

    def draw(self) -> Canvas:
        canvas = Canvas(WIDTH, self.y + _MARGIN)
        for thing in self._things:
            thing(canvas)
        return canvas


def draw(sheet: Sheet, code: QrCode, document: str) -> bytes:
    """Return *sheet* with the QR *code* as PNG; *document* is the record's file, which it carries."""
    paper = _Sheet()
    _head(paper, sheet)
    for row in sheet.rows:
        _row(paper, row)
    _changes(paper, sheet)
    for row in sheet.chain:
        _row(paper, row)
    _proof(paper, sheet, code)
    return paper.draw().png(KEYWORD, document)


def _head(paper: _Sheet, sheet: Sheet) -> None:
    word, ink = ("Succeeded", "green") if sheet.is_done else ("Failed", "red")
    size, top = 14 * SCALE, paper.y
    width = round(_STRONG.font.getlength(word))
    shape = _OK if sheet.is_done else _FAIL
    place = (WIDTH - _MARGIN - width - round(size * 1.4), top + 4 * SCALE, size)
    paper.add(partial(Canvas.shape, lines=shape, place=place, ink=ink))
    paper.text([Piece(word, _STRONG, ink)], WIDTH - _MARGIN - width, width + 1)
    paper.y = top
    room = _INNER - width - 3 * size
    paper.text([Piece(words.KIND, _SMALL, "soft")], _MARGIN, room, 19 * SCALE)
    paper.text([Piece(f"{sheet.title} · event #{sheet.number}", _TITLE, "ink")], _MARGIN, room, 30 * SCALE)
    paper.y += 14 * SCALE
    paper.rule(2 * SCALE, "ink")
    paper.y += 16 * SCALE
    paper.text([Piece(sheet.sentence, _LEAD, "ink")], _MARGIN, _INNER, 25 * SCALE)
    if sheet.why_not:
        paper.y += 4 * SCALE
        paper.text([Piece(f"Not done: {sheet.why_not}", _TEXT, "red")], _MARGIN, _INNER)
    paper.y += 16 * SCALE


def _row(paper: _Sheet, row: Row) -> None:
    _label(paper, row.name)
    for line in row.lines:
        paper.text([_piece(part) for part in line], _MARGIN + _LABEL, _INNER - _LABEL)
    paper.y += 7 * SCALE


def _label(paper: _Sheet, name: str) -> None:
    top = paper.y
    paper.text([Piece(name, _TEXT, "faint")], _MARGIN, _LABEL - 16 * SCALE)
    paper.y = top


def _piece(part: Part) -> Piece:
    return Piece(part.text, _MONO if part.is_code else _TEXT, "faint" if part.is_word else "ink")


def _changes(paper: _Sheet, sheet: Sheet) -> None:
    if not sheet.changes:
        return
    _label(paper, sheet.changes_title)
    end = paper.y + CHANGES_LIMIT
    place = {"x": _MARGIN + _LABEL, "width": _INNER - _LABEL}
    for index, change in enumerate(sheet.changes):
        if not paper.text(_pieces(change), **place, end=end):
            paper.text([Piece(words.left_out(index, len(sheet.changes)), _STRONG, "ink")], **place)
            break
        paper.y += 3 * SCALE
    paper.y += 4 * SCALE


def _pieces(change: Change) -> list[Piece]:
    pieces = [Piece(f"{change.name}: ", _TEXT, "faint")]
    if change.hidden:
        return [*pieces, Piece(change.hidden, _TEXT, "faint")]
    sides = [_side(value) for value in (change.before, change.after) if value]
    arrow = [Piece(" → ", _TEXT, "faint")] if len(sides) > 1 else []
    return [*pieces, sides[0], *arrow, *sides[1:]]


def _side(value: Value) -> Piece:
    return Piece(value.text, _TEXT, "faint" if value.is_word else "ink")


def _proof(paper: _Sheet, sheet: Sheet, code: QrCode) -> None:
    """Draw what proves the rest: the code on the left, the QR code on the right, as tall as the taller of them."""
    paper.y += 8 * SCALE
    paper.rule(SCALE, "line")
    top = paper.y + 12 * SCALE
    module, quiet = code.module * SCALE, QUIET * code.module * SCALE
    left = WIDTH - _MARGIN - code.width * SCALE + quiet  # the margin is as white
    place = (left + quiet, top + quiet)
    paper.add(partial(Canvas.modules, rows=code.rows, place=place, size=module))
    paper.y = top + 12 * SCALE
    room = left - _MARGIN - _GAP // 2
    paper.text([Piece("Verification code", _SMALL, "faint")], _MARGIN, room, 19 * SCALE)
    paper.text([Piece(sheet.code, _CODE, "ink")], _MARGIN, room, 27 * SCALE)
    for text in words.proof(sheet):
        paper.y += 8 * SCALE
        paper.text([Piece(text, _SMALL, "soft")], _MARGIN, room, 19 * SCALE)
    paper.y = max(paper.y, top + code.width * SCALE - quiet)
