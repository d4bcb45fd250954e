"""Crockford's base32: digits and capitals without I, L, O and U, five bits each, the first bits first."""

from __future__ import annotations

from erebus.records.payload import NotARecord

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK = ALPHABET + "*~$=U"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_BITS = 5


def encode(data: bytes) -> str:
    """Return *data* as text; its last character is filled up with zero bits."""
    bits = len(data) * 8
    length = -(-bits // _BITS)
    number = int.from_bytes(data, "big") << (length * _BITS - bits)
    return to_text(number, length)


def decode(text: str) -> bytes:
    """Return what *text*, in capitals, stands for. Raises `NotARecord` for anything that `encode` does not write."""
    if not _VALUES.keys() >= set(text):
        message = "it has characters that no link of a record has"
        raise NotARecord(message)
    number = to_number(text)
    length, spare = divmod(len(text) * _BITS, 8)
    if spare >= _BITS or number & ((1 << spare) - 1):
        message = "its end was cut off or changed"
        raise NotARecord(message)
    return (number >> spare).to_bytes(length, "big")


def to_text(number: int, length: int) -> str:
    """Return *number* in *length* characters."""
    bits = f"{number:0{length * _BITS}b}" if length else ""
    return "".join(ALPHABET[int(bits[at : at + _BITS], 2)] for at in range(0, len(bits), _BITS))


def to_number(text: str) -> int:
    """Return the number that *text* stands for."""
    bits = "".join(f"{_VALUES[character]:0{_BITS}b}" for character in text)
    return int(bits or "0", 2)
