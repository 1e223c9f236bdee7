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


_encoder = msgspec.json.Encoder(order="deterministic")
_header = msgspec.json.Decoder(Header)
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
        envelope = _envelope.decode(data)
        version, says = _read_says(envelope)
    except _UNREADABLE as error:
        raise UnreadableFact(_without_values(error)) from None
    fields = {f: getattr(envelope, f) for f in _FIELDS}
    return Fact(**(fields | {"version": version, "says": says}))


@cache
def _decoder(says: type[Says]) -> msgspec.json.Decoder[Says]:
    return msgspec.json.Decoder(says)


def _read_says(envelope: _Envelope) -> tuple[int, Says]:
    name, version, raw = envelope.name, envelope.version, envelope.says
    if (name, version) not in UPCASTS:
        return version, _decoder(catalogue.class_of(name, version)).decode(raw)
    version, plain = _carried_forward(name, version, msgspec.json.decode(raw))
    return version, msgspec.convert(plain, catalogue.class_of(name, version))


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
