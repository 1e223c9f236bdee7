"""The seal of a record, and the source's signature inside it.

A batch is signed once: Ed25519 over the root of a hash tree of its records. Each record carries its path to
that root, so that it can be verified by itself, for a few hashes. The plaintext is padded to size classes.

    data      = locator (16) | nonce (12) | AES-256-GCM(plaintext)      authenticated with: id, subject, time, locator
    plaintext = length (4) | Inside | zeros up to the size class
    leaf      = SHA-256(0 | id, subject, time, locator | kind | body)   node = SHA-256(1 | left | right)
"""

import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consent.keys import LOCATOR_BYTES
from events.shared_log import Record

NONCE_BYTES = 12
SIZE_CLASSES = (1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144)
FACT, CONSENT_CHANGE = 0, 1
SIGNED_TOGETHER = 64
"""Records under one signature: enough to make it cheap, few enough for short paths."""

KNOWN_HASHES = 20_000

_SIGNED = b"palvelupolku.batch.v1"
_HEAD = LOCATOR_BYTES + NONCE_BYTES


class SealBroken(Exception):
    """The bytes are not what their key sealed: the record was changed or the key is another's."""


class SignatureBroken(Exception):
    """The record is not signed by the organisation that it names."""


class TooLarge(ValueError):
    """A fact that no size class holds."""


class Inside(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is under the seal. ``path`` is the concatenated siblings from the leaf up, ``index`` the leaf's place."""

    kind: int
    source: str
    signature: bytes
    index: int
    path: bytes
    body: bytes


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """A record about to be sealed: everything but the signature. ``trace`` as in ``Record``: outside the seal."""

    id: str
    subject: str
    time: int
    locator: bytes
    kind: int
    body: bytes
    trace: str = ""

    @property
    def authenticated(self) -> bytes:
        return authenticated(self.id, self.subject, self.time, self.locator)


def authenticated(id: str, subject: str, time: int, locator: bytes) -> bytes:
    """What the seal authenticates beside its content."""
    return f"{id}{subject}{time:016x}".encode() + locator


class Directory(Protocol):
    """Knows every organisation's public keys."""

    def public_keys(self, organisation: str) -> Sequence[Ed25519PublicKey]:
        """The one it signs with and those it signed with before. Raises ``SignatureBroken`` for an organisation that is
        not known."""


_aead = lru_cache(maxsize=20_000)(AESGCM)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Inside).decode


def pad(content: bytes, classes: Sequence[int] = SIZE_CLASSES) -> bytes:
    """The content with its length before it and zeros after it, up to the next size class."""
    size = len(content) + 4
    for size_class in classes:
        if size <= size_class:
            return len(content).to_bytes(4) + content + bytes(size_class - size)
    raise TooLarge("the fact is larger than any size class")


def unpad(padded: bytes) -> bytes:
    """What ``pad`` was given."""
    return padded[4 : 4 + int.from_bytes(padded[:4])]


def record_id(fact_id: str, epoch: int) -> str:
    """f(fact_id, epoch): the same fact under the same epoch is one record; says nothing about the fact."""
    return sha256(f"{fact_id}/{epoch}".encode()).hexdigest()[:32]


def _leaf(authenticated: bytes, kind: int, body: bytes) -> bytes:
    return sha256(b"\0" + authenticated + bytes((kind,)) + body).digest()


def _tree(leaves: list[bytes]) -> list[list[bytes]]:
    """The levels of the hash tree, leaves first, filled up to a power of two with zero hashes."""
    width = 1 << (len(leaves) - 1).bit_length()
    level = leaves + [bytes(32)] * (width - len(leaves))
    levels = [level]
    while len(level) > 1:
        level = [sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level), 2)]
        levels.append(level)
    return levels


def _path(levels: list[list[bytes]], index: int) -> bytes:
    siblings = []
    for level in levels[:-1]:
        siblings.append(level[index ^ 1])
        index >>= 1
    return b"".join(siblings)


class Signer:
    """Signs an organisation's batches and seals their records."""

    def __init__(self, source: str, private_key: Ed25519PrivateKey):
        self.source = source
        self._private_key = private_key

    def seal(self, batch: Sequence[Envelope], keys: Sequence[bytes]) -> list[Record]:
        """Sign the batch, seal each record under its key."""
        records: list[Record] = []
        for start in range(0, len(batch), SIGNED_TOGETHER):
            end = start + SIGNED_TOGETHER
            records += self._seal(batch[start:end], keys[start:end])
        return records

    def _seal(self, batch: Sequence[Envelope], keys: Sequence[bytes]) -> list[Record]:
        bound = [e.authenticated for e in batch]
        levels = _tree([_leaf(a, e.kind, e.body) for a, e in zip(bound, batch, strict=True)])
        signature = self._private_key.sign(_SIGNED + levels[-1][0])
        nonces = os.urandom(NONCE_BYTES * len(batch))
        records = []
        for index, (envelope, key) in enumerate(zip(batch, keys, strict=True)):
            inside = Inside(envelope.kind, self.source, signature, index, _path(levels, index), envelope.body)
            nonce = nonces[NONCE_BYTES * index : NONCE_BYTES * (index + 1)]
            sealed = _aead(key).encrypt(nonce, pad(_encode(inside)), bound[index])
            data = envelope.locator + nonce + sealed
            records.append(Record(envelope.id, envelope.subject, envelope.time, data, envelope.trace))
        return records


