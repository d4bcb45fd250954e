"""Records: one event, signed, so that it can be checked by anybody and long after it has been displaced.

The format is described for strangers in ``docs/records.md``. Nothing here knows Flask or a database.
"""

from erebus.records.codes import CodeIsMistyped, code_of, grouped, read_code
from erebus.records.documents import Document, read_document
from erebus.records.facts import Making, facts_of
from erebus.records.fitting import fit
from erebus.records.keys import PublicKeys, SigningKey
from erebus.records.links import link_to, read_link
from erebus.records.payload import FORMAT, NotARecord, Record, canonical, read_payload

__all__ = [
    "FORMAT",
    "CodeIsMistyped",
    "Document",
    "Making",
    "NotARecord",
    "PublicKeys",
    "Record",
    "SigningKey",
    "canonical",
    "code_of",
    "facts_of",
    "fit",
    "grouped",
    "link_to",
    "read_code",
    "read_document",
    "read_link",
    "read_payload",
]
