"""The funder decides: a claim is approved or rejected, paid once, and opened again where a decision was wrong."""

from collections import Counter
from itertools import pairwise

from events.fee import FeeApproved, FeePaid, FeeRejected, FeeReopened
from events.internal import FeeClaimNoted, FeeDecisionNoted
from services.employment.fee_approval import commands as c
from services.employment.fee_approval.claims import (
    APPROVED,
    DECISIONS,
    OPEN,
    PAID,
    REJECTED,
    claimants,
    decisions_on,
    stand,
    the_claim,
)
from services.kit.client_file import At, ClientFile, Draft
from services.kit.errors import Impossible, NotAllowed


def approve(file: ClientFile, command: c.ApproveFee, at: At) -> list[Draft]:
    claim = the_claim(file, command.claim, OPEN, REJECTED).says
    return [Draft(FeeApproved(claim=claim.claim, fee=claim.fee, to=claim.provider), command.on or at.today)]


def reject(file: ClientFile, command: c.RejectFee, at: At) -> list[Draft]:
    claim = the_claim(file, command.claim, OPEN).says
    says = FeeRejected(claim=claim.claim, fee=claim.fee, reason=command.reason, to=claim.provider)
    return [Draft(says, command.on or at.today)]


def reopen(file: ClientFile, command: c.ReopenFee, at: At) -> list[Draft]:
    claim = the_claim(file, command.claim, APPROVED, REJECTED, PAID).says
    says = FeeReopened(claim=claim.claim, fee=claim.fee, reason=command.reason, to=claim.provider)
    return [Draft(says, command.on or at.today)]


def pay(file: ClientFile, command: c.PayFee, at: At) -> list[Draft]:
    claim = the_claim(file, command.claim, APPROVED).says
    return [Draft(FeePaid(claim=claim.claim, fee=claim.fee, to=claim.provider), command.on or at.today)]


# What cannot be.


def check(file: ClientFile) -> None:
    """Raises ``NotAllowed`` or ``Impossible``: approving one's own claim, paying twice, steps out of order."""
    noted = {n.says.claim: n.says for n in file.of(FeeClaimNoted)}
    claims = {claim: says.fee for claim, says in noted.items()}
    for decision in file.of(*DECISIONS):
        says, about = decision.says, noted.get(decision.says.claim)
        told = getattr(says, "to", about and about.provider)  # whom it answers, and nobody else
        if about is None or (says.fee, told) != (about.fee, about.provider):
            raise Impossible("others_rest_on_it", "fact")
    for claim in claims:
        _check_days(file, claim)
        _check_approver(file, claim)
    approved = Counter(fee for claim, fee in claims.items() if stand(file, claim) in (APPROVED, PAID))
    if any(times > 1 for times in approved.values()):
        raise Impossible("fee_already_approved", "claim")
    if any(times > 1 for times in Counter(f.says.fee for f in file.of(FeePaid)).values()):
        raise Impossible("fee_already_paid", "claim")


def _check_days(file: ClientFile, claim: str) -> None:
    own = [d for d in decisions_on(file, claim) if not isinstance(d.says, FeeDecisionNoted)]
    if any(later.occurred_on < earlier.occurred_on for earlier, later in pairwise(own)):
        raise Impossible("before_the_earlier_decision", "on")


def _check_approver(file: ClientFile, claim: str) -> None:
    if any(a.says.claim == claim and a.actor in claimants(file, claim) for a in file.of(FeeApproved)):
        raise NotAllowed("claimed_by_yourself", "claim")
