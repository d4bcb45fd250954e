r"""Values as the log keeps them: strings, booleans, null and safe integers; everything else in its text form.

The text form of a moment is ISO 8601 in UTC with ``Z``, of an enumeration its value, of bytes their hexadecimal
digits, of anything else what `str` gives. A line of the log is one line: a control character, a mark that changes
the direction of text, a line separator or half a surrogate pair is written as its code point, ``\u202e``.
"""

from __future__ import annotations

import enum
import unicodedata
from datetime import UTC, datetime

SAFE_INTEGER = 2**53 - 1  # the largest that every JSON reader keeps exactly (RFC 8785, section 3.2.2.3)
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_ZERO_WIDTH_JOINERS = frozenset("\u200c\u200d")  # part of ordinary words and emoji, and of no danger

Value = str | bool | int | None


def recordable(value: object) -> Value:
    """Return *value* as the log keeps it."""
    if isinstance(value, enum.Enum):
        return recordable(value.value)
    if value is None or isinstance(value, (bool, str)):
        return printable(value) if isinstance(value, str) else value
    if isinstance(value, int) and abs(value) <= SAFE_INTEGER:
        return value
    return printable(_text(value))


def one_line(text: str, limit: int = 2000) -> str:
    """Return *text* on one line of at most *limit* characters; what was cut off is marked with an ellipsis."""
    line = " ".join(printable(text.replace("\r\n", "\n").replace("\n", " ")).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def printable(text: str) -> str:
    """Return *text* with the characters that cannot be seen written as code points."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _UNPRINTABLE or character in _ZERO_WIDTH_JOINERS:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - the end of the basic plane


def _text(value: object) -> str:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    return str(value)
