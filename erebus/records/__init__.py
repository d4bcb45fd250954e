"""Records: one event, signed, so that it can be checked by anybody and long after it has been displaced.

The format is described for strangers in ``docs/records.md``. Nothing here knows Flask or a database.
"""

from erebus.records.codes import CodeIsMistyped, code_of, grouped, read_code
from erebus.records.comparing import differences
from erebus.records.documents import Document, RestIsAltered, read_document
from erebus.records.facts import Making, facts_of
from erebus.records.files import FILE_LIMIT, read_file
from erebus.records.fitting import fit
from erebus.records.keys import PublicKeys, SigningKey, key_id, read_jwks
from erebus.records.links import link_to, read_link
from erebus.records.payload import (
    ORIGIN,
    NoRecord,
    NotARecord,
    Record,
    canonical,
    is_abridged,
    read_payload,
)
from erebus.records.pictures import KEYWORD, PNG, read_png

__all__ = [
    "FILE_LIMIT",
    "KEYWORD",
    "ORIGIN",
    "PNG",
    "CodeIsMistyped",
    "Document",
    "Making",
    "NoRecord",
    "NotARecord",
    "PublicKeys",
    "Record",
    "RestIsAltered",
    "SigningKey",
    "canonical",
    "code_of",
    "differences",
    "facts_of",
    "fit",
    "grouped",
    "is_abridged",
    "key_id",
    "link_to",
    "read_code",
    "read_document",
    "read_file",
    "read_jwks",
    "read_link",
    "read_payload",
    "read_png",
]
