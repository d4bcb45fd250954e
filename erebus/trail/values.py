r"""Values as the log keeps them: strings, booleans, null and safe integers; everything else in its text form.

The text form of a moment is ISO 8601 in UTC with ``Z`` (of one without a zone: without), of an enumeration its value,
of bytes their hexadecimal digits, of a decimal number its digits without trailing zeros, of a list or a mapping its
JSON with sorted keys, of anything else what `str` gives. A text of more than 2,000 characters is cut, and ends with
its length and its SHA-256. A line of the log is one line: a control character, a mark that changes the direction of
text, a line separator or half a surrogate pair is written as its code point, ``\u202e``.
"""

from __future__ import annotations

import enum
import hashlib
import json
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

SAFE_INTEGER = 2**53 - 1  # the largest that every JSON reader keeps exactly (RFC 8785, section 3.2.2.3)
VALUE_LIMIT = 2000  # characters
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_ZERO_WIDTH_JOINERS = frozenset("\u200c\u200d")  # part of ordinary words and emoji, and of no danger

Value = str | bool | int | None


def recordable(value: object) -> Value:
    """Return *value* as the log keeps it."""
    return keep(value)[0]


def keep(value: object) -> tuple[Value, bool]:
    """Return *value* as the log keeps it, and whether it is too long to be kept whole."""
    if value is None or (type(value) is str and len(value) <= VALUE_LIMIT and value.isascii() and value.isprintable()):
        return value, False  # most are
    whole = _whole(value)
    if isinstance(whole, str) and len(whole) > VALUE_LIMIT:
        return _cut(whole), True
    return whole, False


def one_line(text: str, limit: int = 2000) -> str:
    """Return *text* on one line of at most *limit* characters; what was cut off is marked with an ellipsis."""
    is_plain = text.isascii() and text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " "
    line = text if is_plain else " ".join(printable(text.replace("\r\n", "\n").replace("\n", " ")).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def printable(text: str) -> str:
    """Return *text* with the characters that cannot be seen written as code points."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _whole(value: object) -> Value:
    if isinstance(value, enum.Enum):
        return _whole(value.value)
    if value is None or isinstance(value, (bool, str)):
        return printable(value) if isinstance(value, str) else value
    if isinstance(value, int) and abs(value) <= SAFE_INTEGER:
        return int(value)
    return printable(_text(value))


def _cut(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[: VALUE_LIMIT - 120]}… [{len(text)} characters, SHA-256 {digest}]"


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _UNPRINTABLE or character in _ZERO_WIDTH_JOINERS:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - the end of the basic plane


def _text(value: object) -> str:
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.isoformat().replace("+00:00", "Z")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value.normalize():f}"
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return str(value)
