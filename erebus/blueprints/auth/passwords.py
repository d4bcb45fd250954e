"""What a password must be, and how one is kept and compared.

Hashing takes about 145 ms on purpose: never inside `erebus.db.transaction`, where everybody else would wait for it.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import flask_security
from zxcvbn import zxcvbn

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST = 10
LONGEST = 128
_LEAST_SCORE = 3  # "safely unguessable: moderate protection from an offline attack" on zxcvbn's scale of 0 to 4
_JUDGED = 40  # characters that zxcvbn is given; what comes after can only make a password better
_STAND_INS = frozenset("4@8({[<3691!|70$5+%2")  # what zxcvbn reads as letters as well
_MOST_STAND_INS = 12  # different ones in what it is given: its work is exponential in them, all of them take seconds


def normalise(password: str) -> str:
    """Return *password* in the one form in which it is hashed, however a keyboard composes its accents."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, known: Iterable[str] = ()) -> str | None:
    """Return why *password* is too easily guessed and what to do, or None; *known* is what anybody knows of its owner.

    The judge is zxcvbn, which guesses like an attacker and so asks for no digits or signs.
    """
    result = zxcvbn(_judged(normalise(password)), user_inputs=[text for text in known if text])
    if result["score"] >= _LEAST_SCORE:
        return None
    feedback = result["feedback"]
    advice = " ".join([feedback["warning"], *feedback["suggestions"]]).strip()
    return f"This password is too easy to guess. {advice or 'Take a longer one, of several unusual words.'}"


def _judged(password: str) -> str:
    """Return as much of *password* as is judged, so that nobody can keep the server busy with one."""
    seen: set[str] = set()
    for place, character in enumerate(password[:_JUDGED]):
        seen |= {character} & _STAND_INS
        if len(seen) > _MOST_STAND_INS:
            return password[:place]
    return password[:_JUDGED]


def hashed(password: str) -> str:
    """Return the hash to keep of *password*; takes about 145 ms. Raises UnicodeEncodeError for lone surrogates."""
    return flask_security.hash_password(normalise(password))


def is_right(password: str, kept: str) -> bool:
    """Return whether *password* is the one that *kept* is the hash of; takes as long whichever it is."""
    return flask_security.verify_password(normalise(password), kept)
