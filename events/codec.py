"""Facts to bytes and back. The bytes written to an organisation's file are the bytes that are sealed."""

import re
from datetime import date
from functools import cache
from typing import Any

import msgspec

from events import catalogue
from events.envelope import Fact, Moment, Says
from events.upcasts import UPCASTS, upcast

MAX_FACT_BYTES = 128 * 1024
"""What is larger could not be sealed; it is refused when it is decided."""


class UnreadableFact(ValueError):
    """Bytes that are not a fact of the published language. Names the field, never repeats a value."""


class Header(msgspec.Struct, frozen=True):
    """The part of the envelope that gate and view decide by; what the fact says is left unread."""

    fact_id: str
    client_ref: str
    organisation: str
    source_seq: int
    name: str
    version: int
    category: str
    occurred_on: date
    recorded_at: Moment
    says: msgspec.Raw

    @property
    def fact_date(self) -> date:
        """As ``Fact.fact_date``."""
        return min(self.occurred_on, self.recorded_at.date())


class _Envelope(Fact, frozen=True, kw_only=True):
    says: msgspec.Raw  # type: ignore[assignment]


class _What(msgspec.Struct, frozen=True, gc=False):
    name: str
    version: int


_encoder = msgspec.json.Encoder(order="deterministic")
_header = msgspec.json.Decoder(Header)
_what = msgspec.json.Decoder(_What)
_envelope = msgspec.json.Decoder(_Envelope)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)
_FIELDS = tuple(f for f in Fact.__struct_fields__ if f != "says")


def encode(fact: Fact) -> bytes:
    """Deterministic JSON: the same fact gives the same bytes."""
    return _encoder.encode(fact)


def header(data: bytes) -> Header:
    """Read only what decides. Raises ``UnreadableFact``."""
    try:
        return _header.decode(data)
    except _UNREADABLE as error:
        raise UnreadableFact(_without_values(error)) from None


def decode(data: bytes) -> Fact:
    """Read a whole fact, old versions carried forward. Raises ``UnreadableFact`` or ``UnknownFact``."""
    try:
        what = _what.decode(data)
        if (what.name, what.version) in UPCASTS:
            return _from_before(_envelope.decode(data))
        return _decoder(catalogue.class_of(what.name, what.version)).decode(data)
    except _UNREADABLE as error:
        raise UnreadableFact(_without_values(error)) from None


@cache
def _decoder(says: type[Says]) -> msgspec.json.Decoder[Fact]:
    return msgspec.json.Decoder(Fact[says])  # type: ignore[valid-type]


def _from_before(envelope: _Envelope) -> Fact:
    """A fact of an old version, what it says carried forward."""
    version, plain = _carried_forward(envelope.name, envelope.version, msgspec.json.decode(envelope.says))
    says = msgspec.convert(plain, catalogue.class_of(envelope.name, version))
    fields = {f: getattr(envelope, f) for f in _FIELDS}
    return Fact(**(fields | {"version": version, "says": says}))


def _carried_forward(name: str, version: int, says: Any) -> tuple[int, Any]:
    try:
        return upcast(name, version, says)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise UnreadableFact("what it says is not of the version that it names") from None


def _without_values(error: Exception) -> str:
    """msgspec names types and the path; a value appears only in quotes, in enum errors, which are cut."""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    what, at, path = str(error).rpartition(" - at `")
    what = re.split("['\"]", what if at else path)[0].strip()
    return f"{what} at {path.rstrip('`')}" if at else what
