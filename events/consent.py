"""``consent``: changes of consent and disclosures; always told to the client.

The fields of a grant follow ISO/IEC TS 27560. On the shared log a change travels as one record with a
sealed part for each party: the same fact with only that party's scopes (consent.md, "The log").
"""

from datetime import date, datetime
from typing import Literal

import msgspec

from events.envelope import Ref, Says

CATEGORY = "consent"

Purpose = Literal["service_coordination", "reporting", "research"]
Method = Literal["paper", "electronic", "assisted"]
Instrument = Literal["consent", "disclosure_permission", "refusal", "statutory"]


class Scope(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """``source`` may tell ``recipient`` what is of ``category``, for ``purpose``. Instances, no wildcards."""

    source: str
    recipient: str
    category: str
    purpose: Purpose = "service_coordination"


class TextShown(msgspec.Struct, frozen=True, kw_only=True):
    """The text that the client was shown: language, version and SHA-256 of its words."""

    language: str
    version: str
    sha256: str


class _Recorded(Says, frozen=True, kw_only=True):
    """How the client's word was given, and who wrote it down."""

    method: Method
    place: str | None = None
    witness: str | None = None
    text: TextShown | None = None
    recorded_by: str
    recorded_in: str


class ConsentGiven(_Recorded, frozen=True, kw_only=True):
    """A new grant: this fact's id is the grant's id. ``valid_until`` is the last day included."""

    instrument: Instrument = "consent"
    legal_ground: str
    scopes: tuple[Scope, ...]
    valid_from: date
    valid_until: date | None = None
    history_since: date | None = None


class ConsentNarrowed(_Recorded, frozen=True, kw_only=True):
    """Only ever removes: scopes, days, history. ``valid_until`` and ``history_since`` are as they now stand."""

    grant: Ref
    grant_version: int
    removed: tuple[Scope, ...] = ()
    valid_until: date | None = None
    history_since: date | None = None


class ConsentExtended(_Recorded, frozen=True, kw_only=True):
    """A new version of the grant: later last day, earlier history, further scopes.

    All terms are as they now stand, so that a party told of the grant for the first time knows them.
    What is added covers facts from ``from_day``, the day the client agreed, where there is no history.
    """

    grant: Ref
    grant_version: int
    instrument: Instrument = "consent"
    legal_ground: str
    added: tuple[Scope, ...] = ()
    from_day: date
    valid_from: date
    valid_until: date | None = None
    history_since: date | None = None


class ConsentWithdrawn(_Recorded, frozen=True, kw_only=True):
    """The grant is taken back, whole. No reason is asked."""

    grant: Ref


class ConsentRefused(_Recorded, frozen=True, kw_only=True):
    """A refusal: beats every consent in its scopes until lifted. This fact's id is the refusal's id."""

    scopes: tuple[Scope, ...]


class RefusalLifted(_Recorded, frozen=True, kw_only=True):
    """The refusal no longer holds."""

    refusal: Ref


class StatutoryGroundNoted(Says, frozen=True, kw_only=True):
    """A ground configured by act and section, or by contract: shown to the client, not theirs to withdraw."""

    legal_ground: str
    scopes: tuple[Scope, ...]
    valid_from: date
    valid_until: date | None = None
    history_since: date | None = None


class WithdrawalApplied(Says, frozen=True, kw_only=True):
    """The recipient has removed what ``change`` no longer lets it hold, and all derived from it."""

    change: Ref
    removed: int


class PathOpened(Says, frozen=True, kw_only=True):
    """Somebody was about to be shown the client's path: "may have been seen". Written before the answer."""

    viewer_role: str
    purpose: Purpose
    categories: tuple[str, ...]
    sources: tuple[str, ...]
    grounds: tuple[Ref, ...]
    as_of: date
    through: Literal["path", "list", "export"] = "path"


class PathRefused(Says, frozen=True, kw_only=True):
    """Somebody asked for the client's path and was refused."""

    viewer_role: str
    reason: Literal["not_a_client_here", "consent_state_unknown", "role_not_allowed"]


class ClientRefAsked(Says, frozen=True, kw_only=True):
    """An organisation asked the authority for the client's reference."""

    organisation: str
    asked_at: datetime
