"""What differs between two texts is marked; nothing of either is lost, and it costs little."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from erebus.blueprints.audit.differences import Part, differences, mark

pytestmark = pytest.mark.pure

WORDS = st.lists(st.sampled_from(["the", "relay", "is", "down", ",", " ", "  ", "é", "ไทย", "語"])).map("".join)
TEXTS = st.one_of(st.text(), WORDS)


def joined(parts: tuple[Part, ...], *, same_only: bool = False) -> str:
    return "".join(part.text for part in parts if not (same_only and part.differs))


@given(TEXTS, TEXTS)
@example("", "a")
@example("a b a b", "b a b a")
def test_parts_joined_are_the_texts_and_what_is_not_marked_is_the_same(before: str, after: str) -> None:
    old, new = differences(before, after)

    assert (joined(old), joined(new)) == (before, after)
    assert joined(old, same_only=True) == joined(new, same_only=True)
    for parts in (old, new):
        assert all(part.text for part in parts)
        assert all(one.differs != other.differs for one, other in pairwise(parts))


@given(TEXTS)
def test_same_texts_have_no_difference(text: str) -> None:
    assert not any(part.differs for parts in differences(text, text) for part in parts)
    assert mark(text, text) is None


def test_whole_words_are_marked() -> None:
    marked = mark("Restart the relay first, then look at the queue.", "Restart the relays first, then the queue.")

    assert marked == (
        (
            Part("Restart the ", False),
            Part("relay", True),
            Part(" first, then", False),
            Part(" look at", True),
            Part(" the queue.", False),
        ),
        (
            Part("Restart the ", False),
            Part("relays", True),
            Part(" first, then the queue.", False),
        ),
    )


def test_texts_without_spaces_are_marked_by_character() -> None:
    before = "私は東京に住んでいます。毎日電車で会社に通っていますが楽しいです。"

    marked = mark(before, before.replace("東京", "京都"))

    assert marked
    assert [part.text for part in marked[0] if part.differs] in (["東京"], ["東"])


@pytest.mark.parametrize(
    ("before", "after"),
    [("short", "shore"), ("x" * 40, "y" * 40), ("one two three four five six seven", "a b c d e f g h i j k")],
)
def test_short_texts_and_texts_that_are_two_are_not_marked(before: str, after: str) -> None:
    assert mark(before, after) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a b " * 500, "b a " * 500),
        ("ab" * 1000, "ba" * 1000),
        ("." * 2000, "." * 1999 + "!"),
        ("語体" * 1000, "体語" * 1000),
        (" ".join(map(str, range(500))), " ".join(map(str, reversed(range(500))))),
        ("x " * 1000, "y " + "x " * 999),
    ],
)
def test_two_long_texts_cost_little_whatever_they_are(before: str, after: str) -> None:
    start = time.process_time()
    old, new = differences(before, after)

    assert time.process_time() - start < 0.5
    assert (joined(old), joined(new)) == (before, after)
