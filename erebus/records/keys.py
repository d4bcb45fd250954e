"""Ed25519 (RFC 8032): the installation's key that signs records, and the public keys that they are verified with."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from erebus.records.documents import Document
from erebus.records.payload import NotARecord, Record, read_payload

if TYPE_CHECKING:
    from collections.abc import Iterable

_ID_LENGTH = 16  # characters of the thumbprint: 96 bits
_KEY_BYTES = 32


class SigningKey:
    """The private key, made of its *seed* of 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        """Take *seed*. Raises ValueError for one of another length."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()
        self.id = key_id(self.public)

    def sign(self, draft: Document) -> Document:
        """Return *draft* with its signature."""
        return Document(draft.payload, self._key.sign(draft.payload), draft.values, draft.more_changes)


class PublicKeys:
    """The public keys (32 bytes each) of an installation, the current one first."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        """Take *keys* as those that records may be signed with."""
        self._keys = {key_id(key): key for key in keys}

    def has_signed(self, record: Record) -> bool:
        """Return whether *record* was signed with the key that its payload names, if that is one of these."""
        try:
            named = read_payload(record.payload)["keyId"]
        except NotARecord:
            return False
        if named not in self._keys:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self._keys[named]).verify(record.signature, record.payload)
        except InvalidSignature:
            return False
        return True

    def knows(self, key: str) -> bool:
        """Return whether the key of this id is one of these."""
        return key in self._keys

    def as_jwks(self) -> dict[str, Any]:
        """Return the keys as a JSON Web Key Set (RFC 7517, RFC 8037)."""
        return {"keys": [{**_jwk(key), "kid": name, "use": "sig", "alg": "EdDSA"} for name, key in self._keys.items()]}


def key_id(public: bytes) -> str:
    """Return the id of a *public* key: the beginning of its JWK thumbprint (RFC 7638), base64url."""
    text = json.dumps(_jwk(public), sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(text.encode()).digest())[:_ID_LENGTH]


def read_jwks(jwks: Any) -> PublicKeys:  # noqa: ANN401 - any JSON value
    """Return the keys of a JSON Web Key Set. Raises ValueError for what is none, or holds no key of ours."""
    try:
        texts = [key["x"] for key in jwks["keys"] if key.get("crv") == "Ed25519"]
        found = [base64.urlsafe_b64decode(text + "=") for text in texts]
    except (TypeError, LookupError, AttributeError, ValueError):
        texts = found = []
    if not found or any(len(key) != _KEY_BYTES for key in found) or list(map(_base64url, found)) != texts:
        message = "this is no list of public keys as /.well-known/erebus-keys.json gives it"
        raise ValueError(message)
    return PublicKeys(found)


def _jwk(public: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public)}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
