"""Two providers may have a contract with one funder, and the same scopes: neither learns of the other."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.release import Outgoing, Release
from consent.sealing import Signer
from consent.withheld import withheld
from events.case import CaseOpened, JointMeetingHeld
from events.codec import decode, encode, header
from events.envelope import Says
from events.fee import FeeApproved, FeeClaimed
from events.referral import ReferralMade, ReferralWithdrawn
from tests.consent_core.changes import Says_on, consent, day, given, scope, statutory
from tests.consent_core.test_release import Keyring, Log, filled_in, publish
from tests.events.goldens import fact_of

ANSWER = FeeApproved(claim="c" * 32, fee="f" * 32, to="first")
CONTRACTS: list[Says_on] = [
    ("2022-03-01", statutory(scope("funder", "first", "fee"), since="2020-01-01")),
    ("2022-03-01", statutory(scope("funder", "second", "fee"), since="2020-01-01")),
]
CLIENT: Says_on = ("2022-03-02", given(scope("funder", "oma-polku", "fee"), since="2022-03-02"))


@pytest.fixture
def release() -> Release:
    return Release("funder", Log(), Keyring(), Signer("funder", Ed25519PrivateKey.generate()), filled_in)


def out(says: Says) -> Outgoing:
    data = encode(fact_of(type(says), says=says, organisation="funder", occurred_on=day("2022-03-09"), corrects=None))
    return Outgoing(1, header(data), data)


def test_an_answer_goes_to_the_one_who_asked(release: Release) -> None:
    assert publish(release, [out(ANSWER)], *CONTRACTS) == ["first"]


def test_the_clients_consent_carries_it_too(release: Release) -> None:
    assert publish(release, [out(ANSWER)], *CONTRACTS, CLIENT) == ["first oma-polku"]


def test_a_consent_that_does_not_reach_back_does_not(release: Release) -> None:
    late = given(scope("funder", "oma-polku", "fee"), since="2022-03-10")
    assert publish(release, [out(ANSWER)], *CONTRACTS, ("2022-03-02", late)) == ["first"]


def test_what_answers_nobody_goes_to_all_who_may_have_it(release: Release) -> None:
    claim = FeeClaimed(fee="f" * 32, milestone="start_fee", coaching="c" * 32, funder="other")
    assert publish(release, [out(claim)], *CONTRACTS) == ["first second"]


def test_of_what_is_not_for_them_nothing_is_withheld() -> None:
    """Another's answer is none of theirs, and so it is no news that they do not get it."""
    fact = decode(out(ANSWER).data)
    told = consent(*CONTRACTS)
    rows = withheld([fact], {}, told, "funder", frozenset({"first", "second"}), day("2022-03-10"))
    assert [(r.recipient, r.reason) for r in rows] == [("first", "not_published_again")]


REFERRED = ReferralMade(to="first", service="coaching", reason="Tuki")
TAKEN_BACK = ReferralWithdrawn(referral="d" * 32, to="first", reason="other")
MET = JointMeetingHeld(participants=("funder", "first"), client_present=True)
BOTH_MET = JointMeetingHeld(participants=("funder", "first", "second"), client_present=True)
EVERYTHING: Says_on = (
    "2022-03-01",
    given(*(scope("funder", r, c) for r in ("first", "second", "social") for c in ("referral", "case")), since="2022-03-01"),
)


@pytest.fixture
def beside_providers() -> Release:
    signer = Signer("funder", Ed25519PrivateKey.generate())
    return Release("funder", Log(), Keyring(), signer, filled_in, apart=frozenset({"first", "second"}))


@pytest.mark.parametrize("says", [REFERRED, TAKEN_BACK, MET])
def test_what_is_about_one_provider_is_not_told_to_another(beside_providers: Release, says: Says) -> None:
    assert publish(beside_providers, [out(says)], EVERYTHING) == ["first social"]


@pytest.mark.parametrize("says", [CaseOpened(), BOTH_MET])
def test_what_is_about_no_provider_or_names_both_is_told_to_both(beside_providers: Release, says: Says) -> None:
    assert publish(beside_providers, [out(says)], EVERYTHING) == ["first second social"]


def test_only_those_who_stand_apart_are_held_apart(release: Release) -> None:
    assert publish(release, [out(REFERRED)], EVERYTHING) == ["first second social"]


def test_another_providers_referral_is_not_withheld_news() -> None:
    fact = decode(out(REFERRED).data)
    everybody, apart = frozenset({"first", "second", "social"}), frozenset({"first", "second"})
    rows = withheld([fact], {}, consent(EVERYTHING), "funder", everybody, day("2022-03-10"), apart)
    assert [r.recipient for r in rows] == ["first", "social"]
