"""Every record comes back whole, through its link, its file and its picture, and is no larger than a QR code takes."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from hypothesis import example, given
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from erebus.records import (
    KEYWORD,
    Document,
    canonical,
    code_of,
    differences,
    fit,
    grouped,
    link_to,
    read_code,
    read_document,
    read_link,
    read_payload,
    read_png,
)
from erebus.records.fitting import deflate
from tests.records.making import KEY, KEYS, drafts, plain_facts, plain_record

pytestmark = pytest.mark.pure

ROOT = "https://erebus.example"


def picture(*texts: str, is_packed: bool = True) -> bytes:
    info, file = PngInfo(), io.BytesIO()
    for text in texts:
        info.add_itxt(KEYWORD, text, zip=is_packed)
    Image.new("L", (4, 4)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


@given(drafts())
def test_every_event_comes_back_from_link_file_and_picture(draft: tuple[dict[str, Any], Document]) -> None:
    facts, document = draft
    assert len(deflate(document.payload)) <= 1400
    assert len(link_to(document.record, ROOT)) <= 2400
    assert read_link(link_to(document.record, ROOT)) == document.record
    assert read_link(link_to(document.record, ROOT).lower()) == document.record
    assert read_document(document.as_text()) == document
    assert read_png(picture(document.as_text())) == document
    assert read_png(picture(document.as_text(), is_packed=False)) == document
    assert KEYS.has_signed(document.record)
    assert read_document(document.as_text()).facts() == facts
    assert differences(read_payload(document.payload), facts) == ()
    assert read_code(grouped(code_of(document.payload))) == code_of(document.payload)


@given(drafts())
def test_canonical_json_is_what_a_stranger_gets_with_sorted_keys(draft: tuple[dict[str, Any], Document]) -> None:
    payload = draft[1].payload
    plain = json.dumps(json.loads(payload), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert plain.encode() == payload


@given(drafts(), drafts())
@example(({}, plain_record()), ({}, plain_record(number=240)))
@example(({}, plain_record()), ({}, plain_record(changes=[])))
@example(({}, plain_record()), ({}, plain_record(description="short")))
def test_what_differs_is_named(one: tuple[dict[str, Any], Document], other: tuple[dict[str, Any], Document]) -> None:
    said, known = read_payload(one[1].payload), other[1].facts()
    is_same = canonical(one[1].facts()) == canonical(known)
    assert (differences(said, known) == ()) is is_same


def test_differences_are_told_by_name_and_place_alone() -> None:
    said, facts = read_payload(plain_record().payload), plain_facts()
    changed = [dict(change) for change in facts["changes"]]
    changed[0]["after"], changed[-1]["before"] = "leaked", False
    assert differences(said, facts | {"changes": changed, "number": True}) == ("number", "changes.1", "moreChanges")
    assert differences(said | {"address": "192.0.2.1"}, facts) == ("address",)
    assert differences(said, facts | {"description": facts["description"] + "!"}) == ("description",)
    assert "moreChanges" in differences(said, facts | {"changes": changed[:3]})


def test_a_payload_that_packs_well_is_still_one_that_can_be_read() -> None:
    many = [{"field": "f" * 300, "name": "n" * 300, "before": "a" * 399, "after": "b" * 399}] * 50
    document = KEY.sign(fit(plain_facts(changes=many)))
    assert read_link(link_to(document.record, ROOT)) == document.record


def test_the_largest_event_is_fitted_in_a_fraction_of_a_second() -> None:
    many = [{"field": f"f{n}", "name": f"field {n}", "before": "é" * n, "after": f"{n:b}" * 40} for n in range(200)]
    begun = time.perf_counter()
    fit(plain_facts(changes=many))
    assert time.perf_counter() - begun < 2
