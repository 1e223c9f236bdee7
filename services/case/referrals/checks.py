"""Referrals: what cannot be."""

from collections import Counter
from collections.abc import Iterable

from events.internal import ReferralNoted
from events.referral import ReferralAccepted, ReferralLanded, ReferralMade, ReferralWithdrawn
from services.case.referrals.domain import ANSWERS, EVIDENCE, name_of
from services.kit.client_file import ClientFile, check_all_refer, referring
from services.kit.errors import Impossible


def check_sent(file: ClientFile) -> None:
    """Raises ``Impossible``: referred to oneself, an answer expected before it was asked, taken back twice."""
    check_all_refer(file, "referral", [ReferralWithdrawn], ReferralMade)
    for made in file.of(ReferralMade):
        if made.says.to == file.organisation:
            raise Impossible("refers_to_oneself", "to")
        if made.says.answer_by is not None and made.says.answer_by < made.occurred_on:
            raise Impossible("ends_before_it_starts", "answer_by")
        withdrawals = referring(file, made, "referral", ReferralWithdrawn)
        _once((made.ref for _ in withdrawals), "referral_already_withdrawn")
        if any(f.occurred_on < made.occurred_on for f in withdrawals):
            raise Impossible("ends_before_it_starts", "on")


def check_answers(file: ClientFile) -> None:
    """Raises ``Impossible``: answered twice, an answer to what was not asked, or to oneself."""
    answers = file.of(*ANSWERS)
    answered = [f.says.referral for f in answers if f.says.referral is not None]
    _once(answered, "referral_already_answered")
    if not set(answered) <= {f.says.referral for f in file.of(ReferralNoted)}:
        raise Impossible("unknown_reference", "referral")
    if any(f.says.sender == file.organisation for f in answers):
        raise Impossible("refers_to_oneself", "sender")


def check_landings(file: ClientFile) -> None:
    """Raises ``Impossible``: landed twice, landed without acceptance or without anything that shows it."""
    landed = [f.says.referral for f in file.of(ReferralLanded)]
    _once(landed, "referral_already_landed")
    if not set(landed) <= {name_of(f) for f in file.of(ReferralAccepted)}:
        raise Impossible("others_rest_on_it", "fact")
    check_all_refer(file, "evidence", [ReferralLanded], *EVIDENCE)


def _once(names: Iterable[str | None], code: str) -> None:
    if any(n > 1 for n in Counter(names).values()):
        raise Impossible(code, "referral")
