"""Breaking texts into lines of a width: between words, and within one that is longer than a line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from erebus.blueprints.records.fonts import Face, Glyph, glyph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORDS = re.compile(r" +|[^ ]+")


class Piece(NamedTuple):
    """A text to be set in *face* with the ink of this name."""

    text: str
    face: Face
    ink: str


class Run(NamedTuple):
    """A part of a line, *x* pixels from its beginning, in one face and ink; *is_code* as in `Glyph`."""

    x: int
    text: str
    face: Face
    ink: str
    width: int
    is_code: bool = False


@dataclass
class _Setter:
    """What has been set so far: *lines*, and where the last one ends."""

    limit: int
    lines: list[list[Run]] = field(default_factory=lambda: [[]])
    x: int = 0

    def put(self, glyphs: list[Glyph], ink: str) -> None:
        """Set *glyphs*, a word or the space between two: on this line if they fit, else on the next."""
        width = sum(g.width for g in glyphs)
        is_space = glyphs[0].text == " "
        if self.x + width > self.limit and self.x:
            self._break()
            if is_space:
                return
        for one in glyphs:
            if self.x + one.width > self.limit and self.x:
                self._break()
            self._add(one, ink)

    def _add(self, one: Glyph, ink: str) -> None:
        line = self.lines[-1]
        last = line[-1] if line else None
        if last and not (one.is_code or last.is_code) and (last.face, last.ink) == (one.face, ink):
            line[-1] = last._replace(text=last.text + one.text, width=last.width + one.width)
        else:
            line.append(Run(self.x, one.text, one.face, ink, one.width, one.is_code))
        self.x += one.width

    def _break(self) -> None:
        self.lines.append([])
        self.x = 0


def set_lines(pieces: Iterable[Piece], limit: int) -> list[list[Run]]:
    """Return the lines, at most *limit* pixels wide, that *pieces* fill one after the other."""
    setter = _Setter(limit)
    for piece in pieces:
        for glyphs in _words(piece):
            setter.put(glyphs, piece.ink)
    return setter.lines


def _words(piece: Piece) -> Iterator[list[Glyph]]:
    for word in _WORDS.findall(piece.text):
        yield [glyph(piece.face, character) for character in word]
