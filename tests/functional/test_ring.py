"""The ring, the field that leads to a number, and the chart: by keyboard, pointer and finger, and without scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.functional.browser import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Locator, StorageState

    from tests.functional.server import Live

pytestmark = pytest.mark.browser

LOG = "/projects/kiteline/audit"


def ring(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("slider", name="Events by number")


def ends(visitor: Visitor) -> tuple[int, int]:
    """Return the first and the last number that the log keeps."""
    told = visitor.page.locator(".ring-caption b").first.inner_text()
    first, last = (int(number) for number in re.findall(r"#(\d+)", told))
    return first, last


def test_the_ring_is_one_tab_stop_with_every_event_in_it(support: Visitor) -> None:
    support.go(LOG)
    page, (first, last) = support.page, ends(support)
    tip = page.locator(".ring-tip")
    event = page.request.get(f"{support.address}{LOG}/{last - 1}.json").json()
    ring(support).focus()
    expect(tip).to_contain_text(f"#{last} · ")
    page.keyboard.press("ArrowLeft")
    expect(tip).to_have_text(
        re.compile(rf"^#{last - 1} · \S+ \S+ UTC · {event['actorName']} · {event['actionDescription']} · \w+$")
    )
    expect(ring(support)).to_have_attribute("aria-valuenow", str(last - 1))
    expect(ring(support)).to_have_attribute("aria-valuetext", tip.inner_text())
    page.keyboard.press("Home")
    expect(tip).to_contain_text(f"#{first} · ")
    page.keyboard.press("ArrowLeft")
    expect(ring(support)).to_have_attribute("aria-valuenow", str(first))
    page.keyboard.press("ArrowRight")
    support.look()
    ring(support).focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Go to #")).to_be_focused()
    expect(tip).to_be_empty()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("End")
    expect(tip).to_contain_text(f"#{last} · ")
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile(rf"^#{last} "))


def test_the_pointer_is_told_what_it_is_at_and_opens_it(support: Visitor) -> None:
    support.go(LOG)
    page, (first, _last) = support.page, ends(support)
    box = ring(support).bounding_box()
    assert box
    place = {"x": box["width"] * 0.305, "y": 20.0}
    ring(support).hover(position=place)
    expect(page.locator(".ring-tip")).to_contain_text(f"#{first + 30} · ")
    page.mouse.move(5, 5)
    expect(page.locator(".ring-tip")).to_be_empty()
    ring(support).click(position=place)
    expect(page).to_have_title(re.compile(rf"^#{first + 30} "))


def test_a_finger_is_told_first_and_opens_then(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], browser: Browser
) -> None:
    context = browser.new_context(has_touch=True, storage_state=cookies("support"))
    visitor = Visitor(context.new_page(), demo.address)
    visitor.go(LOG)
    first, _last = ends(visitor)
    box = ring(visitor).bounding_box()
    assert box
    ring(visitor).tap(position={"x": box["width"] * 0.305, "y": 20.0})
    link = visitor.page.locator(".ring-tip").get_by_role("link", name=f"#{first + 30}")
    expect(link).to_be_visible()
    link.tap()
    expect(visitor.page).to_have_title(re.compile(rf"^#{first + 30} "))
    context.close()
    assert visitor.faults == []


def test_on_a_phone_a_tick_stands_for_two_and_leads_to_the_gravest(support: Visitor) -> None:
    page = support.page
    page.set_viewport_size({"width": 375, "height": 800})
    support.go(LOG)
    first, last = ends(support)
    ring(support).focus()
    page.keyboard.press("End")
    tip = page.locator(".ring-tip")
    expect(tip).to_have_text(re.compile(rf"^#{last - 1} – #{last}, the gravest #({last - 1}|{last}) · "))
    page.keyboard.press("ArrowLeft")
    expect(tip).to_have_text(re.compile(rf"^#{last - 3} – #{last - 2}, the gravest"))
    assert first < last - 3
    tip.get_by_role("link").click()
    expect(page).to_have_title(re.compile(rf"^#({last - 3}|{last - 2}) "))


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_number_leads_to_its_event(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], *, has_scripts: bool
) -> None:
    visitor = visit(demo, cookies=cookies("support"), has_scripts=has_scripts)
    visitor.expect_answer(400)
    visitor.expect_answer(410)
    visitor.go(LOG)
    field = visitor.page.get_by_label("Go to #")
    field.fill("some")
    field.press("Enter")
    expect(visitor.page.get_by_role("alert")).to_have_text(re.compile("not the number of an event"))
    expect(field).to_have_attribute("aria-invalid", "true")
    visitor.look()
    field.fill("#3")
    field.press("Enter")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Event #3 has been displaced")
    visitor.go(LOG)
    _first, last = ends(visitor)
    field.fill(str(last - 5))
    visitor.page.get_by_role("button", name="Go", exact=True).click()
    expect(visitor.page).to_have_title(re.compile(rf"^#{last - 5} "))


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_bar_filters_and_so_does_its_line_in_the_table(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState], *, has_scripts: bool
) -> None:
    visitor = visit(demo, cookies=cookies("support"), has_scripts=has_scripts)
    visitor.go(f"{LOG}?type=api_key")
    page = visitor.page
    page.locator(".activity-bars a").nth(2).click()
    expect(page).to_have_url(re.compile(r"\?type=api_key&from=([\d-]+)&to=\1$"))
    expect(page.locator(".chip")).to_have_count(3)
    expect(page.get_by_text("hidden by the filter")).to_be_visible()
    page.get_by_text("As a table").click()
    visitor.look()
    row = page.locator(".activity tbody tr").nth(1)
    counts = [int(text) for text in row.locator("td").all_inner_texts()]
    row.get_by_role("link").click()
    expect(page.locator(".shown")).to_contain_text(f"Showing {sum(counts)} of")


def test_the_chart_is_out_of_the_way_of_the_keyboard(support: Visitor) -> None:
    support.go(LOG)
    support.page.get_by_role("button", name="Go", exact=True).focus()
    support.page.keyboard.press("Tab")
    expect(support.page.get_by_text("As a table")).to_be_focused()
    support.page.keyboard.press("Tab")
    expect(support.page.get_by_label("Search and filter the log")).to_be_focused()
