"""Where two texts differ: each as parts that are the same in the other one, and parts that are not. Pure.

By words, in scripts without spaces by characters. What it costs is bounded: where too much would have to be compared
(the same few words again and again), only the same beginning and the same end are told from what lies between.
"""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Stretch = tuple[bool, list[str], list[str]]

_SHORT = 30  # characters; shorter texts are taken in at a glance
_MOST_PAIRS = 20_000  # of equal words: some ten milliseconds
_TELLING = 4  # characters between two differences; fewer that are the same only make it harder to read
_ALIKE = 0.25  # of the longer text; below that, the texts are two
_WORDLESS = r"\u0e00-\u0eff\u1780-\u17ff\u2e80-\u9fff"
_TOKENS = re.compile(rf"\s+|[{_WORDLESS}]|[!-/:-@\[-`{{-~]|[^\s!-/:-@\[-`{{-~{_WORDLESS}]+")


class Part(NamedTuple):
    """A part of a text, and whether it differs from the other text."""

    text: str
    differs: bool


Marked = tuple[tuple[Part, ...], tuple[Part, ...]]


def mark(before: str, after: str) -> Marked | None:
    """Return both texts in parts; None where nothing is to be pointed out: short, the same, or hardly alike."""
    if before == after or max(len(before), len(after)) < _SHORT:
        return None
    marked = differences(before, after)
    same = sum(len(part.text) for part in marked[0] if not part.differs)
    return marked if same >= _ALIKE * max(len(before), len(after)) else None


def differences(before: str, after: str) -> Marked:
    """Return both texts in parts, which joined are the texts."""
    stretches = list(_stretches(_TOKENS.findall(before), _TOKENS.findall(after)))
    old = _parts((is_same, words) for is_same, words, _ in stretches)
    new = _parts((is_same, words) for is_same, _, words in stretches)
    return old, new


def _stretches(before: list[str], after: list[str]) -> Iterator[Stretch]:
    """Yield the texts from beginning to end in pairs of stretches, and whether the two are the same."""
    start = _shared(before, after)
    head, before, after = before[:start], before[start:], after[start:]
    end = _shared(before[::-1], after[::-1])
    old, new = before[: len(before) - end], after[: len(after) - end]
    tail = before[len(before) - end :]
    yield True, head, head
    yield from _compared(old, new) if _is_cheap(old, new) else [(False, old, new)]
    yield True, tail, tail


def _shared(before: list[str], after: list[str]) -> int:
    """Return with how many of the same words both begin."""
    pairs = zip(before, after, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _is_cheap(before: list[str], after: list[str]) -> bool:
    ours, theirs = Counter(before), Counter(after)
    return sum(count * theirs[word] for word, count in ours.items() if not _is_between(word)) <= _MOST_PAIRS


def _compared(before: list[str], after: list[str]) -> Iterator[Stretch]:
    for kind, i, j, k, m in SequenceMatcher(_is_between, before, after, autojunk=False).get_opcodes():
        is_same = kind == "equal" and sum(map(len, before[i:j])) >= _TELLING
        yield is_same, before[i:j], after[k:m]


def _is_between(word: str) -> bool:
    """Return whether *word* stands between words: found in both texts, it says nothing by itself."""
    return not word[0].isalnum()


def _parts(stretches: Iterable[tuple[bool, list[str]]]) -> tuple[Part, ...]:
    """Return the words of one text joined, as far as neighbours are of a kind."""
    kinds = groupby(((is_same, "".join(words)) for is_same, words in stretches if words), key=lambda pair: pair[0])
    return tuple(Part("".join(text for _, text in found), not is_same) for is_same, found in kinds)