def locator_of(record: Record) -> bytes:
    """The record's locator; of a record too short to have one, what there is."""
    return record.data[:LOCATOR_BYTES].ljust(LOCATOR_BYTES, b"\0")


def unseal(record: Record, key: bytes) -> tuple[Inside, bytes]:
    """Open the seal. Returns what is inside and the leaf that its source must have signed.
    Raises ``SealBroken``."""
    data = record.data
    bound = authenticated(record.id, record.subject, record.time, data[:LOCATOR_BYTES])
    try:
        inside = _decode(unpad(_aead(key).decrypt(data[LOCATOR_BYTES:_HEAD], data[_HEAD:], bound)))
    except (InvalidTag, msgspec.DecodeError, ValueError):
        raise SealBroken("the seal is broken") from None
    if inside.kind not in (FACT, CONSENT_CHANGE):
        raise SealBroken("the record is of no known kind")
    return inside, _leaf(bound, inside.kind, inside.body)


class Verifier:
    """Verifies that a source signed a record's leaf. A batch's root is verified once; with it every hash beside the way
    to it is known to be the source's too, so that the batch's other records need a hash or two."""

    def __init__(self, directory: Directory):
        self._directory = directory
        self._known: dict[str, set[bytes]] = {}

    def check(self, inside: Inside, leaf: bytes, source: str) -> None:
        """Raises ``SignatureBroken`` unless ``source`` signed the leaf's tree."""
        if inside.source != source:
            raise SignatureBroken("the record names another source than its epoch")
        known = self._known.setdefault(source, set())
        if leaf not in known:
            way, end = _way_up(leaf, inside.index, inside.path, known)
            if end not in known:
                self._verify(source, inside.signature, end)
            if len(known) > KNOWN_HASHES:
                known.clear()
            known.update(way)

    def _verify(self, source: str, signature: bytes, root: bytes) -> None:
        for key in self._directory.public_keys(source):
            with suppress(InvalidSignature):
                key.verify(signature, _SIGNED + root)
                return
        raise SignatureBroken("the signature does not hold")


def _way_up(leaf: bytes, index: int, path: bytes, known: set[bytes]) -> tuple[list[bytes], bytes]:
    """The hashes from the leaf up to one that is known, or to the root; and that last one."""
    node, way = leaf, [leaf]
    for start in range(0, len(path), 32):
        sibling = path[start : start + 32]
        node = sha256(b"\1" + sibling + node if index & 1 else b"\1" + node + sibling).digest()
        way += (sibling, node)
        if node in known:
            break
        index >>= 1
    return way, node


# A consent change: one record with a part for each party, padded in number and size. Scopes repeat themselves, so
# that parts are compressed: a consent between everybody about everything would be larger than a record may be.

PARTS_ROUNDED_TO = 4


def seal_parts(parts: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A body of sealed parts, for each (party key, content) one and as many more as round the number up."""
    small = [(key, zlib.compress(content)) for key, content in parts]
    size = len(pad(max((content for _, content in small), key=len)))
    count = -(-len(parts) // PARTS_ROUNDED_TO) * PARTS_ROUNDED_TO
    sealed = [_seal_part(key, content, size) for key, content in small]
    sealed += [os.urandom(NONCE_BYTES + size + 16) for _ in range(count - len(parts))]
    return msgspec.msgpack.encode(sorted(sealed))


def _seal_part(key: bytes, content: bytes, size: int) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _aead(key).encrypt(nonce, pad(content, (size,)), None)


def open_part(body: bytes, party_key: bytes) -> bytes | None:
    """The part that this key opens; None where there is none for it. Raises ``SealBroken``."""
    try:
        parts = msgspec.msgpack.decode(body, type=list[bytes])
        return next((zlib.decompress(unpad(p)) for part in parts if (p := _opened(part, party_key)) is not None), None)
    except (msgspec.DecodeError, zlib.error):
        raise SealBroken("the record holds no parts") from None


def _opened(part: bytes, party_key: bytes) -> bytes | None:
    try:
        return _aead(party_key).decrypt(part[:NONCE_BYTES], part[NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        return None
