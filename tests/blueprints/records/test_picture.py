"""The picture of a record: whatever its event holds, it is drawn or told to be in the file, and the QR code reads."""

from __future__ import annotations

import io
import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from erebus.blueprints.records import drawing
from erebus.blueprints.records.canvas import Canvas
from erebus.blueprints.records.fonts import Face, Family, glyph, has
from erebus.blueprints.records.layout import Piece, set_lines
from erebus.blueprints.records.qr import WIDTH, qr_code
from erebus.blueprints.records.sheet import lay_out
from erebus.records import Document, PublicKeys, code_of, grouped, link_to, read_document, read_link, read_png
from erebus.trail import AuditEvent
from tests.blueprints.records.conftest import changed, document, event
from tests.records.making import KEY
from tests.records.pictures import qr_codes

pytestmark = pytest.mark.pure

TEXT, CODE = Face(Family.TEXT, 28), Face(Family.CODE, 24)
LONG = "Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 35
HAN = "".join(chr(0x4E00 + 3 * place) for place in range(2000))
EVENTS = {
    "failed": event(changed("reason", "rotated", "leaked"), changed("status", "active", "revoked")),
    "succeeded": event(status=True, reason=None, description="Revoked production API key 'Billing worker'"),
    "60 changes": event(*(changed(f"field {n}", f"old {n}", f"new {n}") for n in range(60))),
    "60 long changes": event(*(changed(f"field {n}", LONG, LONG[::-1]) for n in range(60))),
    "60 changes in a script that no font has": event(*(changed(f"field {n}", HAN, HAN[::-1]) for n in range(60))),
    "other scripts": event(changed("label", "漢字 ไทย नमस्ते", "عربي 🦊👩\u200d🚀 é ř ✓ ﬁ"), actor_name="王小明 Петров"),
    "long words": event(changed("webhook URL", "x" * 700, "y" * 300), reason="z" * 500),
    "nothing": event(entity_label="", entity_id="", actor_name="", reason=None, request_id=None, actor_kind="system"),
}


def draw(of: AuditEvent) -> tuple[Document, bytes]:
    made = document(of)
    code = grouped(code_of(made.payload))
    sheet = lay_out(made.facts(), "Europe/Berlin", code, has_rest=bool(made.values or made.more_changes))
    return made, drawing.draw(sheet, qr_code(link_to(made.record, "https://erebus.example")), made.as_text())


