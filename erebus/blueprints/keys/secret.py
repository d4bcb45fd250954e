"""Secrets of API keys: how they are made, recognised, stored and compared. Knows no database.

A secret is a prefix that tells the environment, 42 letters and digits from a cryptographic source, and 6 of checksum
over all before them: a mistyped one is refused without a query, and a scanner can tell ours from any other text.
SHA-256 without salt or stretching is enough to store it: 42 of 62 characters hold 250 bits, which nobody guesses.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
import zlib
from dataclasses import dataclass, field

from erebus.leaks import SHAPE

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_LENGTH, CHECKSUM_LENGTH = 42, 6
_SHOWN_AT_THE_END = 4


@dataclass(frozen=True)
class Secret:
    """A secret and what may be kept of it. Its text is not part of its `repr`, so that no traceback shows it."""

    text: str = field(repr=False)
    prefix: str
    last_four: str
    digest: str = field(repr=False)


def generate(prefix: str) -> Secret:
    """Return a new secret that starts with *prefix* (``dv-er-`` or ``sk-er-``)."""
    body = prefix + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    text = body + checksum(body)
    return Secret(text, prefix, text[-_SHOWN_AT_THE_END:], digest(text))


def checksum(body: str) -> str:
    """Return the six characters that follow *body*: its CRC-32 in base 62, which finds every single wrong character."""
    number, characters = zlib.crc32(body.encode("ascii")), []
    for _ in range(CHECKSUM_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[rest])
    return "".join(reversed(characters))


def is_well_formed(text: str) -> bool:
    """Return whether *text* can be a secret of ours: shape and checksum. Asks no database."""
    if not SHAPE.fullmatch(text):
        return False
    return hmac.compare_digest(checksum(text[:-CHECKSUM_LENGTH]), text[-CHECKSUM_LENGTH:])


def digest(text: str) -> str:
    """Return what is stored of the secret *text*: SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def matches(text: str, stored: str) -> bool:
    """Return whether *text* is the secret whose digest is *stored*; takes as long whether or not it is."""
    return is_well_formed(text) and hmac.compare_digest(digest(text), stored)
