"""Pictures of the main pages of the demo, dark, light and on a phone: ``make pictures`` puts them into pictures/."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.functional.browser import LOOKS, NO_CHROMIUM, PHONE, WIDE, Visitor, find_chromium, launched
from tests.functional.records import hand_over, hand_over_displaced
from tests.functional.server import DEMO_PASSWORD, Live, live, prepare

if TYPE_CHECKING:
    from playwright.sync_api import Browser, StorageState

FOLDER = Path("pictures")
CHAT = "/projects/kiteline"
PUBLIC = {"login": "/login", "signup": "/signup", "verify": "/verify"}
PAGES = {
    "projects": "/projects",
    "project-new": "/projects/new",
    "overview": CHAT,
    "keys": f"{CHAT}/keys",
    "key-new": f"{CHAT}/keys/new",
    "audit": f"{CHAT}/audit",
    "audit-oldest": f"{CHAT}/audit?before=75",
    "event": f"{CHAT}/audit/159",
    "event-failed": f"{CHAT}/audit/156",
    "event-displaced": f"{CHAT}/audit/53",
    "event-unknown": f"{CHAT}/audit/9999",
    "audit-filtered": f"{CHAT}/audit?action=update&from=7d",
    "audit-nothing": f"{CHAT}/audit?q=nothing-is-called-so",
    "export": f"{CHAT}/audit.csv?type=api_key&from=30d&q=key",
    "export-nothing": f"{CHAT}/audit.csv?q=nothing-is-called-so",
    "audit-young": "/projects/kiteline-docs/audit",
    "record-form": f"{CHAT}/audit/156/record",
    "records": f"{CHAT}/records",
    "exports": f"{CHAT}/exports",
    "members": f"{CHAT}/members",
    "settings": f"{CHAT}/settings",
    "delete": f"{CHAT}/delete",
    "account": "/account",
    "guide": "/docs/audit-logs",
    "no-project-found": "/projects?q=nothing-is-called-so",
    "no-key-yet": "/projects/kiteline-docs/keys",
    "no-such-page": "/no-such-page",
}
VIEWS = (*((look, WIDE) for look in LOOKS), ("dark", PHONE))


def main() -> None:
    """Serve a demo of its own, and take all pictures. Exits with a message where there is no Chromium."""
    if find_chromium() is None:
        sys.exit(NO_CHROMIUM)
    FOLDER.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        prepare(folder, with_demo=True)
        server, browser = stack.enter_context(live(folder)), stack.enter_context(launched())
        cookies, verdicts = _signed_in(browser, server), _verdicts(server)
        for look, size in VIEWS:
            _take(browser, server, PUBLIC | verdicts, look, size, None)
            _take(browser, server, PAGES | _found(browser, server, cookies), look, size, cookies)
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures are in {FOLDER}/\n")


def _signed_in(browser: Browser, server: Live) -> StorageState:
    context = browser.new_context()
    Visitor(context.new_page(), server.address).sign_in("owner", DEMO_PASSWORD)
    return context.storage_state()


def _verdicts(server: Live) -> dict[str, str]:
    """Return where those verdicts are that have an address: of records that were made, and then meddled with."""
    kept, failed = hand_over(server.instance, 159), hand_over(server.instance, 156)
    altered = hand_over(server.instance, 159, description="Nothing happened.", actorName="Nobody")
    return {
        "verify-kept": kept.link,
        "verify-kept-failed": failed.link,
        "verify-displaced": hand_over_displaced(server.instance).link,
        "verify-altered": altered.link,
        "verify-not-ours": "/verify/0",
    }


def _found(browser: Browser, server: Live, cookies: StorageState) -> dict[str, str]:
    """Return where pages are whose addresses are found on others: of a key and its history, and of a record."""
    page = browser.new_context(storage_state=cookies).new_page()
    found = {}
    for name, path in {"key": f"{CHAT}/keys?status=active", "record": f"{CHAT}/records"}.items():
        page.goto(server.address + path)
        found[name] = page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.get_attribute("href")
    history = (found["key"] or "").replace("/keys/", "/audit/history/api_key/")
    found |= {"history": history, "history-then": f"{history}?at=100"}
    return {name: href or "" for name, href in found.items()}


def _take(
    browser: Browser,
    server: Live,
    pages: dict[str, str],
    look: str,
    size: tuple[int, int],
    cookies: StorageState | None,
) -> None:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if look == "dark" else "light",
        storage_state=cookies,
        locale="en-GB",
    )
    page = context.new_page()
    for name, path in pages.items():
        page.goto(server.address + path)
        page.screenshot(path=FOLDER / f"{name}-{'phone' if size == PHONE else look}.png", full_page=True)
    context.close()


if __name__ == "__main__":
    main()
