"""People who change API keys over HTTP, and remember what they were told had been done."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from threading import Condition, Event
from urllib.parse import urlencode

from tests.conftest import PASSWORD
from tests.crash.conftest import OWNER, Installation
from tests.crash.server import Server, serving

_WRITERS = 6
_SLUGS = ("one", "two", "three")
_TIMEOUT = 60  # seconds that a server may take to come back
_ROUNDS = 2  # of changes of a key, before a writer makes a new one


@dataclass(frozen=True)
class Done:
    """A change that the server has acknowledged."""

    request_id: str
    key_id: str
    field: str
    value: str


@dataclass
class Record:
    """What all writers were told; waiting for more of it is waiting for a number of acknowledged changes."""

    done: list[Done] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    cut_off: int = 0
    told: Condition = field(default_factory=Condition)

    def wait_for(self, count: int = 0, *, refused: int = 0) -> None:
        def has_come() -> bool:
            return len(self.done) >= count and self.refused.total() >= refused

        with self.told:
            found = self.told.wait_for(has_come, _TIMEOUT)
            assert found, f"{len(self.done)} of {count} done, {self.refused.total()} of {refused} refused"


class NotDoneError(Exception):
    """The server answered that it could not do it."""


class Visitor:
    """A session in the browser of one person. Its cookie is kept as it was after signing in: nothing grows in it."""

    def __init__(self, port: int) -> None:
        self._port, self._cookie = port, ""
        self._form: dict[str, str] = {}

    def sign_in(self, email: str, password: str) -> None:
        token = _token(self.send("GET", "/login")[1])
        self.send("POST", "/login", {"email": email, "password": password, "csrf_token": token})
        self._form = {"csrf_token": _token(self.send("GET", "/account")[1])}

    def post(self, address: str, **values: str) -> tuple[HTTPResponse, str]:
        return self.send("POST", address, {**self._form, **values})

    def send(self, method: str, address: str, form: dict[str, str] | None = None) -> tuple[HTTPResponse, str]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT)
        headers = {"Cookie": self._cookie, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, address, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        finally:
            connection.close()
        if answer.status not in {200, 201, 302}:
            raise NotDoneError(answer.status, page)
        if not self._form and (cookies := answer.headers.get_all("Set-Cookie")):
            self._cookie = "; ".join(cookie.split(";")[0] for cookie in cookies)
        return answer, page


@contextmanager
def writing(installation: Installation, log: Path) -> Iterator[tuple[Server, Record]]:
    """Serve *installation*, and let people change keys in all of its projects until the end of the block."""
    record, end = Record(), Event()
    with serving(installation.settings, log) as server, ThreadPoolExecutor(_WRITERS) as pool:
        visitors = [Visitor(server.port) for _ in range(_WRITERS)]
        list(pool.map(lambda visitor: visitor.sign_in(OWNER, PASSWORD), visitors))
        writers = [
            pool.submit(write, visitor, f"Writer {n}", f"/projects/{_SLUGS[n % 3]}/keys", record, end)
            for n, visitor in enumerate(visitors)
        ]
        try:
            yield server, record
        finally:
            end.set()
        for writer in writers:
            writer.result()


def write(visitor: Visitor, name: str, keys: str, record: Record, end: Event) -> None:
    """Make keys under the address *keys* and change each a few times until *end*; what is in doubt is left alone."""
    numbers = itertools.count()
    while not end.is_set():
        try:
            _one_key(visitor, (f"{name} {number}" for number in numbers), keys, record)
        except NotDoneError as error:
            with record.told:
                record.refused[error.args[0]] += 1
                record.told.notify_all()
        except (OSError, HTTPException):
            with record.told:
                record.cut_off += 1


def _one_key(visitor: Visitor, labels: Iterator[str], keys: str, record: Record) -> None:
    label = next(labels)
    answer, page = visitor.post(f"{keys}/new", label=label, environment="development")
    found = re.search(r"/keys/(key_\w+)", page)
    assert found, page
    key = f"{keys}/{found[1]}"
    _acknowledge(record, answer, found[1], "label", label)
    for label in itertools.islice(labels, _ROUNDS):
        answer, _ = visitor.post(key, label=label)
        _acknowledge(record, answer, found[1], "label", label)
        answer, _ = visitor.post(f"{key}/disable")
        _acknowledge(record, answer, found[1], "status", "disabled")
        answer, _ = visitor.post(f"{key}/enable")
        _acknowledge(record, answer, found[1], "status", "active")


def _acknowledge(record: Record, answer: HTTPResponse, key_id: str, told: str, value: str) -> None:
    with record.told:
        record.done.append(Done(answer.headers["X-Request-Id"], key_id, told, value))
        record.told.notify_all()


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, page
    return found[1]
