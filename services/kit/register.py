"""The organisation's client register: names and identity codes stay here, encrypted at rest.

They leave only in the question to the authority and sealed in an introduction (consent.md, "Who and what").
"""

import os
from collections.abc import Iterator

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from stdnum.exceptions import ValidationError
from stdnum.fi import hetu as hetu_number

from consent.keys import derive
from events.codec import Header, decode, encode
from events.consent import PathOpened, PathRefused
from events.envelope import Fact
from events.identity import ClientIntroduced
from events.structs import replaced
from services.kit.client_file import SYSTEM
from services.kit.errors import Invalid
from services.kit.store import OrganisationStore


class Entry(msgspec.Struct, frozen=True):
    """A client in the register. ``hetu`` is the personal identity code, ``language`` ISO 639-1."""

    full_name: str
    hetu: str
    language: str = "fi"


def valid_hetu(hetu: str) -> str:
    """The identity code in its written form. Test codes (individual number 900–999) are taken too.
    Raises ``Invalid`` without repeating it."""
    try:
        return str(hetu_number.validate(hetu, allow_temporary=True))
    except ValidationError:
        raise Invalid("not_an_identity_code", "hetu") from None


def _is_hetu(hetu: str) -> bool:
    try:
        return valid_hetu(hetu) == hetu
    except Invalid:
        return False


class ClientRegister:
    """One organisation's register."""

    def __init__(self, store: OrganisationStore, key: bytes):
        self._store = store
        self._cipher = AESGCM(derive(key, "register"))

    def put(self, client_ref: str, entry: Entry, introduced: bool = False) -> None:
        nonce = os.urandom(12)
        sealed = nonce + self._cipher.encrypt(nonce, msgspec.json.encode(entry), client_ref.encode())
        self._store.put_register_entry(client_ref, sealed, introduced)

    def get(self, client_ref: str) -> Entry | None:
        found = self._store.register_entry(client_ref)
        return None if found is None else self._open(client_ref, found[0])

    def _open(self, client_ref: str, sealed: bytes) -> Entry:
        return msgspec.json.decode(self._cipher.decrypt(sealed[:12], sealed[12:], client_ref.encode()), type=Entry)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Every client of the register with its reference."""
        for client_ref, sealed in self._store.register_entries():
            yield client_ref, self._open(client_ref, sealed)

    def named(self, name: str) -> list[str]:
        """References of the clients of exactly this name, whatever its letters' case."""
        return [ref for ref, entry in self.entries() if entry.full_name.casefold() == name.casefold()]

    # Introductions

    def fill_in(self, header: Header, data: bytes) -> tuple[bytes, str] | None:
        """See ``consent.release.FillIn``."""
        fact = decode(data)
        assert isinstance(fact.says, ClientIntroduced)
        entry = self.get(fact.says.register_entry)
        if entry is None:
            return None
        says = replaced(fact.says, full_name=entry.full_name, hetu=entry.hetu, language=entry.language)
        return encode(replaced(fact, says=says)), fact.says.to

    def introduce(self, fact: Fact) -> None:
        """See ``projections.intake.Register``. What the register already has of its own is left as it is, and so is what
        another introduction has told of another person: one of the two is wrong, and nobody here can know which."""
        says = fact.says
        assert isinstance(says, ClientIntroduced)
        if not says.full_name or not says.hetu or not _is_hetu(says.hetu):
            return
        known, entry = self._store.register_entry(fact.client_ref), self.get(fact.client_ref)
        if known is None or entry is None or (known[1] and entry.hetu == says.hetu):
            self.put(fact.client_ref, Entry(says.full_name, says.hetu, says.language or "fi"), introduced=True)

    def forget(self, client_ref: str) -> None:
        """See ``projections.intake.Register``. A worker may open a case, or put the client into the register, meanwhile."""
        done = False
        while not done:
            file = self._store.file(client_ref)
            done = has_own_case(file.facts) or self._store.clear_register_entry(client_ref, file.version)

    def introduced(self) -> list[str]:
        """See ``projections.intake.Register``."""
        return self._store.introduced_clients()

    def is_own(self, client_ref: str) -> bool:
        """Is the client in the register by more than an introduction: by an own entry, or by a case of one's own?"""
        known = self._store.register_entry(client_ref)
        return known is not None and (not known[1] or has_own_case(self._store.file(client_ref).facts))


_NOT_A_CASE = (PathOpened, PathRefused)


def has_own_case(facts: tuple[Fact, ...]) -> bool:
    """Has the organisation anything of its own with the client, beyond having looked?"""
    return any(not isinstance(f.says, _NOT_A_CASE) and f.role != SYSTEM for f in facts)
