"""The fonts of a record's picture, and what is drawn for each character: itself, or its code point if no font has it.

No ligatures and no kerning: every character stands as it is, on every machine alike, and widths add up.
"""

from __future__ import annotations

import enum
import unicodedata
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import NamedTuple

import fontpkg_inter
import fontpkg_jetbrains_mono
from PIL import ImageFont

_PROBE = 20  # pixels at which it is looked whether a font has a character
_UNASSIGNED = "\uffff"  # never a character, so that what a font draws for it is its sign for a missing glyph
_NO_SIGNS = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
_OPTICAL = (14, 32)  # what the axis of Inter's optical size takes
_CODE_SIZE = 0.78  # of a code point, to the text around it


class Family(enum.Enum):
    """A family of letters: the file that it is in."""

    TEXT = fontpkg_inter.ROOT / "files" / "Inter[opsz,wght].ttf"
    CODE = fontpkg_jetbrains_mono.ROOT / "files" / "JetBrainsMono[wght].ttf"


@dataclass(frozen=True)
class Face:
    """Letters of a *family* at a *size* in pixels and a *weight* from 100 to 800."""

    family: Family
    size: int
    weight: int = 400

    @cached_property
    def font(self) -> ImageFont.FreeTypeFont:
        """The font to draw with."""
        return _load(self)

    @cached_property
    def other(self) -> Face:
        """The face of the other family that takes its place where it lacks a character."""
        return replace(self, family=Family.CODE if self.family is Family.TEXT else Family.TEXT)

    @cached_property
    def of_codes(self) -> Face:
        """The face of code points."""
        return Face(Family.CODE, round(self.size * _CODE_SIZE))


class Glyph(NamedTuple):
    """What is drawn for a character: *text* in *face*, *width* pixels wide; *is_code* if it is the code point."""

    text: str
    face: Face
    width: int
    is_code: bool = False


@lru_cache(maxsize=16384)
def glyph(face: Face, character: str) -> Glyph:
    """Return what is drawn for *character* in a text of *face*."""
    for candidate in (face, face.other):
        if has(candidate.family, character):
            return Glyph(character, candidate, round(candidate.font.getlength(character)))
    code, small = f"U+{ord(character):04X}", face.of_codes
    margin = round(face.size * 0.3)
    return Glyph(code, small, round(small.font.getlength(code)) + 2 * margin, is_code=True)


@lru_cache(maxsize=16384)
def has(family: Family, character: str) -> bool:
    """Return whether *family* has *character*, told by comparing with what it draws for a missing one.

    What a font has for characters of private use, or for such as are not seen, is nothing that a reader knows.
    """
    if unicodedata.category(character) in _NO_SIGNS:
        return False
    return bytes(_probe(family).getmask(character)) != _missing(family)


@lru_cache(maxsize=2)
def _missing(family: Family) -> bytes:
    return bytes(_probe(family).getmask(_UNASSIGNED))


def _probe(family: Family) -> ImageFont.FreeTypeFont:
    return _load(Face(family, _PROBE))


@lru_cache(maxsize=64)
def _load(face: Face) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(face.family.value, face.size, layout_engine=ImageFont.Layout.BASIC)
    optical = min(max(face.size // 2, _OPTICAL[0]), _OPTICAL[1])
    font.set_variation_by_axes([optical, face.weight] if face.family is Family.TEXT else [face.weight])
    return font
