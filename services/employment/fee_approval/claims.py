"""Where each claim stands, read from the funder's own file."""

from typing import Any

from events.envelope import Fact
from events.fee import FeeApproved, FeePaid, FeeRejected, FeeReopened
from events.internal import FeeClaimNoted, FeeDecisionNoted
from services.kit.client_file import ClientFile, the_one
from services.kit.errors import Impossible

OPEN, APPROVED, REJECTED, PAID = "claim_is_open", "claim_is_approved", "claim_is_rejected", "claim_is_paid"
"""Where a claim stands; also the code of refusing what cannot be done to it there."""

DECISIONS: tuple[type[Any], ...] = (FeeApproved, FeeRejected, FeeReopened, FeePaid, FeeDecisionNoted)

MOVES: dict[tuple[str, type[Any]], str] = {
    (OPEN, FeeApproved): APPROVED,
    (OPEN, FeeRejected): REJECTED,
    (REJECTED, FeeApproved): APPROVED,
    (REJECTED, FeeReopened): OPEN,
    (APPROVED, FeeReopened): OPEN,
    (APPROVED, FeePaid): PAID,
    (PAID, FeeReopened): OPEN,
    **{(stand, FeeDecisionNoted): OPEN for stand in (OPEN, APPROVED, REJECTED, PAID)},
}
"""What may follow what. The provider's reopening is heard, not decided: it opens the claim wherever it stands."""


def decisions_on(file: ClientFile, claim: str) -> list[Fact[Any]]:
    """In the order they were first written: a day set right later moves no decision past another."""
    written = {f.fact_id: f.source_seq for f in file.facts}
    return sorted((d for d in file.of(*DECISIONS) if d.says.claim == claim), key=lambda d: written[d.ref])


def stand(file: ClientFile, claim: str) -> str:
    """Where the claim stands. Raises ``Impossible`` with the stand as code where a decision cannot follow."""
    now = OPEN
    for decision in decisions_on(file, claim):
        after = MOVES.get((now, type(decision.says)))
        if after is None:
            raise Impossible(now, "claim")
        now = after
    return now


def the_claim(file: ClientFile, ref: str | None, *stands: str) -> Fact[FeeClaimNoted]:
    """The claim that ``ref`` names or, left out, the only one that stands so. Raises as ``the_one`` does."""
    noted = next((n.ref for n in file.of(FeeClaimNoted) if n.says.claim == ref), ref)
    return the_one(file, noted, FeeClaimNoted, field="claim", among=lambda n: stand(file, n.says.claim) in stands)


def claimants(file: ClientFile, claim: str) -> set[str]:
    """Everybody who wrote any wording of the claim, corrected or not."""
    return {f.says.claimed_by for f in file.facts if isinstance(f.says, FeeClaimNoted) and f.says.claim == claim}
