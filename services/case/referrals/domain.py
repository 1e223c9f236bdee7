"""Referrals: asked and taken back by the sender; answered, and seen to land, by the receiver."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from events.activity import ActivityStarted, ParticipationRecorded
from events.assessment import ReadinessChecked, ServiceNeedAssessed
from events.case import JointMeetingHeld
from events.coaching import CoachingMeetingHeld, CoachingStarted
from events.envelope import Fact, Says
from events.follow_up import FollowUpDone
from events.identity import ClientIntroduced
from events.internal import ReferralNoted, ReferralWithdrawalNoted
from events.referral import ReferralAccepted, ReferralDeclined, ReferralLanded, ReferralMade, ReferralWithdrawn
from events.service import ServiceStarted
from events.trial_work import TrialWorkStarted
from services.case.referrals import commands as c
from services.kit.client_file import At, ClientFile, Draft, copied, lacking, referring, the_one
from services.kit.errors import Impossible, Invalid, Unknown

EVIDENCE: tuple[type[Says], ...] = (
    JointMeetingHeld, ServiceNeedAssessed, ReadinessChecked, ActivityStarted, ParticipationRecorded, CoachingStarted,
    CoachingMeetingHeld, TrialWorkStarted, ServiceStarted, FollowUpDone,
)
"""What shows that a referral has landed: the client was met, or the service began."""

Accepted = Callable[[Fact[ReferralAccepted]], bool]
"""Lets some of the accepted referrals through."""

ANSWERS: tuple[type[Any], ...] = (ReferralAccepted, ReferralDeclined)

# The sender.


def make_referral(file: ClientFile, command: c.MakeReferral, at: At) -> list[Draft]:
    return [Draft(copied(command, ReferralMade), command.on or at.today)]


def introduce(file: ClientFile, made: Fact[ReferralMade], at: At) -> list[Draft]:
    """The introduction goes with its referral: written beside it, corrected and taken back with it."""
    wanted = made.says.introduces and not made.annuls
    says = ClientIntroduced(to=made.says.to, referral=made.ref, register_entry=file.client_ref)
    known = next(iter(referring(file, made, "referral", ClientIntroduced)), None)
    if known is None:
        return [Draft(says, made.occurred_on, because=(made.ref,))] if wanted else []
    if wanted and (says, made.occurred_on) == (known.says, known.occurred_on):
        return []
    corrected = Draft(says, made.occurred_on, because=(made.ref,), corrects=known.ref, annuls=not wanted)
    return [replace(corrected, correction_reason=made.correction_reason)]


def withdraw_referral(file: ClientFile, command: c.WithdrawReferral, at: At) -> list[Draft]:
    standing = lacking(file, "referral", ReferralWithdrawn)
    made = the_one(file, command.referral, ReferralMade, field="referral", among=standing)
    return [Draft(copied(command, ReferralWithdrawn, referral=made.ref, to=made.says.to), command.on or at.today)]


# The receiver. A referral is its sender's fact: one's own file holds only that it was noted.


def accept_referral(file: ClientFile, command: c.AcceptReferral, at: At) -> list[Draft]:
    referral, sender = _asked(file, command)
    if referral in _withdrawn(file):
        raise Impossible("referral_withdrawn", "referral")
    return [Draft(copied(command, ReferralAccepted, referral=referral, sender=sender), command.on or at.today)]


def decline_referral(file: ClientFile, command: c.DeclineReferral, at: At) -> list[Draft]:
    referral, sender = _asked(file, command)
    return [Draft(copied(command, ReferralDeclined, referral=referral, sender=sender), command.on or at.today)]


def _asked(file: ClientFile, command: c.Answer) -> tuple[str | None, str]:
    """The referral that is answered and its sender; no referral where it came on paper."""
    if command.sender is not None:
        if command.referral is not None:
            raise Invalid("noted_or_on_paper", "sender")
        return None, command.sender
    noted = _noted(file, command.referral)
    return noted.says.referral, noted.says.sender


def _noted(file: ClientFile, referral: str | None) -> Fact[ReferralNoted]:
    settled = {f.says.referral for f in file.of(*ANSWERS)} | _withdrawn(file)
    if referral is None:
        return the_one(file, None, ReferralNoted, field="referral", among=lambda f: f.says.referral not in settled)
    for noted in file.of(ReferralNoted):
        if noted.says.referral == referral:
            return noted
    raise Unknown("unknown_reference", "referral")


def _withdrawn(file: ClientFile) -> set[str]:
    return {f.says.referral for f in file.of(ReferralWithdrawalNoted)}


def name_of(accepted: Fact[ReferralAccepted]) -> str:
    """What later entries call an accepted referral: its sender's reference or, from paper, the acceptance."""
    return accepted.says.referral or accepted.ref


def the_accepted(file: ClientFile, referral: str | None, among: Accepted) -> Fact[ReferralAccepted]:
    """The acceptance of ``referral`` or, where it is left out, the only one that ``among`` lets through.

    Raises as ``the_one`` does.
    """
    named = [f.ref for f in file.of(ReferralAccepted) if referral == name_of(f)]
    return the_one(file, named[0] if named else referral, ReferralAccepted, field="referral", among=among)


def not_landed(file: ClientFile) -> Accepted:
    landed = {f.says.referral for f in file.of(ReferralLanded)}
    return lambda accepted: name_of(accepted) not in landed


def record_landing(file: ClientFile, command: c.RecordLanding, at: At) -> list[Draft]:
    evidence = file.find(command.evidence, *EVIDENCE)
    if evidence is None:
        raise Unknown("does_not_show_a_landing", "evidence")
    accepted = the_accepted(file, command.referral, not_landed(file))
    return [landing(accepted, evidence, command.on or evidence.occurred_on)]


def landing(accepted: Fact[ReferralAccepted], evidence: Fact, on: date) -> Draft:
    landed = ReferralLanded(referral=name_of(accepted), sender=accepted.says.sender, evidence=evidence.ref)
    return Draft(landed, on, because=(accepted.ref, evidence.ref))
