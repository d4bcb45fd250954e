"""Profile pictures made from a name: its initials on a colour that follows from the account's id.

The same person always gets the same picture, byte for byte as long as Pillow and the font stay the same; a new one is
drawn only when the initials change. 256 px, PNG, far below the 32 kB of ``product.md`` (*People*).
"""

from __future__ import annotations

import hashlib
import io
import unicodedata
from functools import cache

import fontpkg_inter
from PIL import Image as Canvas
from PIL import ImageDraw, ImageFont

SIDE = 256
_INK = "#0b0c14"
_COLOURS = (
    "#b7a6ff",
    "#7fd6c2",
    "#f6b17a",
    "#8fb8ff",
    "#f2a0c4",
    "#9fd67f",
    "#ffcf70",
    "#7fd0ee",
    "#d7a6f0",
    "#ff9f94",
    "#c3cf7a",
    "#b9c2e0",
)
_LETTER_SIZE = {1: 132, 2: 100}
_CODE_SIZE = 62
_UNASSIGNED = "\uffff"  # never a character, so that what a font draws for it is its sign for a missing glyph


def initials(name: str) -> str:
    """Return the first letter or digit of the first and of the last word of *name*, in capitals.

    A name without any letter or digit is stood for by its first character, an empty one by a question mark.
    """
    words = unicodedata.normalize("NFC", name).split()
    firsts = [next((c for c in word if c.isalnum()), "") for word in words]
    firsts = [first for first in firsts if first]
    if not firsts:
        return words[0][0] if words else "?"
    chosen = firsts if len(firsts) == 1 else [firsts[0], firsts[-1]]
    return "".join(_capital(character) for character in chosen)


def picture(user_id: str, name: str) -> bytes:
    """Return the picture of the account *user_id* called *name*, as PNG."""
    canvas = Canvas.new("RGB", (SIDE, SIDE), _colour(user_id))
    draw = ImageDraw.Draw(canvas)
    letters = initials(name)
    missing = next((character for character in letters if not _is_drawable(character)), None)
    if missing is None:
        _write(draw, letters, _font(_LETTER_SIZE[len(letters)]), SIDE / 2)
    else:
        _write(draw, "U+", _font(_CODE_SIZE), SIDE * 0.36)
        _write(draw, f"{ord(missing):04X}", _font(_CODE_SIZE), SIDE * 0.64)
    return _png(canvas)


def digest(png: bytes) -> str:
    """Return the address of the picture *png*: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(png).hexdigest()


def _capital(character: str) -> str:
    """Return *character* as a capital where that is one character (``ß`` is none, ``ǆ`` has one of its own)."""
    return character.upper() if len(character.upper()) == 1 else character


def _colour(user_id: str) -> str:
    return _COLOURS[hashlib.sha256(user_id.encode()).digest()[0] % len(_COLOURS)]


def _write(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, middle: float) -> None:
    """Centre what is inked of *text*, not its line box: initials have no descenders to leave room for."""
    left, top, right, bottom = font.getbbox(text)
    draw.text(((SIDE - left - right) / 2, middle - (top + bottom) / 2), text, font=font, fill=_INK)


def _png(canvas: Canvas.Image) -> bytes:
    file = io.BytesIO()
    canvas.quantize(64, dither=Canvas.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(fontpkg_inter.ROOT / "files" / "Inter[opsz,wght].ttf", size)
    font.set_variation_by_axes([32, 600])
    return font


def _is_drawable(character: str) -> bool:
    """Return whether the font has *character*, told by comparing with what it draws for a missing one."""
    font = _font(_CODE_SIZE)
    return bytes(font.getmask(character)) != bytes(font.getmask(_UNASSIGNED))
