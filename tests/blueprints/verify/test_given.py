"""What the record's own page gives is what verifying takes: the picture, the file, the code, and the QR code itself."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from itertools import count
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from erebus.blueprints.records.drawing import draw
from erebus.blueprints.records.qr import qr_code
from erebus.blueprints.records.sheet import lay_out
from erebus.records import FILE_LIMIT, Document, code_of, fit, grouped, link_to
from erebus.records.documents import DOCUMENT_LIMIT
from erebus.signing import signing_key
from tests.blueprints.audit.conftest import Place
from tests.blueprints.verify.test_verdicts import KEPT, title
from tests.records.making import plain_facts
from tests.records.pictures import qr_codes

NO_LOG = "Genuine; the log no longer holds it"


def test_a_record_is_verified_as_its_page_gives_it(
    project: Place, sign_in: Callable[[str], FlaskClient], client: FlaskClient
) -> None:
    support = sign_in("support@example.com")
    address = f"/projects/{project.slug}/audit/2/record"
    form = dict(re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', support.get(address).text))
    page = support.post(address, data=form, follow_redirects=True)
    assert page.status_code == 200
    given = {
        kind: support.get(re.findall(rf'href="([^"]*\.{kind}[^"]*)"', page.text)[0]).data for kind in ("png", "json")
    }
    for kind, data in given.items():
        answer = client.post("/verify", data={"file": (io.BytesIO(data), f"record.{kind}")})
        assert title(answer) == KEPT, kind
    [code] = re.findall(r"[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){4}-[0-9A-Z*~$=]", answer.text)[:1]
    assert code in page.text
    assert title(client.post("/verify", data={"code": code})) == KEPT
    [link] = qr_codes(Image.open(io.BytesIO(given["png"])))
    assert title(client.get(link[link.index("/VERIFY/") :])) == KEPT


def test_the_largest_record_is_verified_as_its_page_gives_it(
    app: Flask, upload: Callable[[bytes], TestResponse]
) -> None:
    with app.app_context():
        key = signing_key()
        largest = key.sign(fit(facts_of_the_largest_event(key.id)))
    text = largest.as_text()
    assert DOCUMENT_LIMIT - 10_000 < len(text) <= DOCUMENT_LIMIT
    for data in (text.encode(), drawn(largest)):
        assert 5_000_000 < len(data) < FILE_LIMIT
        answer = upload(data)
        assert (answer.status_code, title(answer)) == (200, NO_LOG)


def facts_of_the_largest_event(key_id: str) -> dict[str, Any]:
    """Return what a record can just hold: values as long as the log keeps them, of characters as long as they come."""
    chance, numbers, four_bytes = random.Random(1), count(), range(0x10000, 0x110000)

    def wide(length: int) -> str:
        return f"{next(numbers):04}" + "".join(map(chr, chance.choices(four_bytes, k=length - 4)))

    changes = [{"field": "f", "name": f"name {n}", "before": wide(2000), "after": wide(2000)} for n in range(485)]
    long = {name: wide(2000) for name in ("description", "reason", "userAgent")}
    return plain_facts(keyId=key_id, changes=changes, actorImage=None, address="192.0.2.7", **long)


def drawn(document: Document) -> bytes:
    code = grouped(code_of(document.payload))
    sheet = lay_out(document.facts(), "Europe/Berlin", code, has_rest=True)
    return draw(sheet, qr_code(link_to(document.record, "https://erebus.example")), document.as_text())
