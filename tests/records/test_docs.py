"""What ``docs/records.md`` tells strangers is so: its verifier works, and it names each member and each limit."""

from __future__ import annotations

import codecs
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from erebus.records import Document, PublicKeys, SigningKey, fit, link_to
from erebus.records.fitting import DEFLATED_LIMIT, LIMITS
from erebus.records.links import LINK_LIMIT
from erebus.records.payload import _MAY_BE, _MEMBERS, PAYLOAD_LIMIT
from tests.records.making import KEY, plain_facts, plain_record
from tests.records.test_round_trip import picture

pytestmark = pytest.mark.pure

TEXT = (Path(__file__).parents[2] / "docs" / "records.md").read_text()


@pytest.fixture
def verifier(tmp_path: Path) -> Path:
    [program] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "verify.py").write_text(program)
    keys = PublicKeys([SigningKey(bytes(32)).public, KEY.public]).as_jwks()
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    return tmp_path


def run(folder: Path, data: bytes) -> subprocess.CompletedProcess[str]:
    (folder / "record").write_bytes(data)
    command = [sys.executable, "-I", "verify.py", "keys.json", "record"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def forms(document: Document) -> list[bytes]:
    text = document.as_text()
    return [
        text.encode(),
        picture(text),
        picture(text, is_packed=False),
        link_to(document.record, "https://h").encode(),
    ]


def test_the_verifier_takes_a_file_and_a_list_of_keys_with_a_byte_order_mark(verifier: Path) -> None:
    keys = verifier / "keys.json"
    keys.write_bytes(codecs.BOM_UTF8 + keys.read_bytes())
    for data in forms(plain_record())[::3]:
        assert run(verifier, codecs.BOM_UTF8 + data).returncode == 0


def test_the_verifier_takes_each_form_of_a_record(verifier: Path) -> None:
    for document in (plain_record(), plain_record(changes=[], description="Ünï\n\u2028\x7f\x1f\U0001f600")):
        for data in forms(document):
            done = run(verifier, data)
            assert done.returncode == 0, done.stderr
            said = json.loads(done.stdout)
            facts = document.facts()
            assert (said["actorName"], said["hash"]) == (facts["actorName"], facts["hash"])
            if data != forms(document)[-1]:
                assert said["changes"] + said["furtherChanges"] == facts["changes"]
                assert said["description"] == facts["description"]


def test_the_verifier_refuses_what_was_altered(verifier: Path) -> None:
    text = plain_record().as_text()
    other = SigningKey(bytes([1] * 32))
    strange = other.sign(fit(plain_facts(keyId=other.id)))
    forged = other.sign(fit(plain_facts()))
    for altered in (
        text.replace("Leo Tann", "Leo Tahn"),
        text.replace('"field 60"', '"field 61"'),
        text.replace('"number": 239', '"number": 240, "number": 239'),
        text.replace('"status": false', '"status": true'),
        strange.as_text(),
        forged.as_text(),
        link_to(forged.record, "https://h"),
        "HTTPS://H/VERIFY/000",
        text.replace("it was revoked before. it", "it was never revoked. it", 1),
    ):
        assert altered != text
        assert_refused(run(verifier, altered.encode()))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe{",
        b"{",
        b"[" * 5000,
        b"{}",
        b'{"payload": 1}',
        b"\x89PNG\r\n\x1a\n",
        b"https://h/VERIFY/!",
        b"\0" * 99,
    ],
)
def test_the_verifier_says_so_of_what_is_no_record(verifier: Path, data: bytes) -> None:
    assert_refused(run(verifier, data))


def assert_refused(done: subprocess.CompletedProcess[str]) -> None:
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("NOT GENUINE: ")


def test_each_member_and_each_limit_is_named() -> None:
    tables = TEXT[: TEXT.index("## The three forms")]
    assert re.findall(r"^\| `(\w+)` \|", tables, re.MULTILINE) == [
        *_MEMBERS,
        "moreChanges",
        "actorImage",
        "address",
        "userAgent",
    ]
    assert set(_MAY_BE) == {"moreChanges", "actorImage", "address", "userAgent"}
    for limit in (PAYLOAD_LIMIT, DEFLATED_LIMIT, LINK_LIMIT):
        assert f"{limit:,}" in TEXT
    assert f"never up to {LIMITS[-1]} bytes" in TEXT
