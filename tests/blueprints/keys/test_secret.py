"""Secrets: their shape, their checksum, and what is kept of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erebus.blueprints.keys import secret
from erebus.blueprints.keys.models import Environment
from erebus.leaks import mask

SECRETS = st.builds(
    lambda environment, body: environment.prefix + body + secret.checksum(environment.prefix + body),
    st.sampled_from(Environment),
    st.text(secret.ALPHABET, min_size=secret.RANDOM_LENGTH, max_size=secret.RANDOM_LENGTH),
)


@pytest.mark.parametrize(("environment", "prefix"), [("development", "dv-er-"), ("production", "sk-er-")])
def test_a_secret_has_the_prefix_of_its_environment_and_48_letters_and_digits(environment: str, prefix: str) -> None:
    made = secret.generate(Environment(environment).prefix)

    assert made.text.startswith(prefix)
    assert len(made.text) == len(prefix) + 48
    assert made.text.removeprefix(prefix).isalnum()
    assert made.text.isascii()


def test_what_is_kept_of_a_secret_is_prefix_last_four_and_digest() -> None:
    made = secret.generate("sk-er-")

    assert (made.prefix, made.last_four) == ("sk-er-", made.text[-4:])
    assert made.digest == secret.digest(made.text)
    assert made.text[6:-4] not in repr(made)


def test_no_two_secrets_are_alike() -> None:
    assert len({secret.generate("dv-er-").text for _ in range(1000)}) == 1000


@given(SECRETS)
def test_a_secret_is_well_formed(text: str) -> None:
    assert secret.is_well_formed(text)


@given(SECRETS, st.data())
def test_any_single_mistyped_character_is_found(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    wrong = data.draw(st.characters().filter(lambda character: character != text[place]))

    assert not secret.is_well_formed(text[:place] + wrong + text[place + 1 :])


@given(SECRETS, st.data())
def test_two_neighbours_that_have_changed_places_are_found(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 2))
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]

    assert secret.is_well_formed(swapped) == (swapped == text)


@given(SECRETS, st.data())
def test_a_left_out_or_added_character_is_found(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 1))

    assert not secret.is_well_formed(text[:place] + text[place + 1 :])
    assert not secret.is_well_formed(text[:place] + "a" + text[place:])


@given(st.text())
def test_any_text_is_answered_without_an_error(text: str) -> None:
    assert not secret.matches(text, "0" * 64)


@given(SECRETS, SECRETS)
def test_a_digest_is_matched_by_its_secret_alone(text: str, other: str) -> None:
    assert secret.matches(text, secret.digest(text))
    assert secret.matches(other, secret.digest(text)) == (other == text)


@given(SECRETS)
def test_the_digest_does_not_hold_the_secret(text: str) -> None:
    assert len(secret.digest(text)) == 64
    assert text[6:20] not in secret.digest(text)


@given(SECRETS, st.text("abc -", max_size=20), st.text("abc -", max_size=20))
def test_a_secret_within_a_text_is_masked(text: str, before: str, after: str) -> None:
    masked = mask(f"{before} {text} {after}")

    assert text[6:-4] not in masked
    assert f"{text[:6]}…{text[-4:]}" in masked
    assert mask(masked) == masked
