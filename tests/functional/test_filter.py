"""The filters of the log: with a mouse, by keyboard, in writing, and without scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, StorageState

    from tests.functional.browser import Visitor
    from tests.functional.server import Live

pytestmark = pytest.mark.browser

LOG = "/projects/kiteline/audit"
BOX = "Search and filter the log"


def chips(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("list", name="Active filters").locator(".chip")


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without scripts"])
def test_one_filters_by_controls_and_box_and_takes_it_away_again(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], *, has_scripts: bool
) -> None:
    visitor = visit(demo, cookies=cookies("owner"), has_scripts=has_scripts)
    visitor.go(LOG)
    page = visitor.page
    page.get_by_label("Actor").select_option("Mei Lin Chen")
    page.get_by_label("Status").select_option("failed")
    page.get_by_label(BOX).fill("type:api_key")
    page.get_by_role("button", name="Filter").click()
    expect(chips(visitor)).to_contain_text(["Actor Mei Lin Chen", "Type api_key", "Status failed"])
    expect(page).to_have_url(re.compile(r"/audit\?actor=user_\w{26}&type=api_key&status=failed$"))
    expect(page.locator(".event")).to_have_count(page.locator(".event.failed").count())
    expect(page.get_by_text("hidden by the filter")).to_be_visible()
    visitor.look()
    chips(visitor).filter(has_text="Type").click()
    expect(chips(visitor)).to_have_count(2)
    page.get_by_role("link", name="Clear filters").click()
    expect(page).to_have_url(re.compile(f"{LOG}$"))
    expect(page.get_by_label(BOX)).to_have_value("")


def test_all_of_it_can_be_done_by_keyboard(owner: Visitor) -> None:
    owner.go(LOG)
    page = owner.page
    page.keyboard.press("f")
    expect(page.get_by_label("Actor")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Action")).to_be_focused()
    page.keyboard.type("delete")
    page.get_by_label(BOX).focus()
    page.keyboard.press("Enter")
    expect(chips(owner)).to_contain_text(["Action delete"])
    page.keyboard.press("/")
    expect(page.get_by_label(BOX)).to_be_focused()
    expect(page.get_by_label(BOX)).to_have_value("action:delete")
    page.keyboard.press("End")
    page.keyboard.type(" status:failed")
    page.keyboard.press("Enter")
    expect(chips(owner)).to_contain_text(["Action delete", "Status failed"])
    chips(owner).first.focus()
    page.keyboard.press("Enter")
    expect(chips(owner)).to_contain_text(["Status failed"])


def test_the_last_word_in_the_box_is_completed(owner: Visitor) -> None:
    owner.go(LOG)
    box = owner.page.get_by_label(BOX)
    box.press_sequentially('actor:"Mei Lin Chen" sta')
    assert 'actor:"Mei Lin Chen" status:failed' in offered(owner)
    box.fill("")
    assert "status:failed" in offered(owner)


def test_the_box_offers_no_qualifier_that_is_there_already(owner: Visitor) -> None:
    owner.go(LOG)
    box = owner.page.get_by_label(BOX)
    box.fill('ACTOR:mei status:failed "action:create" ')
    asked = {value.removeprefix(box.input_value()).partition(":")[0] for value in offered(owner)}
    assert asked == {"action", "type", "from", "entity"}
    box.fill("status:fai")
    assert "status:failed" in offered(owner), "this one is being typed"


def offered(visitor: Visitor) -> list[str]:
    """Return what the box is offered to be completed to; a browser leaves out what is disabled."""
    options: list[str] = visitor.page.locator("#completions option:enabled").evaluate_all(
        "all => all.map(o => o.value)"
    )
    return options


def test_the_thing_of_an_event_leads_to_all_that_was_done_to_it(owner: Visitor) -> None:
    owner.go(f"{LOG}?type=api_key")
    link = owner.page.locator(".narrow").first
    label = link.inner_text().split("\n")[-1].removeprefix("api_key").strip()
    link.click()
    expect(chips(owner)).to_contain_text(["Type api_key", f"Entity api_key {label}"])
    expect(owner.page.locator(".event .narrow").first).to_contain_text(label)


def test_what_makes_no_sense_is_told_and_can_be_put_right(owner: Visitor) -> None:
    owner.expect_answer(400)
    owner.go(LOG)
    box = owner.page.get_by_label(BOX)
    box.fill("action:explode status:failed")
    box.press("Enter")
    alert = owner.page.get_by_role("alert")
    expect(alert).to_contain_text("“explode” is no action. There are: create, update, delete.")
    expect(box).to_have_value("action:explode status:failed")
    owner.look()
    box.fill("action:update status:failed")
    box.press("Enter")
    expect(alert).to_have_count(0)
    expect(chips(owner)).to_contain_text(["Action update", "Status failed"])


def test_on_a_phone_the_controls_fold(owner: Visitor) -> None:
    owner.page.set_viewport_size({"width": 375, "height": 800})
    owner.go(LOG)
    status = owner.page.get_by_label("Status")
    expect(status).to_be_hidden()
    owner.page.locator("summary", has_text="Filters").click()
    status.select_option("failed")
    owner.page.get_by_role("button", name="Filter").click()
    expect(chips(owner)).to_contain_text(["Status failed"])


def test_a_moment_that_was_typed_stays_in_its_control(owner: Visitor) -> None:
    owner.go(f"{LOG}?from=2020-01-01T09:41")
    expect(owner.page.get_by_label("From")).to_have_value("2020-01-01T09:41")
    owner.page.get_by_label("Status").select_option("failed")
    owner.page.get_by_role("button", name="Filter").click()
    expect(owner.page).to_have_url(re.compile(r"status=failed&from=2020-01-01T09(:|%3A)41$"))


def test_a_day_that_is_typed_has_a_year_of_four_digits(owner: Visitor) -> None:
    owner.go(LOG)
    owner.page.get_by_label("From").focus()
    owner.page.keyboard.type("111120269")
    expect(owner.page.get_by_label("From")).not_to_have_value(re.compile(r"\d{5}-"))
    expect(owner.page.get_by_label("From")).to_have_value(re.compile(r"\d{4}-11-11"))
