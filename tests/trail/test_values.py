"""Values and sentences are data: on one line, in a form that every reader of JSON keeps exactly."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erebus import trail
from erebus.trail.chain import digest
from erebus.trail.tables import CONTENT
from erebus.trail.values import one_line, recordable
from tests.trail.conftest import KEY, Book, Colour, kept

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@pytest.mark.parametrize(
    ("value", "kept_as"),
    [
        (None, None),
        (True, True),
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (Colour.BLUE, "blue"),
        (Decimal("1.50"), "1.5"),
        (datetime(2026, 11, 24, 9, 41, tzinfo=UTC), "2026-11-24T09:41:00Z"),
        (b"\x00\xff", "00ff"),
        ("a\u202eb\x00c", "a\\u202eb\\u0000c"),
        ("\ud800", "\\ud800"),
        ("Zoë 中 👩\u200d🚀", "Zoë 中 👩\u200d🚀"),
    ],
)
def test_a_value_is_kept_in_its_documented_form(value: object, kept_as: object) -> None:
    assert recordable(value) == kept_as


@given(st.text(st.characters(codec=None)))
def test_any_text_is_one_line_that_can_be_hashed_and_stored(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert "\x00" not in line
    assert json.loads(rfc8785.dumps(line)) == line


contents = st.dictionaries(st.sampled_from(CONTENT), st.text(st.characters(codec="utf-8")) | st.booleans() | st.none())


@given(contents)
def test_the_digest_is_over_the_canonical_text(content: dict[str, Any]) -> None:
    whole = {**dict.fromkeys(CONTENT), **content}

    made = digest(KEY, "a", whole)

    assert made == hmac.digest(KEY, rfc8785.dumps({"log_id": "a", **whole}), "sha256")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(title=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=50))
def test_whatever_is_stored_verifies(session: Session, title: str) -> None:
    session.add(Book(shelf_id="a", title=title))
    session.commit()

    assert kept(session)[-1].changes[0]["after"] == recordable(title)
    assert trail.verify(session.connection(), "a").is_sound
