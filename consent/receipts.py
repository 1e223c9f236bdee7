"""A consent as a receipt that the client can keep: fields named after ISO/IEC TS 27560."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from operator import attrgetter

import msgspec

from consent.domain import CHANGES, Change, Grant, fold
from consent.texts import words_of
from events.consent import ConsentGiven, Scope, TextShown
from events.envelope import Fact

SCHEMA = "ISO/IEC TS 27560:2023"
SPECIAL = frozenset({"health"})
"""Categories of special personal data (GDPR art. 9)."""

WITHDRAWAL = "At any time, without a reason, as easily as it was given: at one's own path, or through any organisation."


_EVENTS = {
    "ConsentGiven": "consent_given",
    "ConsentNarrowed": "consent_narrowed",
    "ConsentExtended": "consent_extended",
    "ConsentWithdrawn": "consent_withdrawn",
}
_RECORDED = attrgetter("recorded_in", "method", "place", "witness")


class PrivacyNotice(msgspec.Struct, frozen=True, kw_only=True):
    """The text that was shown, with its SHA-256; ``text`` is null where the installation no longer has it."""

    language: str
    version: str
    sha256: str
    text: str | None


class PiiInformation(msgspec.Struct, frozen=True, kw_only=True):
    pii_type: str
    special_pii_category: bool


class PurposeOfReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the controller may tell the recipient, and what for."""

    purpose: str
    lawful_basis: str
    pii_controller: str
    recipient_third_party: str
    pii_information: tuple[PiiInformation, ...]


class PartyIdentification(msgspec.Struct, frozen=True, kw_only=True):
    party_id: str
    party_name: str


class ValidityDuration(msgspec.Struct, frozen=True, kw_only=True):
    """Days; the last one is included."""

    valid_from: date
    valid_until: date | None


class EventOfReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done to the consent. ``entity_id`` recorded it."""

    event_id: str
    event_type: str
    event_time: datetime
    entity_id: str
    collection_method: str
    location: str | None
    witness: str | None


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The consent as it now stands. Every change makes a new ``receipt_id``."""

    schema_version: str
    receipt_id: str
    record_id: str
    record_version: int
    pii_principal_id: str
    jurisdiction: str
    privacy_notice: PrivacyNotice | None
    purposes: tuple[PurposeOfReceipt, ...]
    history_since: date | None
    validity_duration: ValidityDuration
    event_state: str
    withdrawal_method: str
    party_identification: tuple[PartyIdentification, ...]
    events: tuple[EventOfReceipt, ...]


def receipt(grant: str, facts: Iterable[Fact], names: Mapping[str, str]) -> Receipt | None:
    """The receipt of a grant, from the client's file at the authority. None where no such consent was given:
    a statutory ground has no receipt. ``names`` by organisation."""
    changes = sorted((f for f in facts if isinstance(f.says, CHANGES)), key=lambda f: f.source_seq)
    own = [f for f in changes if f.ref == grant or getattr(f.says, "grant", None) == grant]
    if not own or not isinstance(own[0].says, ConsentGiven):
        return None
    folded = fold(Change(f.source_seq, f.recorded_at.date(), f.ref, f.says) for f in changes)
    return _receipt(folded.grants[grant], own, _touched(own), names)


def _touched(changes: Iterable[Fact]) -> set[Scope]:
    """Every scope that the consent has had."""
    return {s for f in changes for s in (*getattr(f.says, "scopes", ()), *getattr(f.says, "added", ()))}


def _receipt(grant: Grant, changes: list[Fact], touched: set[Scope], names: Mapping[str, str]) -> Receipt:
    parties = sorted({p for s in touched for p in (s.source, s.recipient)})
    shown = [text for f in changes if (text := getattr(f.says, "text", None)) is not None]
    return Receipt(
        schema_version=SCHEMA,
        receipt_id=changes[-1].fact_id,
        record_id=grant.ref,
        record_version=grant.version,
        pii_principal_id=changes[0].client_ref,
        jurisdiction="FI",
        privacy_notice=_notice(shown[0]) if shown else None,
        purposes=_purposes(grant),
        history_since=grant.history_since,
        validity_duration=ValidityDuration(valid_from=grant.valid_from, valid_until=grant.valid_until),
        event_state="withdrawn" if grant.withdrawn_by else "given",
        withdrawal_method=WITHDRAWAL,
        party_identification=tuple(PartyIdentification(party_id=p, party_name=names.get(p, p)) for p in parties),
        events=tuple(_event(f) for f in changes),
    )


def _notice(shown: TextShown) -> PrivacyNotice:
    text = words_of(shown.language, shown.version)
    return PrivacyNotice(language=shown.language, version=shown.version, sha256=shown.sha256, text=text)


def _purposes(grant: Grant) -> tuple[PurposeOfReceipt, ...]:
    pairs: dict[tuple[str, str, str], list[str]] = {}
    for scope in grant.scopes:
        pairs.setdefault((scope.purpose, scope.source, scope.recipient), []).append(scope.category)
    return tuple(
        PurposeOfReceipt(
            purpose=purpose,
            lawful_basis=grant.legal_ground,
            pii_controller=source,
            recipient_third_party=recipient,
            pii_information=tuple(PiiInformation(pii_type=c, special_pii_category=c in SPECIAL) for c in categories),
        )
        for (purpose, source, recipient), categories in pairs.items()
    )


def _event(fact: Fact) -> EventOfReceipt:
    entity, method, place, witness = _RECORDED(fact.says)
    return EventOfReceipt(
        event_id=fact.fact_id,
        event_type=_EVENTS[fact.name],
        event_time=fact.recorded_at,
        entity_id=entity,
        collection_method=method,
        location=place,
        witness=witness,
    )
