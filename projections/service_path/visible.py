"""Which of the facts that the organisation may have, this viewer's role sees."""

from collections.abc import Iterable

from events import consent, identity, internal
from events.envelope import INTERNAL, Fact
from projections.roles import Sight, sight
from projections.service_path.rows import ViewerRow

NEVER_TOLD = (
    identity.ClientIntroduced,
    consent.PathOpened,
    consent.PathRefused,
    consent.WithdrawalApplied,
    consent.ClientRefAsked,
)
"""Of no part of the path: an introduction belongs to the register, disclosures to the client's own page."""


def visible(facts: Iterable[Fact], viewer: ViewerRow) -> list[Fact]:
    """In the order given."""
    sights: dict[str, Sight | None] = {}
    seen = []
    for fact in facts:
        category = fact.category
        if category not in sights:
            sights[category] = sight(viewer.role, category)
        if _seen(fact, sights[category], viewer) and not isinstance(fact.says, NEVER_TOLD):
            seen.append(fact)
    return seen


def _seen(fact: Fact, allowed: Sight | None, viewer: ViewerRow) -> bool:
    if fact.category == INTERNAL:
        return allowed is not None and fact.organisation == viewer.organisation and _is_note(fact)
    if allowed == "own":
        return fact.organisation == viewer.organisation
    return allowed in ("all", "goals")


def _is_note(fact: Fact) -> bool:
    return isinstance(fact.says, internal.NoteWritten)
