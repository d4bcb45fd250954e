"""The verification code: the first 100 bits of SHA-256 over the signed payload, and Crockford's check character."""

from __future__ import annotations

import hashlib

from erebus.records.crockford import ALPHABET, CHECK, to_number, to_text

_LENGTH, _BITS, _GROUP = 20, 100, 4
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_GAPS = str.maketrans(dict.fromkeys("-\u2010\u2011\u2012\u2013\u2014\u2212"))


class CodeIsMistyped(ValueError):  # noqa: N818 - named after what happened
    """What was typed is no verification code; the text says what is wrong with it."""


def code_of(payload: bytes) -> str:
    """Return the code of *payload*: 20 characters and the check character, without gaps."""
    number = int.from_bytes(hashlib.sha256(payload).digest(), "big") >> (256 - _BITS)
    return to_text(number, _LENGTH) + CHECK[number % len(CHECK)]


def grouped(code: str, gap: str = "-") -> str:
    """Return *code*, or the digits of a hash, as it is shown to be compared: four characters a group."""
    return gap.join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def read_code(typed: str) -> str:
    """Return the code that was *typed*: either case, any gaps, O for 0, I or L for 1. Raises `CodeIsMistyped`."""
    code = "".join(typed.translate(_GAPS).split())
    code = code.upper().translate(_ALIKE) if code.isascii() else ""  # other letters have capitals in ASCII
    body, check = code[:_LENGTH], code[_LENGTH:]
    if len(code) != _LENGTH + 1 or not set(body) <= set(ALPHABET):
        message = (
            "A verification code has 20 letters and digits and one check character, in groups of four. Type it whole."
        )
        raise CodeIsMistyped(message)
    if check != CHECK[to_number(body) % len(CHECK)]:
        message = "A character of this code is mistyped: its check character does not fit. Compare it with the record."
        raise CodeIsMistyped(message)
    return code
