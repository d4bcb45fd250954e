"""Records by eye, by keyboard and without scripts: made, shown, printed; and their QR codes, by another's reader."""

from __future__ import annotations

import io
import re
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from erebus import config
from erebus.records import PublicKeys, SigningKey, read_document, read_link
from tests.functional.browser import LOOKS, PHONE, WIDE
from tests.functional.server import DEMO_PASSWORD, Live, Serve
from tests.functional.test_twice import twice
from tests.records.pictures import qr_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page, StorageState

    from tests.functional.browser import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("record")]  # one server for all

CHAT = "/projects/kiteline"
LINES_OF_DATES = """all => all.flatMap(p => {
  const walker = document.createTreeWalker(p, NodeFilter.SHOW_TEXT), found = [];
  for (let text; (text = walker.nextNode());) {
    for (const { index } of text.data.matchAll(/\\d{4}-\\d\\d-\\d\\d/g)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + 10);
      found.push(range.getClientRects().length);
    }
  }
  return found;
})"""  # on how many lines each date stands
SHEET = re.compile(r"^Record .* of Kiteline Chat #\d+ ")


@pytest.fixture(scope="module")
def server(serve: Serve) -> Iterator[Live]:
    """A demo in which records are made."""
    with serve(with_demo=True) as server:
        yield server


@pytest.fixture
def support(visit: Callable[..., Visitor], server: Live) -> Visitor:
    """Somebody who makes records."""
    visitor = visit(server)
    visitor.sign_in("support", DEMO_PASSWORD)
    return visitor


@pytest.fixture
def looker(visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState]) -> Visitor:
    """Somebody who looks at the record that the demo has."""
    return visit(demo, cookies=cookies("support"))


def open_record(visitor: Visitor) -> Page:
    visitor.go(f"{CHAT}/records")
    visitor.page.locator(".record-code a").first.click()
    expect(visitor.page).to_have_title(SHEET)
    return visitor.page


def events(visitor: Visitor) -> list[dict[str, Any]]:
    found = visitor.page.request.get(f"{visitor.address}{CHAT}/audit.json").json()["events"]
    return [event for event in found if event["entityType"] != "record"]


def make(visitor: Visitor, event: dict[str, Any]) -> Page:
    visitor.go(f"{CHAT}/audit/{event['id']}/record")
    visitor.page.get_by_role("button", name="Make a record").click()
    expect(visitor.page).to_have_title(SHEET)
    return visitor.page


def check(visitor: Visitor, server: Live, picture: bytes | Image.Image) -> None:
    """Read the QR code of *picture*, verify it, and compare it with the file."""
    image = picture if isinstance(picture, Image.Image) else Image.open(io.BytesIO(picture))
    (link,) = qr_codes(image)
    record = read_link(link)
    seed = (server.instance / config.RECORD_KEY).read_text().strip()
    assert PublicKeys([SigningKey(bytes.fromhex(seed)).public]).has_signed(record)
    address = visitor.page.get_by_role("link", name="Download JSON").get_attribute("href")
    assert read_document(visitor.page.request.get(f"{visitor.address}{address}").text()).record == record


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def streams(pdf: bytes) -> Iterator[bytes]:
    """Yield what *pdf* holds compressed: what is drawn on its pages, and fonts."""
    for start in re.finditer(rb"(?<!end)stream\r?\n", pdf):
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(pdf[start.end() :])


def feet(page: bytes) -> set[tuple[bytes, ...]]:
    """Return the lines of a page, by their glyphs, that are as small as the foot's."""
    blocks = re.findall(rb"BT(.*?)ET", page, re.DOTALL)
    lines = (tuple(re.findall(rb"<(\w+)> Tj", block)) for block in blocks if b" 11 Tf" in block)
    return {line for line in lines if len(line) > 30}


def printed(browser: Browser, pdf: bytes, folder: Path) -> Image.Image:
    """Return what a printer would make of the first page, as Chromium's own viewer draws it."""
    (folder / "sheet.pdf").write_bytes(pdf)
    page = browser.new_page(viewport={"width": 1200, "height": 1300})
    page.goto(f"file://{folder / 'sheet.pdf'}#zoom=100")
    for _ in range(40):
        image = Image.open(io.BytesIO(page.screenshot()))
        if qr_codes(image):
            break
        page.wait_for_timeout(100)  # the viewer tells nobody when it has drawn
    page.close()
    return image


def test_a_record_is_made_by_keyboard_alone(support: Visitor) -> None:
    page, keyboard = support.page, support.page.keyboard
    number = events(support)[0]["number"]
    support.go(f"{CHAT}/audit/{number}")
    page.get_by_role("link", name="In the log").focus()
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Make a record")).to_be_focused()
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Make a record of #{number}")
    support.look()
    page.get_by_role("main").get_by_role("link").first.focus()
    keyboard.press("Tab")
    expect(page.get_by_role("button", name="Make a record")).to_be_focused()
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Kiteline Chat · event #{number}")
    support.look()
    page.get_by_role("link", name=f"Event #{number}").press("Enter")
    expect(page.get_by_role("link", name="Record", exact=True)).to_be_visible()


def test_a_double_click_makes_one(support: Visitor) -> None:
    event = events(support)[1]
    support.go(f"{CHAT}/audit/{event['number']}/record")
    twice(support.page, "Make a record", f"Kiteline Chat · event #{event['number']}")
    support.go(f"{CHAT}/audit/{event['number']}/record")
    expect(support.page.locator(".record-code")).to_have_count(1)


