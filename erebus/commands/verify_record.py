"""``flask erebus verify-record``: whether a record is genuine, without asking anybody."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click
from flask.cli import with_appcontext

from erebus.commands.logs import UNANSWERED
from erebus.records import NoRecord, NotARecord, code_of, grouped, is_abridged, read_file, read_jwks, read_payload
from erebus.signing import public_keys
from erebus.times import told
from erebus.trail import printable
from erebus.wording import text_of, value_of

if TYPE_CHECKING:
    from typing import BinaryIO

    from erebus.records import Document, PublicKeys

_TIMES = ("createdAt", "recordedAt")
_NOT_CHECKED = (
    "Not checked: whether the event is still in the log, which /verify can tell; whether a picture shows what is said"
    " here: compare them."
)
_LIMIT = 16_000_000  # bytes; a picture of a record is a fraction of that


class Unanswered(click.ClickException):
    """Whether the record is genuine cannot be told."""

    exit_code = UNANSWERED


@click.command("verify-record")
@click.argument("file", type=click.File("rb"))
@click.option("--keys", type=click.File("rb"), help="Public keys, as /.well-known/erebus-keys.json gives them.")
@with_appcontext
def verify_record(file: BinaryIO, keys: BinaryIO | None) -> None:
    """Say whether the record in FILE is genuine: a PNG, a JSON file, or the QR code's link ("-": from a pipe).

    It is held against this installation's keys, or against --keys; neither the log nor the network is asked. The exit
    code is 0 if it is genuine, 1 if it is not, 2 if the question cannot be answered.
    """
    known = _known(keys)
    try:
        document = read_file(file.read(_LIMIT))
    except NoRecord as error:
        raise Unanswered(str(error)) from None
    except NotARecord as error:
        click.echo(f"NOT GENUINE: {error}.")
        sys.exit(1)
    if wrong := _wrong(document, known):
        click.echo(f"NOT GENUINE: {wrong}")
        sys.exit(1)
    click.echo(_told(document, keys.name if keys else None))


def _known(keys: BinaryIO | None) -> PublicKeys:
    try:
        return read_jwks(json.loads(keys.read(_LIMIT))) if keys else public_keys()
    except OSError as error:
        message = f"the keys cannot be read: {error.strerror or error}"
        raise Unanswered(message) from None
    except (ValueError, RecursionError) as error:
        message = str(error) if type(error) is ValueError else "--keys is no JSON"
        raise Unanswered(message) from None


def _wrong(document: Document, known: PublicKeys) -> str:
    """Return why *document* is not genuine, empty if it is."""
    key = read_payload(document.payload)["keyId"]
    if not known.knows(key):
        return f"it names the key {printable(key)}, which is none of the known ones: another installation's, or forged."
    if not known.has_signed(document.record):
        return "its signature does not fit what it says: something in it was changed."
    return ""


def _told(document: Document, source: str | None) -> str:
    facts = document.facts()
    lines = [f"  {name:<18} {_line(name, value)}" for name, value in facts.items() if name != "changes"]
    lines += [f"  {'change':<18} {printable(json.dumps(change, ensure_ascii=False))}" for change in facts["changes"]]
    keys = f"the keys in {source}: see that they come from {printable(facts['host'])}" if source else "our own keys"
    code = grouped(code_of(document.payload))
    return "\n".join(
        (
            "GENUINE: it was signed with the key that it names, and was not changed since.",
            *lines,
            f"Its verification code is {code}.",
            f"Checked: the Ed25519 signature over all of the above, with {keys}; {_rest(document)}.",
            _NOT_CHECKED,
        )
    )


def _rest(document: Document) -> str:
    members = read_payload(document.payload)
    if not document.values and any(map(is_abridged, members.values())):
        return "long texts are known by length and SHA-256 only, for the link does not hold them"
    return "long texts and further changes, where it has any, by the hashes that are signed"


def _line(name: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    if is_abridged(value):
        return f"({value_of(value).text})"
    if name in _TIMES:
        return f"{value} ({told(value, exact=True)})"
    return printable(text_of(value))
