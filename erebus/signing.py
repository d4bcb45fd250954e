"""The keys of this installation that sign records and verify them.

They are read anew each time: a key that was rotated counts at once, in every process.
"""

from __future__ import annotations

from erebus import config
from erebus.plugins import installation
from erebus.records import PublicKeys, SigningKey


def signing_key() -> SigningKey:
    """Return the key that signs records now. Raises OSError where it can be neither read nor made."""
    return SigningKey(config.record_key(installation().settings))


def public_keys() -> PublicKeys:
    """Return the keys that records of this installation are verified with, the current one first. Raises OSError."""
    return PublicKeys([signing_key().public, *config.record_old_keys(installation().settings)])
