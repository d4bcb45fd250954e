"""Whatever is altered is refused, or is another spelling of the very same value."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erebus.records import (
    KEYWORD,
    PNG,
    Document,
    NoRecord,
    NotARecord,
    Record,
    RestIsAltered,
    canonical,
    crockford,
    link_to,
    read_document,
    read_link,
    read_payload,
    read_png,
)
from erebus.records.fitting import deflate
from erebus.records.pictures import CHUNK_LIMIT
from tests.records.making import KEYS, drafts, plain_facts, plain_record
from tests.records.test_round_trip import ROOT, picture

pytestmark = pytest.mark.pure

RECORD = plain_record()
FILE = json.loads(RECORD.as_text())
FLIPS = (0x01, 0x80)


def is_taken(read: Callable[[], Document | Record]) -> bool:
    """Return whether what is read is a record of ours; nothing but `NotARecord` may be raised."""
    try:
        found = read()
    except NotARecord:
        return False
    return KEYS.has_signed(found.record if isinstance(found, Document) else found)


def flipped(data: bytes) -> Iterator[bytes]:
    for at in range(len(data)):
        for mask in FLIPS:
            yield data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def test_each_byte_of_the_payload_altered_is_refused() -> None:
    for payload in flipped(RECORD.payload):
        assert not KEYS.has_signed(Record(payload, RECORD.signature))


def test_each_byte_of_the_signature_altered_is_refused() -> None:
    for signature in flipped(RECORD.signature):
        assert not KEYS.has_signed(Record(RECORD.payload, signature))
        text = RECORD.as_text().replace(FILE["signature"], base64.urlsafe_b64encode(signature).decode().rstrip("="))
        assert not is_taken(lambda text=text: read_document(text))


def test_each_byte_in_the_link_altered_is_refused_or_says_the_same() -> None:
    data = RECORD.signature + deflate(RECORD.payload)
    for altered in flipped(data):
        link = ROOT + "/verify/" + crockford.encode(altered)
        if is_taken(lambda link=link: read_link(link)):
            assert read_link(link) == RECORD.record


def test_each_character_of_the_link_changed_left_out_or_doubled_is_refused_or_says_the_same() -> None:
    link = link_to(RECORD.record, ROOT)
    for at in range(link.rindex("/") + 1, len(link)):
        for other in ("", link[at] * 2, "0" if link[at] != "0" else "1", "U", "ſ", "\ud800", "%"):
            altered = link[:at] + other + link[at + 1 :]
            if is_taken(lambda altered=altered: read_link(altered)):
                assert read_link(altered) == RECORD.record


@given(drafts(), st.data())
def test_each_member_of_a_payload_altered_is_refused(
    draft: tuple[dict[str, Any], Document], data: st.DataObject
) -> None:
    members = read_payload(draft[1].payload)
    name = data.draw(st.sampled_from(sorted(members)))
    values = st.none() | st.booleans() | st.integers(0, 5) | st.text(max_size=5) | st.just([]) | st.just({})
    other = data.draw(values.filter(lambda value: canonical(value) != canonical(members[name])))
    assert not KEYS.has_signed(Record(canonical({**members, name: other}), draft[1].signature))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield (*path, name)
        yield from places(part, (*path, name))


def at(whole: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        whole = whole[name]
    return whole


def other_than(value: Any) -> Any:
    if isinstance(value, str):
        return value[:-1] + ("b" if value.endswith("a") else "a")
    if isinstance(value, bool):
        return not value
    return {None: ""}.get(value, 1) if value is None else value + 1 if isinstance(value, int) else None


@pytest.mark.parametrize("path", list(places(FILE)), ids=lambda path: ".".join(map(str, path)))
def test_each_member_of_the_file_altered_removed_added_or_doubled_is_refused(path: tuple[Any, ...]) -> None:
    for change in ("alter", "remove", "add", "twice"):
        whole = copy.deepcopy(FILE)
        above, name = at(whole, path[:-1]), path[-1]
        if change == "alter":
            above[name] = other_than(above[name])
        elif change == "remove":
            del above[name]
        elif isinstance(above, dict):
            above[f"{name}x"] = above[name]
        else:
            above.insert(name, above[name])
        text = json.dumps(whole)
        if change == "twice" and isinstance(above, dict):
            text = text.replace(json.dumps(f"{name}x") + ": ", json.dumps(name) + ": ", 1)
        assert not is_taken(lambda text=text: read_document(text)), change


def test_another_layout_of_the_file_is_the_same_record() -> None:
    assert read_document(json.dumps(FILE, sort_keys=True)) == RECORD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "1",
        '"x"',
        "{}",
        "[" * 100_000,
        "9" * 10_000,
        '{"payload": NaN}',
        RECORD.as_text().replace("239", "239.0"),
        RECORD.as_text().replace("239", "2.39e2"),
        RECORD.as_text().replace("239", "1" + "0" * 5000),
        RECORD.as_text().replace("239", "true"),
        RECORD.as_text().replace('"Leo Tann"', '"\\ud800"'),
        RECORD.as_text().replace('"secret"', '"\\ud800"'),
        RECORD.as_text().replace('"hidden": "secret"', '"hidden": ["secret"]'),
        RECORD.as_text().replace('"hidden": "secret"', '"hidden": "\\ud800"'),
        RECORD.as_text().replace('"hidden": "secret"', '"hidden": "other"'),
        RECORD.as_text().replace('"number"', '"\\ud800"'),
        RECORD.as_text().replace('"host"', '"<b>\\u202e"'),
        RECORD.as_text().replace('"values": {', '"values": {"\\ud800": "\\udfff", '),
        json.dumps({**FILE, "payload": [FILE["payload"]]}),
        json.dumps({**FILE, "signature": FILE["signature"] + "=="}),
        json.dumps({**FILE, "signature": FILE["signature"][:-1] + "_"}),
        json.dumps({**FILE, "moreChanges": [FILE["values"]]}),
        "\ufeff" + RECORD.as_text(),
        RECORD.as_text() + "{}",
        RECORD.as_text() + " " * 2_000_000,
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_record_is_refused_in_words_that_can_be_shown(text: str) -> None:
    with pytest.raises(NotARecord) as refused:
        read_document(text)
    assert str(refused.value).encode()
    assert "\u202e" not in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "latin-1"])
def test_a_payload_is_utf_8_and_nothing_else(encoding: str) -> None:
    payload = plain_record(actorName="Zoë").payload
    with pytest.raises(NotARecord):
        read_payload(payload.decode().encode(encoding))


def test_half_a_character_in_a_payload_is_refused() -> None:
    with pytest.raises(NotARecord):
        read_payload(RECORD.payload.replace(b"Leo Tann", b"\xed\xa0\x80"))
    with pytest.raises(NotARecord):
        read_payload(RECORD.payload.replace(b"Leo Tann", b"\\ud800"))


def test_further_changes_have_every_text_whole() -> None:
    short = {"length": 1, "sha256": "0" * 64}
    more = [{"field": "note", "name": "note", "before": None, "after": short}]
    told = {"count": 1, "sha256": hashlib.sha256(canonical(more)).hexdigest()}
    payload = {**plain_facts(description="x", changes=[]), "moreChanges": told}
    whole = {"payload": payload, "signature": FILE["signature"], "values": {}, "moreChanges": more}
    with pytest.raises(NotARecord, match="every text whole"):
        read_document(json.dumps(whole))


def test_letters_whose_capitals_are_ascii_are_no_second_spelling() -> None:
    link = link_to(RECORD.record, ROOT)
    assert "S" in link.rpartition("/")[2]
    with pytest.raises(NotARecord):
        read_link("ſ".join(link.rsplit("S", 1)))


def test_a_long_text_that_was_altered_is_told_from_a_payload_that_was() -> None:
    whole = copy.deepcopy(FILE)
    sha256 = next(iter(whole["values"]))
    whole["values"][sha256] = other_than(whole["values"][sha256])
    with pytest.raises(RestIsAltered) as refused:
        read_document(json.dumps(whole))
    assert KEYS.has_signed(refused.value.record)


@pytest.mark.parametrize("link", ["", "/", "0" * 103, "0" * 2343, "0" * 2344, "Z" * 2343, "A" * 10**6])
def test_what_is_no_link_is_refused(link: str) -> None:
    with pytest.raises(NotARecord):
        read_link(link)


def test_a_link_that_unpacks_to_too_much_is_refused_before_it_does() -> None:
    bomb = deflate(b"a" * 1_000_000)
    assert len(bomb) < 1400
    with pytest.raises(NotARecord):
        read_link(crockford.encode(bytes(64) + bomb))


# Pictures


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks: bytes) -> bytes:
    return PNG + chunk(b"IHDR", b"\0" * 13) + b"".join(chunks) + chunk(b"IEND", b"")


def itxt(text: bytes, head: bytes = b"\0\0\0\0") -> bytes:
    return chunk(b"iTXt", KEYWORD.encode() + b"\0" + head + text)


TEXT = RECORD.as_text().encode()


@pytest.mark.parametrize(
    "data",
    [
        png(itxt(TEXT), itxt(TEXT)),
        png(itxt(TEXT), chunk(b"tEXt", KEYWORD.encode() + b"\0{}")),
        png(chunk(b"tEXt", KEYWORD.encode() + b"\0" + TEXT)),
        png(itxt(TEXT, b"\0\0en\0\0")),
        png(itxt(TEXT, b"\2\0\0\0")),
        png(itxt(TEXT, b"\1\1\0\0")),
        png(itxt(TEXT, b"\1\0\0\0")),
        png(itxt(zlib.compress(TEXT)[:-1], b"\1\0\0\0")),
        png(itxt(zlib.compress(TEXT) + b"x", b"\1\0\0\0")),
        png(itxt(zlib.compress(b" " * 9_000_000), b"\1\0\0\0")),
        png(itxt(b"\xff" + TEXT)),
        png(itxt(b"")),
        png(itxt(TEXT)) + b"x",
        png(itxt(TEXT))[:-1],
        png(itxt(TEXT))[:-12],
        PNG,
        PNG + b"\xff\xff\xff\xffIDAT",
        png(itxt(TEXT), *[chunk(b"IDAT", b"")] * CHUNK_LIMIT),
        PNG + itxt(TEXT) + chunk(b"IDAT", b"") * (CHUNK_LIMIT - 1),
    ],
    ids=range(19),
)
def test_a_picture_with_anything_but_one_whole_record_is_refused(data: bytes) -> None:
    with pytest.raises(NotARecord) as refused:
        read_png(data)
    assert not isinstance(refused.value, NoRecord)


def test_a_picture_without_a_record_is_told_from_a_broken_one() -> None:
    for data in (picture(), b"", b"GIF89a", png(chunk(b"iTXt", b"erebus-records\0\0\0\0\0" + TEXT))):
        with pytest.raises(NoRecord):
            read_png(data)


def test_each_byte_of_a_picture_altered_is_refused_or_says_the_same() -> None:
    data = picture(RECORD.as_text())
    for altered in flipped(data):
        if is_taken(lambda altered=altered: read_png(altered)):
            assert read_png(altered) == RECORD


def test_a_picture_that_was_damaged_anywhere_is_refused() -> None:
    data = bytearray(picture(RECORD.as_text()))
    data[data.index(b"IDAT") + 4] ^= 1
    with pytest.raises(NotARecord, match="cut off"):
        read_png(bytes(data))
