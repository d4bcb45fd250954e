"""Generated pictures: always the same for the same person, never an empty box."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erebus.blueprints.auth.images import SIDE, digest, initials, picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from erebus.blueprints.auth.models import User


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("Ada Augusta King, Countess of Lovelace", "AL"),
        ("Łukasz Żółć", "ŁŻ"),
        ("e\u0301mile zola", "ÉZ"),
        ("ßtraße", "ß"),
        ("3M (Corp)", "3C"),
        ("李 明", "李明"),
        ("🙂", "🙂"),
        ("", "?"),
        ("'Ada' - Lovelace", "AL"),
    ],
)
def test_initials_are_of_the_first_and_the_last_word(name: str, letters: str) -> None:
    assert initials(name) == letters


@given(st.text(max_size=100), st.text(max_size=40))
@settings(max_examples=40, deadline=None)
def test_any_name_has_a_picture_of_the_right_size(name: str, user_id: str) -> None:
    user_id = user_id.encode("utf-8", "ignore").decode()
    png = picture(user_id, name)
    with PIL.Image.open(io.BytesIO(png)) as image:
        assert (image.size, image.format) == ((SIDE, SIDE), "PNG")
        assert len(image.convert("RGB").getcolors(SIDE * SIDE) or []) > 1
    assert len(png) <= 32 * 1024
    assert png == picture(user_id, name)


def test_people_with_the_same_initials_differ_by_colour() -> None:
    assert len({picture(f"user_{n}", "Ada Lovelace") for n in range(30)}) > 5


def test_what_the_font_lacks_is_drawn_as_its_code_point_and_so_told_apart() -> None:
    assert len({picture("user_1", name) for name in ("李", "王", "م", "🙂", "\u05d0")}) == 5


def test_a_picture_is_kept_for_a_year_and_open_to_all(
    register: Callable[..., str], client: FlaskClient, user_of: Callable[[str], User]
) -> None:
    register("Ada Lovelace")
    address = f"/images/{user_of('ada@example.com').image}.png"

    answer = client.get(address)

    assert answer.status_code == 200
    assert answer.mimetype == "image/png"
    assert digest(answer.data) in address
    assert answer.headers["Cache-Control"] == "public, immutable, max-age=31536000"
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("name", ["0" * 64, "x", "%00", "..%2f..", "0" * 5000])
def test_there_is_no_other_picture(client: FlaskClient, name: str) -> None:
    assert client.get(f"/images/{name}.png").status_code in {400, 404}
