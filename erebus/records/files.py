"""Whatever somebody was given as a record: a picture, the JSON file, or a file with the link of the QR code in it."""

from __future__ import annotations

from erebus.records.documents import DOCUMENT_LIMIT, Document, read_document
from erebus.records.links import MARK, read_link
from erebus.records.payload import NoRecord
from erebus.records.pictures import PNG, read_png

FILE_LIMIT = 4 * DOCUMENT_LIMIT + 4_000_000  # bytes: of the longest text, and of what a picture shows (2.7 MB at most)


def read_file(data: bytes) -> Document:
    """Return the record in *data*. Raises `NoRecord` for what is something else, `NotARecord` for a broken one."""
    if data.startswith(PNG):
        return read_png(data)
    try:
        text = data.decode("utf-8-sig")  # editors on Windows put a mark in front when they save
    except UnicodeDecodeError:
        raise NoRecord(_SOMETHING_ELSE) from None
    if text.lstrip().startswith("{"):
        return read_document(text)
    if MARK.lower() not in text.lower():
        raise NoRecord(_SOMETHING_ELSE)
    record = read_link(text)
    return Document(record.payload, record.signature)


_SOMETHING_ELSE = "it is neither a picture (PNG) nor a file (JSON) of a record, nor the link in its QR code"