def test_an_admin_ticks_what_others_cannot(visit: Callable[..., Visitor], server: Live) -> None:
    owner = visit(server)
    owner.sign_in("owner", DEMO_PASSWORD)
    owner.go(f"{CHAT}/audit/{events(owner)[2]['number']}/record")
    owner.page.get_by_label("Show address, browser and image").check()
    owner.look()
    owner.page.get_by_role("button", name="Make a record").click()
    expect(owner.page.get_by_text("Browser", exact=True)).to_be_visible()


@pytest.mark.parametrize("look", LOOKS)
def test_the_qr_code_is_read_from_a_screenshot(looker: Visitor, demo: Live, look: str) -> None:
    page = open_record(looker)
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    page.emulate_media(color_scheme=look)
    check(looker, demo, page.screenshot(full_page=True))
    check(looker, demo, page.locator(".sheet").screenshot())


def test_the_qr_code_is_read_from_the_screen_of_a_phone(
    browser: Browser, looker: Visitor, demo: Live, cookies: Callable[..., StorageState]
) -> None:
    open_record(looker)
    size = {"width": PHONE[0], "height": PHONE[1]}
    context = browser.new_context(viewport=size, device_scale_factor=2, storage_state=cookies("support"))
    phone = context.new_page()
    phone.goto(looker.page.url)
    check(looker, demo, phone.screenshot(full_page=True))
    context.close()


def test_the_qr_code_is_read_from_a_print_out(browser: Browser, looker: Visitor, demo: Live, tmp_path: Path) -> None:
    pdf = open_record(looker).pdf(prefer_css_page_size=True)
    check(looker, demo, printed(browser, pdf, tmp_path))


def test_the_picture_is_downloaded_and_read(looker: Visitor, demo: Live) -> None:
    link = open_record(looker).get_by_role("link", name="Download PNG")
    answer = looker.page.request.get(f"{looker.address}{link.get_attribute('href')}")
    assert re.search(r"filename=kiteline-event-\d+-\w{4}-\w{4}\.png$", answer.headers["content-disposition"])
    picture = answer.body()
    check(looker, demo, picture)
    half = Image.open(io.BytesIO(picture)).convert("L")
    check(looker, demo, half.resize((half.width // 2, half.height // 2)))


def test_no_date_below_the_code_is_broken(looker: Visitor) -> None:
    page = open_record(looker)
    for width in range(320, 1000, 40):
        page.set_viewport_size({"width": width, "height": 800})
        lines: list[int] = page.locator(".sheet-proof p").evaluate_all(LINES_OF_DATES)
        assert len(lines) == 2, "in UTC and in the maker's zone"
        assert set(lines) == {1}, width


def test_every_kind_of_event_is_printed_on_one_page(support: Visitor) -> None:
    kinds = {(e["action"], e["status"]): e for e in events(support)}
    assert {status for _, status in kinds} == {True, False}
    for event in kinds.values():
        assert pages(make(support, event).pdf(prefer_css_page_size=True)) == 1


def test_what_needs_more_pages_has_number_and_code_on_each(looker: Visitor) -> None:
    page = open_record(looker)
    page.evaluate("""() => {
      const place = document.querySelector(".sheet-facts > div:nth-child(6)");
      for (let line = 0; line < 150; line++) {
        const field = document.createElement("dd");
        field.textContent = `field ${line}: a value of its own, ${line * line}`;
        place.append(field);
      }
    }""")
    pdf = page.pdf(prefer_css_page_size=True)

    found = [feet(stream) for stream in streams(pdf) if b" Tf" in stream]
    assert len(found) == pages(pdf) > 3
    assert len(found[0]) == 1
    assert all(each == found[0] for each in found)


def test_the_code_and_the_link_are_copied(looker: Visitor) -> None:
    page = open_record(looker)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy code").click()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator(".sheet-code").inner_text()
    page.get_by_role("button", name="Copy link").click()
    assert "/VERIFY/" in page.evaluate("navigator.clipboard.readText()")


def test_the_button_prints(looker: Visitor) -> None:
    page = open_record(looker)
    page.evaluate("window.print = () => (document.title = 'printed')")
    page.get_by_role("button", name="Print").click()
    expect(page).to_have_title("printed")


def test_without_scripts_all_is_there_but_the_buttons(
    visit: Callable[..., Visitor], demo: Live, cookies: Callable[..., StorageState]
) -> None:
    plain = visit(demo, cookies=cookies("support"), has_scripts=False)
    page = open_record(plain)
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    plain.look()
    check(plain, demo, page.screenshot(full_page=True))


def test_list_and_record_look_right(looker: Visitor) -> None:
    looker.go(f"{CHAT}/records")
    looker.look()
    page = open_record(looker)
    looker.look()
    sheet = page.locator(".sheet").bounding_box()
    assert sheet
    assert sheet["width"] == 800


def test_a_code_that_is_none_says_what_to_do(looker: Visitor) -> None:
    looker.expect_answer(404)
    looker.go(f"{CHAT}/audit/120/record?code=7KMQ")
    expect(looker.page.get_by_role("heading", level=1)).to_have_text("There is no such record")
    looker.look()
