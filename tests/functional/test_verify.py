"""What a stranger sees who was given a record: by eye, by keyboard, and without scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from erebus.records.links import LINK_LIMIT
from tests.functional.records import Handed, hand_over, hand_over_displaced
from tests.functional.server import Live, Serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.functional.browser import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("verify")]

NUMBER = 159  # an update of the demo's that succeeded


@pytest.fixture(scope="module")
def house(serve: Serve) -> Iterator[Live]:
    """A demo of its own, for a record is an event of its project. All tests here share thirty answers a minute."""
    with serve(with_demo=True) as server:
        yield server


@pytest.fixture(scope="module")
def handed(house: Live) -> Handed:
    return hand_over(house.instance, NUMBER)


@pytest.fixture
def stranger(visit: Callable[..., Visitor], house: Live) -> Visitor:
    """Somebody without an account."""
    return visit(house)


def expect_title(visitor: Visitor, title: str) -> None:
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text(title)


def test_the_form_looks_right_and_says_what_is_wrong(stranger: Visitor, handed: Handed) -> None:
    stranger.go("/verify")
    stranger.look()
    stranger.expect_answer(422)
    field = stranger.page.get_by_label("Verification code")
    field.fill(handed.code[:-1] + ("0" if handed.code[-1] != "0" else "1"))
    field.press("Enter")
    expect(stranger.page.get_by_label("Verification code")).to_have_accessible_description(re.compile("mistyped"))
    stranger.look()


def test_a_code_is_typed_and_read_by_keyboard_alone(stranger: Visitor, handed: Handed) -> None:
    page, keyboard = stranger.page, stranger.page.keyboard
    stranger.go("/verify")
    page.get_by_role("link", name="Sign up").focus()
    keyboard.press("Tab")
    expect(page.get_by_label("Verification code")).to_be_focused()
    keyboard.type(handed.code.lower().replace("-", " "))
    keyboard.press("Tab")
    expect(page.get_by_label("The picture (PNG)")).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_role("button", name="Verify")).to_be_focused()
    keyboard.press("Enter")
    expect_title(stranger, "Genuine, and still in the log")
    expect(page.get_by_role("heading", name="Is this what your picture says?")).to_be_visible()
    sheet = page.get_by_role("article", name="The record")
    expect(sheet.get_by_text(" ".join(re.findall("....", handed.document.facts()["hash"])))).to_be_visible()
    expect(sheet.get_by_text("Succeeded", exact=True)).to_be_visible()
    stranger.look()


def test_the_link_of_the_qr_code_leads_to_the_answer(stranger: Visitor, handed: Handed) -> None:
    stranger.go(handed.link)
    expect_title(stranger, "Genuine, and still in the log")
    stranger.go(handed.link.lower())
    expect_title(stranger, "Genuine, and still in the log")
    stranger.page.get_by_role("link", name="Verify another").click()
    expect_title(stranger, "Verify a record")


def test_a_picture_is_handed_in_with_scripts_and_without(
    visit: Callable[..., Visitor], house: Live, handed: Handed
) -> None:
    for has_scripts in (True, False):
        visitor = visit(house, has_scripts=has_scripts)
        visitor.go("/verify")
        file = {"name": "record.png", "mimeType": "image/png", "buffer": handed.png}
        visitor.page.get_by_label("The picture (PNG)").set_input_files(file)  # type: ignore[arg-type]  # it is one
        visitor.page.get_by_role("button", name="Verify").click()
        expect_title(visitor, "Genuine, and still in the log")
        visitor.look()


def test_what_was_altered_looks_right_and_is_named(stranger: Visitor, house: Live) -> None:
    altered = hand_over(house.instance, NUMBER, description="Nothing happened.", actorName="Nobody")
    stranger.go(altered.link)
    expect_title(stranger, "Altered")
    expect(stranger.page.get_by_role("main").get_by_role("list").first).to_have_text(
        re.compile("Actor.*Description", re.DOTALL)
    )
    expect(stranger.page.get_by_text("Nothing happened.")).to_have_count(0)
    stranger.look()


def test_displaced_not_ours_and_unknown_look_right(stranger: Visitor, house: Live) -> None:
    stranger.go(hand_over_displaced(house.instance).link)
    expect_title(stranger, "Genuine, displaced since")
    expect(stranger.page.get_by_text("Its place was taken by")).to_be_visible()
    stranger.look()
    stranger.go("/VERIFY/" + "0" * LINK_LIMIT)  # the longest that there can be, through the real server
    expect_title(stranger, "Altered, or not ours")
    stranger.look()
    stranger.expect_answer(404)
    stranger.go("/verify")
    stranger.page.get_by_label("Verification code").fill("0000-0000-0000-0000-0000-0")
    stranger.page.get_by_role("button", name="Verify").click()
    expect_title(stranger, "Not known here")
    stranger.look()
