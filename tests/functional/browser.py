"""A real Chromium, and a visitor in it who notices whatever goes wrong on a page."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

NO_CHROMIUM = "NO CHROMIUM here: what is seen in a browser is not tested. Install one: apt-get install chromium"
LOOKS = ("dark", "light")
WIDE, PHONE = (1280, 900), (375, 800)
SIZES = (PHONE, (320, 640), (768, 1024), (2560, 1440))  # at which nothing may scroll sideways
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""
_AXE = Axe().axe_script
_OF_COLOUR = ("color-contrast", "link-in-text-block")  # the rules that may find less in the first look than in another
_STATUS_IN_CONSOLE = "Failed to load resource"  # told by the response itself, with its address


def find_chromium() -> str | None:
    """Return where Chromium is, the system's own; None if there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=_ARGUMENTS)
        yield browser
        browser.close()


def is_ci() -> bool:
    """Return whether a missing Chromium is a failure."""
    return bool(os.environ.get("CI"))


@dataclass
class Visitor:
    """Somebody at *page* of the server at *address*; *faults* is what went wrong so far."""

    page: Page
    address: str
    has_scripts: bool = True
    faults: list[str] = field(default_factory=list)
    answers: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Listen to the page."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"error in a script: {error}"))
        self.page.on("requestfailed", self._miss)
        self.page.on("response", self._receive)
        if self.has_scripts:
            self.page.add_init_script(_TELL_VIOLATIONS)

    def expect_answer(self, status: int) -> None:
        """Take answers of *status* (400 and above) as meant."""
        self.answers.add(status)

    def go(self, path: str) -> None:
        """Open *path*."""
        self.page.goto(self.address + path)

    def sign_in(self, name: str, password: str) -> None:
        """Sign in as ``name@example.com``."""
        self.go("/login")
        self.page.get_by_label("Email").fill(f"{name}@example.com")
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name="Projects", level=1).wait_for()

    def look(self) -> None:
        """Look at the page dark and light, from a phone to a wall: axe finds nothing, and nothing scrolls sideways."""
        for look, rules in zip(LOOKS, ((), _OF_COLOUR), strict=True) if self.has_scripts else ():
            self.page.emulate_media(color_scheme=look, reduced_motion="reduce")
            self.faults += [f"{look} {self._path()}: {fault}" for fault in _axe(self.page, rules)]
        for width, height in SIZES:
            self.page.set_viewport_size({"width": width, "height": height})
            if (needed := self._width()) > width:
                self.faults.append(f"{self._path()} scrolls sideways at {width} px: it is {needed} px wide")
        self.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})

    def _width(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def _path(self) -> str:
        return self.page.url.removeprefix(self.address)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_STATUS_IN_CONSOLE):
            self.faults.append(f"{self._path()}: console: {message.text}")

    def _miss(self, request: Request) -> None:
        if "/favicon." in request.url:  # the browser lets it go when one goes on; one that is not there is an answer
            return
        if request.resource_type == "fetch" and request.failure == "net::ERR_ABORTED":  # let go by a script, or with it
            return
        self.faults.append(f"{self._path()}: no answer to {request.method} {request.url}: {request.failure}")

    def _receive(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.answers:
            self.faults.append(f"{self._path()}: {response.status} from {response.request.method} {response.url}")


def _axe(page: Page, rules: tuple[str, ...]) -> list[str]:
    """What axe finds by *rules*, by default by all that there are."""
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    if not rules:
        page.evaluate(_AXE)
    found: list[dict[str, Any]] = page.evaluate("options => axe.run(options).then(found => found.violations)", options)
    return [
        f"axe: {rule['id']} ({rule['help']}) at {', '.join(str(node['target']) for node in rule['nodes'])}"
        for rule in found
    ]
