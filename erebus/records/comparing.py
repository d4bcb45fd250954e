"""Where a payload differs from what is known of the same event: by the names of its members, never a value."""

from __future__ import annotations

import hashlib
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from erebus.records.payload import canonical, is_abridged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def differences(said: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the members in which *said*, as a payload has them, differs from *known*, every text whole.

    A change that differs is named by its place: ``changes.1`` is the first one.
    """
    names = [name for name in {**known, **said} if name not in {"changes", "moreChanges"}]
    wrong = [name for name in names if not _is_same(said, known, name)]
    return (*wrong, *_in_changes(said, list(known.get("changes", ()))))


def _is_same(said: Mapping[str, Any], known: Mapping[str, Any], name: str) -> bool:
    return name in said and name in known and _says(said[name], known[name])


def _says(said: Any, known: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether *said*, or what it stands for, is *known*. Python takes 1 for True; a record does not."""
    if is_abridged(said) and isinstance(known, str):
        return bool(said == {"length": len(known), "sha256": hashlib.sha256(known.encode()).hexdigest()})
    return type(said) is type(known) and bool(said == known)


def _in_changes(said: Mapping[str, Any], known: list[dict[str, Any]]) -> Iterator[str]:
    told, more = said.get("changes", []), said.get("moreChanges")
    for place, (one, other) in enumerate(zip_longest(told, known[: len(told)]), 1):
        is_same = other is not None and one.keys() == other.keys() and all(_says(one[n], other[n]) for n in one)
        if not is_same:
            yield f"changes.{place}"
    rest = known[len(told) :]
    if more != ({"count": len(rest), "sha256": hashlib.sha256(canonical(rest)).hexdigest()} if rest else None):
        yield "moreChanges"
