"""What the record's own page gives is what verifying takes: the picture, the file, the code, and the QR code itself."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import zxingcpp
from flask.testing import FlaskClient
from PIL import Image

from tests.blueprints.audit.conftest import Place
from tests.blueprints.verify.test_verdicts import KEPT, title


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
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(given["png"])))
    assert title(client.get(found.text[found.text.index("/VERIFY/") :])) == KEPT