def opened(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


@pytest.mark.parametrize("name", EVENTS)
def test_the_qr_code_is_read_at_full_size_and_at_half(name: str) -> None:
    made, png = draw(EVENTS[name])
    image = opened(png).convert("L")
    for picture in (image, image.resize((image.width // 2, image.height // 2))):
        (link,) = qr_codes(picture)
        record = read_link(link)
        assert record == made.record
        assert PublicKeys([KEY.public]).has_signed(record)


@pytest.mark.parametrize("name", EVENTS)
def test_the_whole_file_is_in_it(name: str) -> None:
    made, png = draw(EVENTS[name])
    assert read_png(png) == made
    assert read_document(opened(png).text["erebus-record"]) == made


@pytest.mark.parametrize("name", EVENTS)
def test_it_is_1600_pixels_wide_and_does_not_grow_without_end(name: str) -> None:
    image = opened(draw(EVENTS[name])[1])
    assert image.width == 1600
    assert image.height < 9000
    assert image.mode == "P"


@pytest.mark.parametrize("name", EVENTS)
def test_it_takes_less_than_300_milliseconds_of_the_processor(name: str) -> None:
    draw(EVENTS["succeeded"])  # fonts are loaded once a process
    taken = []
    for _ in range(3):
        start = time.process_time()
        draw(EVENTS[name])
        taken.append(time.process_time() - start)
    assert min(taken) < 0.3


def test_the_margins_stay_white_whatever_is_drawn() -> None:
    for of in EVENTS.values():
        image = opened(draw(of)[1]).convert("L")
        for box in (
            (0, 0, 70, image.height),
            (1530, 0, 1600, image.height),
            (0, image.height - 60, 1600, image.height),
        ):
            assert image.crop(box).getextrema() == (255, 255)


def test_changes_beyond_the_limit_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    text = Canvas.text
    monkeypatch.setattr(
        Canvas, "text", lambda self, x, baseline, run: (drawn.append(run.text), text(self, x, baseline, run))
    )
    draw(EVENTS["60 long changes"])
    assert "more: too long for a picture. All is in the record's file," in " ".join(drawn)
    drawn.clear()
    draw(EVENTS["60 changes"])
    assert "too long for a picture" not in " ".join(drawn)
    assert {f"new {n}" for n in range(60)} <= set(drawn)


def test_failed_is_red_and_succeeded_green() -> None:
    for name, colour in (("failed", (185, 43, 37)), ("succeeded", (20, 116, 74))):
        colours = {found[1] for found in opened(draw(EVENTS[name])[1]).convert("RGB").getcolors(1 << 16) or ()}
        assert colour in colours
    assert (20, 116, 74) not in {
        f[1] for f in opened(draw(EVENTS["failed"])[1]).convert("RGB").getcolors(1 << 16) or ()
    }


@pytest.mark.parametrize("character", ["é", "ř", "✓", "→", "А", "Ω", "ß", "·", "“", "…"])
def test_a_character_that_a_font_has_is_drawn_as_it_is(character: str) -> None:
    assert glyph(TEXT, character)[0::3] == (character, False)


def test_what_one_family_lacks_the_other_draws() -> None:
    only_code = next(
        chr(code) for code in range(0x2190, 0x2600) if has(Family.CODE, chr(code)) and not has(Family.TEXT, chr(code))
    )
    assert glyph(TEXT, only_code).face == Face(Family.CODE, TEXT.size)


@pytest.mark.parametrize(
    ("character", "code"),
    [("中", "U+4E2D"), ("🦊", "U+1F98A"), ("ن", "U+0646"), ("\ue000", "U+E000"), ("\u200d", "U+200D")],
)
def test_a_character_that_no_font_has_is_drawn_as_its_code_point(character: str, code: str) -> None:
    for face in (TEXT, CODE):
        assert glyph(face, character)[0::3] == (code, True)


def test_no_ligature_joins_characters() -> None:
    for text in ("->", "!=", "ffi", "www", "===", "AVAToTe"):
        for face in (TEXT, CODE):
            assert face.font.getlength(text) == sum(glyph(face, character).width for character in text)


@settings(max_examples=60)
@example([("0 \r\r", TEXT)], 200)
@given(st.lists(st.tuples(st.text(max_size=120), st.sampled_from([TEXT, CODE])), max_size=4), st.integers(200, 1200))
def test_lines_hold_every_character_in_its_order_and_keep_their_width(
    texts: list[tuple[str, Face]], limit: int
) -> None:
    lines = set_lines([Piece(text, face, "ink") for text, face in texts], limit)

    for line in lines:
        assert all(run.x + run.width <= limit for run in line)
        assert all(before.x + before.width == after.x for before, after in pairwise(line))
    drawn = "".join(run.text for line in lines for run in line)
    wanted = "".join(glyph(face, character).text for text, face in texts for character in text)
    assert drawn.replace(" ", "") == wanted.replace(" ", "")


def test_words_are_broken_only_where_they_are_longer_than_a_line() -> None:
    lines = set_lines([Piece("one two three", TEXT, "ink")], round(TEXT.font.getlength("one two thr")))
    assert ["".join(run.text for run in line).strip() for line in lines] == ["one two", "three"]
    assert len(set_lines([Piece("w" * 100, TEXT, "ink")], 400)) > 3


@pytest.mark.parametrize("length", [200, 700, 1200, 2000, 2343])
def test_a_qr_code_has_3_pixels_a_module_and_white_around_it(length: int) -> None:
    for host in ("EREBUS.EXAMPLE", "H" * 150, "MY_HOST:8000"):
        code = qr_code(f"HTTPS://{host}/VERIFY/{'A1' * (length // 2)}")
        assert code.module >= 3
        assert code.width <= WIDTH
        assert code.side == len(code.rows) + 8
        if length > 700:
            assert code.width >= 300
