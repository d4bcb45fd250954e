"""The link in the QR code: an address with signature and payload in it, in characters that QR codes hold densely."""

from __future__ import annotations

import zlib

from erebus.records import crockford
from erebus.records.documents import SIGNATURE_BYTES
from erebus.records.fitting import DEFLATED_LIMIT, deflate
from erebus.records.payload import PAYLOAD_LIMIT, NotARecord, Record, read_payload

MARK = "/VERIFY/"
LINK_LIMIT = -(-(SIGNATURE_BYTES + DEFLATED_LIMIT) * 8 // 5)  # characters behind the mark


def link_to(record: Record, root: str) -> str:
    """Return the link to *record* on the installation whose address is *root* (``https://host``), in capitals."""
    return root.rstrip("/").upper() + MARK + crockford.encode(record.signature + deflate(record.payload))


def read_link(link: str) -> Record:
    """Return what *link*, or only what stands behind its last slash, holds; either case. Raises `NotARecord`.

    The signature is not verified here.
    """
    text = link.strip().rpartition("/")[2]
    text = text.upper() if text.isascii() else text  # other letters have capitals in ASCII, too
    if not SIGNATURE_BYTES * 8 // 5 < len(text) <= LINK_LIMIT:
        message = "it is too short or too long for the link of a record"
        raise NotARecord(message)
    data = crockford.decode(text)
    record = Record(_inflate(data[SIGNATURE_BYTES:]), data[:SIGNATURE_BYTES])
    read_payload(record.payload)
    return record


def _inflate(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        payload = unpacker.decompress(data, PAYLOAD_LIMIT)
    except zlib.error:
        payload = b""
    if not payload or not unpacker.eof or unpacker.unused_data:
        message = "what it holds was cut off or changed"
        raise NotARecord(message)
    return payload
