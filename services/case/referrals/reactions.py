"""What a sender's referral adds to the receiver's own file: references, never what it says."""

from dataclasses import replace

from events.envelope import Fact
from events.internal import ReferralNoted, ReferralWithdrawalNoted
from events.referral import ReferralMade, ReferralWithdrawn
from services.kit.client_file import At, ClientFile, Draft


def note_referral(file: ClientFile, heard: Fact[ReferralMade], at: At) -> list[Draft]:
    """Noted once. Corrected to ask somebody else, or annulled, it is noted as taken back."""
    asks_us = heard.says.to == file.organisation and not heard.annuls
    if _noted(file, heard.ref, heard.organisation):
        return [] if asks_us or _withdrawal(file, heard.ref) else [_withdrawn(heard.ref, at)]
    return [Draft(ReferralNoted(referral=heard.ref, sender=heard.organisation), at.today)] if asks_us else []


def note_withdrawal(file: ClientFile, heard: Fact[ReferralWithdrawn], at: At) -> list[Draft]:
    """Only the sender takes a referral back; where it annuls that, the referral stands again."""
    referral = heard.says.referral
    if not _noted(file, referral, heard.organisation):
        return []
    known = _withdrawal(file, referral)
    if known is not None and heard.annuls:
        return [replace(_withdrawn(referral, at), on=known.occurred_on, corrects=known.ref, annuls=True)]
    return [] if known is not None or heard.annuls else [_withdrawn(referral, at)]


def _withdrawn(referral: str, at: At) -> Draft:
    return Draft(ReferralWithdrawalNoted(referral=referral), at.today)


def _noted(file: ClientFile, referral: str, sender: str) -> bool:
    return any((f.says.referral, f.says.sender) == (referral, sender) for f in file.of(ReferralNoted))


def _withdrawal(file: ClientFile, referral: str) -> Fact[ReferralWithdrawalNoted] | None:
    return next((f for f in file.of(ReferralWithdrawalNoted) if f.says.referral == referral), None)
