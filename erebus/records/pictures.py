"""The record in a picture: an iTXt chunk of the PNG (its specification, 11.3.3.4) with the text of the record's file.

No pixel is decoded, so that no picture can be too large once unpacked: the chunks are walked through by hand, each
held against its CRC. What the picture shows is not looked at: that is for whoever looks at it.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from erebus.records.documents import DOCUMENT_LIMIT, Document, read_document
from erebus.records.payload import NoRecord, NotARecord

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
KEYWORD = "erebus-record"
CHUNK_LIMIT = 10_000  # programs make some hundreds; a file of a million empty ones would cost a second
_TEXTS = {b"iTXt", b"tEXt", b"zTXt"}
_PLAIN, _DEFLATED = b"\0\0\0\0", b"\1\0\0\0"  # compressed or not, by the only method, without language and translation
_NAME_AND_LENGTH, _CRC = 8, 4  # bytes


def read_png(data: bytes) -> Document:
    """Return the record in the picture *data*. Raises `NoRecord` where none is in it, `NotARecord` for a broken one."""
    start = KEYWORD.encode() + b"\0"
    found = [(kind, content) for kind, content in _chunks(data) if kind in _TEXTS and content.startswith(start)]
    if not found:
        message = "there is no record in this picture: a screenshot, or a picture that was saved anew, has lost it"
        raise NoRecord(message)
    if len(found) > 1:
        message = "there are several records in this picture"
        raise NotARecord(message)
    kind, content = found[0]
    if kind != b"iTXt":
        message = "the record in this picture is not kept as Erebus keeps it"
        raise NotARecord(message)
    return read_document(_text(content[len(start) :]))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the content of each chunk. Raises `NotARecord` for what is no whole PNG."""
    if not data.startswith(PNG):
        message = "it is no PNG"
        raise NoRecord(message)
    at, kind = len(PNG), b""
    for _ in range(CHUNK_LIMIT):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + _NAME_AND_LENGTH + length
        kind, crc = data[at + 4 : at + _NAME_AND_LENGTH], data[end : end + _CRC]
        if len(crc) < _CRC or zlib.crc32(data[at + 4 : end]) != int.from_bytes(crc, "big"):
            raise NotARecord(_BROKEN)
        yield kind, data[at + _NAME_AND_LENGTH : end]
        at = end + _CRC
        if kind == b"IEND":
            break
    if kind != b"IEND" or at != len(data):
        raise NotARecord(_BROKEN)


def _text(content: bytes) -> str:
    how, data = content[: len(_PLAIN)], content[len(_PLAIN) :]
    if how not in {_PLAIN, _DEFLATED}:
        raise NotARecord(_BROKEN)
    try:
        return (_inflate(data) if how == _DEFLATED else data).decode()
    except (zlib.error, UnicodeDecodeError):
        raise NotARecord(_BROKEN) from None


def _inflate(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(data, 4 * DOCUMENT_LIMIT)  # bytes of the longest text
    if not unpacker.eof or unpacker.unused_data:
        raise NotARecord(_BROKEN)
    return text


_BROKEN = "this picture was cut off, or the record in it was changed"
