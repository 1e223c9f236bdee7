"""What the funder keeps of the provider's claims: references."""

from events.envelope import Fact
from events.fee import FeeClaimed, FeeReopened
from events.internal import FeeClaimNoted, FeeDecisionNoted
from services.employment.fee_approval.claims import OPEN, decisions_on, stand
from services.kit.client_file import At, ClientFile, Draft


def note_claim(file: ClientFile, heard: Fact[FeeClaimed], at: At) -> list[Draft]:
    """Note a claim made to this funder. One changed or taken back at its source is followed while nothing is
    decided on it; afterwards it is opened again, so that money never moves silently."""
    noted = _noted(file, heard.ref, heard.organisation)
    to_us = not heard.annuls and heard.says.funder == file.organisation
    if noted is None:
        return [Draft(_note(heard), at.today)] if to_us else []
    if decisions_on(file, heard.ref):
        return _reopened(file, noted, heard.fact_id, at)
    if to_us:
        return [Draft(_note(heard), at.today, corrects=noted.ref)]
    return [Draft(noted.says, noted.occurred_on, corrects=noted.ref, annuls=True)]


def note_reopening(file: ClientFile, heard: Fact[FeeReopened], at: At) -> list[Draft]:
    """The provider says that what proved the claim has changed: it awaits a decision again. Taking that back
    changes nothing: the funder decides anew."""
    noted = _noted(file, heard.says.claim, heard.organisation)
    known = any(n.says.fact == heard.ref for n in file.of(FeeDecisionNoted))
    if noted is None or known or heard.annuls:
        return []
    return _reopened(file, noted, heard.ref, at)


def _noted(file: ClientFile, claim: str, provider: str) -> Fact[FeeClaimNoted] | None:
    of_provider = (n for n in file.of(FeeClaimNoted) if n.says.provider == provider)
    return next((n for n in of_provider if n.says.claim == claim), None)


def _note(heard: Fact[FeeClaimed]) -> FeeClaimNoted:
    return FeeClaimNoted(claim=heard.ref, fee=heard.says.fee, provider=heard.organisation, claimed_by=heard.actor)


def _reopened(file: ClientFile, noted: Fact[FeeClaimNoted], by: str, at: At) -> list[Draft]:
    if stand(file, noted.says.claim) == OPEN:
        return []
    opened = FeeDecisionNoted(claim=noted.says.claim, fee=noted.says.fee, decision="reopened", fact=by)
    return [Draft(opened, at.today)]
