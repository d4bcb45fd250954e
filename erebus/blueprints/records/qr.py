"""The QR code of a record: as few modules as hold its link, and as many pixels a module as the sheet has room for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import segno

from erebus.records.links import MARK

QUIET = 4  # modules of white around it (ISO/IEC 18004, section 9.1)
WIDTH = 440  # px at most, with the white


@dataclass(frozen=True)
class QrCode:
    """A QR code: its rows of modules, dark ones 1, without the white around them."""

    rows: tuple[bytes, ...]

    @property
    def side(self) -> int:
        """Modules a side, with the white."""
        return len(self.rows) + 2 * QUIET

    @property
    def module(self) -> int:
        """Pixels a module."""
        return max(WIDTH // self.side, 1)

    @property
    def width(self) -> int:
        """Pixels a side, with the white."""
        return self.side * self.module

    @cached_property
    def path(self) -> str:
        """The dark modules as strokes of an SVG path, a row of modules being one unit high around whole numbers."""
        return "".join(f"M0 {y}{_strokes(row)}" for y, row in enumerate(self.rows))


def qr_code(link: str) -> QrCode:
    """Return the QR code of *link*, at the lowest level of correction: it is shown and printed, not worn."""
    head, mark, rest = link.rpartition(MARK)
    parts = link if _is_dense(link) else [head, mark + rest]  # each gets a mode of its own
    found = segno.make_qr(parts, error="l", boost_error=False)  # type: ignore[arg-type]  # takes parts, too
    return QrCode(tuple(bytes(module & 1 for module in row) for row in found.matrix))


def _is_dense(text: str) -> bool:
    """Return whether *text* has only characters of the alphanumeric mode (ISO/IEC 18004, table 5)."""
    return set(text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def _strokes(row: bytes) -> str:
    runs = ((dark, len(list(run))) for dark, run in groupby(row))
    return "".join(f"h{length}" if dark else f"m{length} 0" for dark, length in runs)
