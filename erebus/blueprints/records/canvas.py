"""A sheet of white pixels to draw on, in a palette of few colours: a third of the time and size of true colours.

A pixel is an index. 0 to `_WHITE` goes from ink to white, so that letters can be drawn with soft edges straight away;
above it lie short scales from white to each of the other colours.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageColor, ImageDraw, PngImagePlugin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from erebus.blueprints.records.layout import Run

_WHITE = 191
_STEPS = 31
_GREYS = {"ink": 0, "soft": 48, "faint": 74, "line": 164}
_COLOURS = {"red": 192, "green": 224}
_SCALES = {"red": "#b92b25", "green": "#14744a"}
_INK = "#12141f"
_FINER = 4  # times: shapes are drawn larger and made smaller, for soft edges
_COMPRESSION = 6
_OPAQUE = [255 * (value > 0) for value in range(256)]


class Canvas:
    """What is drawn on, *width* by *height* pixels."""

    def __init__(self, width: int, height: int) -> None:
        """Take white paper."""
        self._image = Image.new("L", (width, height), _WHITE)
        self._draw = ImageDraw.Draw(self._image)

    def text(self, x: int, baseline: int, run: Run) -> None:
        """Write *run* from *x* on; a code point gets a frame."""
        if run.is_code:
            self._frame(x, baseline, run)
            x += (run.width - round(run.face.font.getlength(run.text))) // 2
        if run.ink in _GREYS:
            self._draw.text((x, baseline), run.text, font=run.face.font, fill=_GREYS[run.ink], anchor="ls")
            return
        left, top, right, bottom = (round(edge) for edge in run.face.font.getbbox(run.text, anchor="ls"))
        mask = Image.new("L", (max(right - left, 1), max(bottom - top, 1)))
        ImageDraw.Draw(mask).text((-left, -top), run.text, font=run.face.font, fill=255, anchor="ls")
        self._tint(mask, x + left, baseline + top, run.ink)

    def rule(self, box: tuple[int, int, int, int], ink: str) -> None:
        """Fill *box* (left, top, right, bottom; the last two are outside)."""
        left, top, right, bottom = box
        self._draw.rectangle((left, top, right - 1, bottom - 1), fill=_GREYS[ink])

    def shape(self, lines: Sequence[Sequence[tuple[float, float]]], place: tuple[int, int, int], ink: str) -> None:
        """Draw *lines* within a unit square, at *place* (left, top, size)."""
        left, top, size = place
        fine = size * _FINER
        large = Image.new("L", (fine, fine))
        draw, width = ImageDraw.Draw(large), round(fine * 0.17)
        for line in lines:
            points = [(x * fine, y * fine) for x, y in line]
            draw.line(points, fill=255, width=width, joint="curve")
            for x, y in (points[0], points[-1]):
                draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
        self._tint(large.resize((size, size), Image.Resampling.BOX), left, top, ink)

    def modules(self, rows: Sequence[bytes], place: tuple[int, int], size: int) -> None:
        """Draw the *rows* of a code, *size* pixels a module, from *place* on."""
        side = len(rows)
        small = Image.frombytes("L", (side, side), bytes(0 if dark else _WHITE for row in rows for dark in row))
        self._image.paste(small.resize((side * size, side * size), Image.Resampling.NEAREST), place)

    def png(self, name: str, text: str) -> bytes:
        """Return the picture as PNG, with *text* in a chunk of this *name*."""
        chunks, file = PngImagePlugin.PngInfo(), io.BytesIO()
        chunks.add_itxt(name, text, zip=True)
        self._image.putpalette(_palette())
        self._image.save(file, "PNG", pnginfo=chunks, compress_level=_COMPRESSION, dpi=(192, 192))
        return file.getvalue()

    def _frame(self, x: int, baseline: int, run: Run) -> None:
        size = run.face.size
        box = (x + size * 0.15, baseline - size * 0.98, x + run.width - size * 0.15, baseline + size * 0.28)
        self._draw.rounded_rectangle(box, radius=size * 0.2, outline=_GREYS["faint"], width=2)

    def _tint(self, mask: Image.Image, left: int, top: int, ink: str) -> None:
        """Lay the colour *ink* over where *mask* is not empty."""
        first = _COLOURS[ink]
        scale = [first + round(value / 255 * _STEPS) for value in range(256)]
        self._image.paste(mask.point(scale), (left, top), mask.point(_OPAQUE))


def _palette() -> bytes:
    ink, white = ImageColor.getrgb(_INK), (255, 255, 255)
    colours = [_between(ink, white, step / _WHITE) for step in range(_WHITE + 1)]
    for name in _COLOURS:
        colours += [_between(white, ImageColor.getrgb(_SCALES[name]), step / _STEPS) for step in range(_STEPS + 1)]
    return bytes(part for colour in colours for part in colour)


def _between(one: Sequence[int], other: Sequence[int], share: float) -> list[int]:
    return [round(a + (b - a) * share) for a, b in zip(one[:3], other[:3], strict=True)]
