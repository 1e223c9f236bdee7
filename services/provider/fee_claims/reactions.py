"""What the funder's word on a claim adds to the provider's own file: a reference to it."""

from dataclasses import replace
from typing import Literal

from events.envelope import Fact, Says
from events.fee import FeeApproved, FeeClaimed, FeePaid, FeeRejected, FeeReopened
from events.internal import FeeDecisionNoted
from services.kit.client_file import At, ClientFile, Draft

Decision = Literal["approved", "rejected", "reopened", "paid"]

DECISIONS: dict[type[Says], Decision] = {
    FeeApproved: "approved", FeeRejected: "rejected", FeeReopened: "reopened", FeePaid: "paid",
}

Word = FeeApproved | FeeRejected | FeeReopened | FeePaid


def note_decision(file: ClientFile, heard: Fact[Word], at: At) -> list[Draft]:
    """Only the funder that was asked decides on an own claim. A word taken back is taken back here too."""
    noted = next((f for f in file.of(FeeDecisionNoted) if f.says.fact == heard.ref), None)
    claim = file.find(noted.says.claim if noted is not None else heard.says.claim, FeeClaimed)
    if claim is None or claim.says.funder != heard.organisation:
        return []
    if noted is not None:
        return [replace(Draft(noted.says, noted.occurred_on), corrects=noted.ref, annuls=True)] if heard.annuls else []
    if heard.annuls:
        return []
    decision = DECISIONS[type(heard.says)]
    return [Draft(FeeDecisionNoted(claim=claim.ref, fee=claim.says.fee, decision=decision, fact=heard.ref), at.today)]
