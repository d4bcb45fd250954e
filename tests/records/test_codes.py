"""Codes, base32 and keys, by what their standards say."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erebus.records import (
    CodeIsMistyped,
    NotARecord,
    PublicKeys,
    code_of,
    crockford,
    grouped,
    key_id,
    read_code,
    read_jwks,
)
from erebus.records.crockford import ALPHABET, CHECK
from tests.records.making import KEY, KEYS

pytestmark = pytest.mark.pure

RFC_8037 = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


@given(st.binary(max_size=200))
def test_base32_comes_back_and_has_one_spelling(data: bytes) -> None:
    text = crockford.encode(data)
    assert set(text) <= set(ALPHABET)
    assert crockford.decode(text) == data
    for end in ALPHABET if text else "":
        if end != text[-1]:
            try:
                assert crockford.decode(text[:-1] + end) != data
            except NotARecord:
                continue


@given(st.text(ALPHABET, max_size=40))
def test_what_base32_reads_is_what_it_writes(text: str) -> None:
    try:
        data = crockford.decode(text)
    except NotARecord:
        return
    assert crockford.encode(data) == text


@pytest.mark.parametrize(("data", "text"), [(b"", ""), (b"\0", "00"), (b"f", "CR"), (b"foobar", "CSQPYRK1E8")])
def test_base32_is_that_of_rfc_4648_in_crockfords_letters(data: bytes, text: str) -> None:
    assert crockford.encode(data) == text


@pytest.mark.parametrize("text", ["l", "I0", "0O", "u0", "00\n", "é0", "0 0", "0-0", "٠0", "000", "0"])
def test_base32_takes_nothing_else(text: str) -> None:
    with pytest.raises(NotARecord):
        crockford.decode(text)


@given(st.binary(max_size=50))
def test_a_code_is_the_first_100_bits_and_a_check(payload: bytes) -> None:
    code = code_of(payload)
    number = int(hashlib.sha256(payload).hexdigest()[:25], 16)
    assert [ALPHABET.index(c) for c in code[:20]] == [number >> 5 * (19 - at) & 31 for at in range(20)]
    assert code[20] == CHECK[number % 37]
    shown = grouped(code)
    assert shown.count("-") == 5
    for typed in (shown, shown.lower(), code, f"  {shown} ", shown.replace("-", " "), shown.replace("-", "\u2011")):
        assert read_code(typed) == code
    assert read_code(shown.replace("0", "o").replace("1", "l")) == code


@given(st.binary(max_size=50), st.integers(0, 20), st.sampled_from(CHECK))
def test_one_wrong_character_is_found(payload: bytes, place: int, other: str) -> None:
    code = code_of(payload)
    if other != code[place]:
        with pytest.raises(CodeIsMistyped):
            read_code(code[:place] + other + code[place + 1 :])


@given(st.binary(max_size=50), st.integers(0, 18))
def test_two_neighbours_that_changed_places_are_found(payload: bytes, place: int) -> None:
    code = code_of(payload)
    if code[place] != code[place + 1]:
        with pytest.raises(CodeIsMistyped):
            read_code(code[:place] + code[place + 1] + code[place] + code[place + 2 :])


@pytest.mark.parametrize(
    "typed", ["", "0", "-" * 30, "0" * 20, "0" * 22, "٠" * 21, "ſ" * 21, "\ud800" * 21, "0" * 10**6]
)
def test_what_is_no_code_is_refused_with_what_a_code_is(typed: str) -> None:
    with pytest.raises(CodeIsMistyped, match="20 letters and digits"):
        read_code(typed)


def test_a_keys_id_begins_its_thumbprint_as_in_rfc_8037() -> None:
    assert key_id(RFC_8037) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"[:16]


def test_keys_come_back_from_their_set() -> None:
    keys = PublicKeys([KEY.public, RFC_8037, KEY.public]).as_jwks()
    assert [key["kid"] for key in keys["keys"]] == [KEY.id, key_id(RFC_8037)]
    assert keys["keys"][1]["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert read_jwks(json.loads(json.dumps(keys))).as_jwks() == keys


GOOD: dict[str, Any] = KEYS.as_jwks()["keys"][0]


@pytest.mark.parametrize(
    "keys",
    [
        None,
        [],
        {},
        "keys",
        {"keys": None},
        {"keys": []},
        {"keys": "x"},
        {"keys": [None]},
        {"keys": [{**GOOD, "x": None}]},
        {"keys": [{**GOOD, "x": GOOD["x"][:-1]}]},
        {"keys": [{**GOOD, "x": GOOD["x"] + "!"}]},
        {"keys": [{**GOOD, "x": "é"}]},
        {"keys": [{**GOOD, "crv": "P-256"}]},
    ],
    ids=str,
)
def test_what_is_no_set_of_keys_is_refused(keys: Any) -> None:
    with pytest.raises(ValueError, match="no list of public keys"):
        read_jwks(keys)
