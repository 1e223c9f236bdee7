"""The first meeting after an accepted referral shows that it has landed: written beside the meeting."""

from dataclasses import replace

from events.coaching import CoachingMeetingHeld, CoachingStarted
from events.envelope import Fact
from events.referral import ReferralAccepted, ReferralLanded
from services.case.referrals.domain import landing, name_of, not_landed
from services.kit.client_file import At, ClientFile, Draft, referring
from services.provider.coaching.domain import without_coaching


def land(file: ClientFile, meeting: Fact[CoachingMeetingHeld], at: At) -> list[Draft]:
    """Once for a referral. A landing moves, or is taken back, with the meeting that showed it."""
    if meeting.corrects is not None:
        return [_moved(f, meeting) for f in referring(file, meeting, "evidence", ReferralLanded) if _differ(f, meeting)]
    landed_now = [f for f in _coming_to(file, meeting) if f.occurred_on <= meeting.occurred_on]
    return [landing(f, meeting, meeting.occurred_on) for f in landed_now if len(landed_now) == 1]


def _coming_to(file: ClientFile, meeting: Fact[CoachingMeetingHeld]) -> list[Fact[ReferralAccepted]]:
    """The accepted referral that the coaching names or, where it names none, those that no coaching names."""
    coaching = file.find(meeting.says.coaching, CoachingStarted)
    named = coaching.says.referral if coaching is not None else None
    accepted = filter(not_landed(file), file.of(ReferralAccepted))
    return list(filter(without_coaching(file) if named is None else lambda f: name_of(f) == named, accepted))


def _differ(landed: Fact, meeting: Fact) -> bool:
    return meeting.annuls or landed.occurred_on != meeting.occurred_on


def _moved(landed: Fact, meeting: Fact) -> Draft:
    moved = Draft(landed.says, meeting.occurred_on, landed.because, corrects=landed.ref, annuls=meeting.annuls)
    return replace(moved, correction_reason=meeting.correction_reason)
