"""What gives the secret of an API key away in any text: forms refuse it, and what is kept is masked.

It lies below all features, for a secret can be pasted into anything that everybody reads: a name, a label, a reason.
"""

from __future__ import annotations

import re

SHAPE = re.compile(r"(?:dv|sk)-er-[0-9A-Za-z]{48}", re.ASCII)
"""What the secrets of API keys look like (``product.md``, *API keys*)."""
_SHOWN_AT_THE_START, _SHOWN_AT_THE_END = 6, 4


def mask(text: str) -> str:
    """Return *text* with everything in it that has the shape of a secret cut down to what may be seen of one.

    The checksum is not asked for: a secret with a typing error in it gives the true one away all the same.
    """
    return SHAPE.sub(lambda found: f"{found[0][:_SHOWN_AT_THE_START]}…{found[0][-_SHOWN_AT_THE_END:]}", text)


def has_secret(text: str) -> bool:
    """Return whether something in *text* has the shape of a secret."""
    return SHAPE.search(text) is not None
