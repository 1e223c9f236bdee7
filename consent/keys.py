"""Keys per client, source, category and epoch, and how a record tells which one it needs.

Every client has a root key at the authority; an epoch's key is derived from it (HKDF-Expand), so that
destroying the root destroys them all. A record carries a *locator*: the epoch's number with random bits,
enciphered as one block under the authority's own key. To anybody else locators are noise: two records of
one epoch have nothing in common. Whoever reads the log asks the authority to open them, a batch at a time.
"""

import os
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from events.consent import Scope

LOCATOR_BYTES = 16
_NUMBER, _CHECK, _RANDOM = 5, 5, 6

Members = tuple[tuple[str, str], ...]
"""(recipient, the unbroken coverage it reads by) for each, sorted: what fixes an epoch."""


class Wanted(NamedTuple):
    """A source wants to seal one fact. ``lane`` is empty, or the newcomer that a fact is sent again to."""

    client_ref: str
    category: str
    lane: str
    members: Members


class SealKey(NamedTuple):
    """The key of the source's current epoch for what was wanted, and a fresh locator for one record."""

    epoch: int
    key: bytes
    locator: bytes


class OpenKey(NamedTuple):
    """An epoch's key for one of its recipients. ``party_key`` opens the recipient's part of a consent change."""

    epoch: int
    source: str
    category: str
    key: bytes
    party_key: bytes | None = None


NOT_YOURS: Literal["not_yours"] = "not_yours"
"""An answer, and final for the record."""

NO_SUCH: Literal["no_such"] = "no_such"
"""No epoch was ever opened by that locator: the record is not of this platform's making."""

Opened = OpenKey | Literal["not_yours", "no_such"]


class AuthorityUnavailable(Exception):
    """The authority cannot answer now: wait, never skip or guess."""


class ConsentMoved(Exception):
    """The source decided on consent that is no longer the newest: read on and decide again."""

    def __init__(self, client_refs: frozenset[str]):
        super().__init__("consent has changed")
        self.client_refs = client_refs


class ConsentTold(NamedTuple):
    """How far a party must have come to know all of a client's consent that it was told of: ``position`` of the newest
    acknowledged change, and how many ``changes`` there are until then; 0: none."""

    position: int
    changes: int


NOTHING_TOLD = ConsentTold(0, 0)


class Keyring(Protocol):
    """What an organisation asks of the authority."""

    def seal_keys(self, source: str, wanted: Sequence[Wanted]) -> Sequence[SealKey]:
        """A key for each. Opens a new epoch where the members differ from the current one's.
        Raises ``ConsentMoved`` where the members are not those that may read now, ``AuthorityUnavailable``."""

    def open_keys(self, recipient: str, asked: Sequence[tuple[str, bytes]]) -> Sequence[Opened]:
        """For each (client_ref, locator) the key, if the recipient is of the epoch's set and may hold its facts.
        Raises ``AuthorityUnavailable``."""

    def consent_head(self, client_ref: str, party: str) -> ConsentTold:
        """Raises ``AuthorityUnavailable``."""

    def note_grounds(self, client_ref: str, source: str, needed: Collection[Scope]) -> None:
        """Put the statutory grounds configured for this source that cover any of these scopes on the client's stream,
        where they are not yet. Raises ``AuthorityUnavailable``."""


def derive(root: bytes, *context: str) -> bytes:
    """A key of 32 bytes from a client's root key; the context's words never run together."""
    info = b"".join(len(word.encode()).to_bytes(2) + word.encode() for word in context)
    return HKDFExpand(SHA256(), 32, info).derive(root)


class Locators:
    """Makes and reads locators. Only the authority has the key."""

    def __init__(self, key: bytes):
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # one block of number and fresh random bits

    def make(self, epochs: Sequence[int]) -> list[bytes]:
        """A fresh locator for each epoch number."""
        noise = os.urandom(_RANDOM * len(epochs))
        blocks = b"".join(
            number.to_bytes(_NUMBER) + bytes(_CHECK) + noise[_RANDOM * i : _RANDOM * (i + 1)]
            for i, number in enumerate(epochs)
        )
        made = self._cipher.encryptor().update(blocks)
        return [made[i : i + LOCATOR_BYTES] for i in range(0, len(made), LOCATOR_BYTES)]

    def read(self, locators: Sequence[bytes]) -> list[int | None]:
        """The epoch number of each; None for one that this authority did not make."""
        blocks = self._cipher.decryptor().update(b"".join(locators))
        return [_number(blocks[i : i + LOCATOR_BYTES]) for i in range(0, len(blocks), LOCATOR_BYTES)]


def _number(block: bytes) -> int | None:
    if any(block[_NUMBER : _NUMBER + _CHECK]):
        return None
    return int.from_bytes(block[:_NUMBER])
