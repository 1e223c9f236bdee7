from datetime import date

import pytest

from events.coaching import (
    CoachingEnded,
    CoachingExtended,
    CoachingMeetingHeld,
    CoachingStarted,
    EmployerMet,
    NextStepTaken,
    ProfileUpdated,
)
from events.referral import ReferralAccepted, ReferralLanded, ReferralMade
from services.case.corrections.commands import AnnulEntry, CorrectEntry
from services.case.referrals.commands import AcceptReferral
from services.kit.command import Command
from services.provider.coaching.commands import (
    EndCoaching,
    ExtendCoaching,
    GiveBenefitsAdvice,
    HoldCoachingMeeting,
    StartCoaching,
    TakeNextStep,
    UpdateProfile,
)
from tests.given_when_then import Case

UNTIL = date(2022, 11, 30)
START = StartCoaching(until=UNTIL, direction="job_search")
STARTED = CoachingStarted(until=UNTIL, direction="job_search")
TO_US = ReferralMade(to="own", service="Työhönvalmennus", reason="Nivelvaihe")


@pytest.fixture
def case() -> Case:
    return Case("provider", role="job_coach", on="2022-11-30")


def started(case: Case, on: str = "2022-09-01") -> str:
    return case.given(STARTED, on=on)


# The period.


def test_start_without_a_referral(case: Case) -> None:
    case.when(START, on="2022-09-01")
    case.then(STARTED)


def test_start_refers_to_the_accepted_referral(case: Case) -> None:
    referral = case.hears(TO_US, source="social", on="2022-08-20")
    case.refused("unknown_reference", START.model_copy(update={"referral": referral}), field="referral")
    case.when(AcceptReferral(), on="2022-08-22")
    case.when(START, on="2022-09-01")
    case.then(CoachingStarted(until=UNTIL, direction="job_search", referral=referral))
    case.when(START, on="2022-09-02")
    case.then(STARTED)


def test_start_refers_to_the_acceptance_of_a_paper(case: Case) -> None:
    accepted = case.given(ReferralAccepted(sender="social"), on="2022-08-22")
    case.when(START, on="2022-09-01")
    case.then(CoachingStarted(until=UNTIL, direction="job_search", referral=accepted))
    case.refused("others_rest_on_it", AnnulEntry(fact=accepted, reason="väärä asiakas"))


@pytest.mark.parametrize(("days", "possible"), [(0, False), (1, True), (5, True), (6, False)])
def test_days_a_week(case: Case, days: int, possible: bool) -> None:
    start = StartCoaching(until=UNTIL, direction="job_search", days_per_week=days)
    if possible:
        assert case.when(start)
    else:
        case.refused("coaching_days_out_of_range", start, field="days_per_week")


def test_a_period_ends_no_sooner_than_it_begins(case: Case) -> None:
    too_short = StartCoaching(until=date(2022, 11, 29), direction="job_search")
    case.refused("ends_before_it_starts", too_short, field="until")
    assert case.when(START)


def test_extended_only_to_a_later_day(case: Case) -> None:
    coaching = started(case)
    case.refused("extended_to_no_later_day", ExtendCoaching(until=UNTIL), field="until")
    case.when(ExtendCoaching(until=date(2022, 12, 1), on=date(2022, 11, 1)))
    case.then(CoachingExtended(coaching=coaching, until=date(2022, 12, 1)))
    case.refused("extended_to_no_later_day", ExtendCoaching(until=date(2022, 12, 1)), field="until")
    longer = CorrectEntry(fact=coaching, changes={"until": "2022-12-01"}, reason="päivä")
    case.refused("extended_to_no_later_day", longer, field="until")


# During it.


@pytest.mark.parametrize(
    "command",
    [
        HoldCoachingMeeting(),
        UpdateProfile(strengths=("Täsmällinen",)),
        GiveBenefitsAdvice(by_specialist=True),
        ExtendCoaching(until=date(2023, 2, 28)),
        TakeNextStep(step="trial_work"),
        EndCoaching(reason="trial_work"),
    ],
)
def test_nothing_without_coaching_before_it_or_after_it(case: Case, command: Command) -> None:
    case.refused("nothing_to_refer_to", command, field="coaching")
    coaching = started(case)
    case.refused("outside_the_coaching", command.model_copy(update={"on": date(2022, 8, 31)}), field="on")
    assert case.when(command.model_copy(update={"on": date(2022, 9, 1)}))
    if not isinstance(command, EndCoaching):
        case.given(CoachingEnded(coaching=coaching, reason="period_ended"), on="2022-11-01")
        case.refused("nothing_to_refer_to", command, field="coaching")
        late = command.model_copy(update={"coaching": coaching, "on": date(2022, 11, 2)})
        case.refused("outside_the_coaching", late, field="on")


def test_what_the_profile_says(case: Case) -> None:
    coaching = started(case)
    case.when(UpdateProfile(strengths=("Täsmällinen",), wishes=("Ulkotyö",)))
    case.then(ProfileUpdated(coaching=coaching, strengths=("Täsmällinen",), wishes=("Ulkotyö",)))


def test_a_step_does_not_end_the_coaching(case: Case) -> None:
    coaching = started(case)
    case.when(TakeNextStep(step="trial_work"))
    case.then(NextStepTaken(coaching=coaching, step="trial_work"))
    assert case.when(HoldCoachingMeeting())


def test_ended_once(case: Case) -> None:
    coaching = started(case)
    case.when(EndCoaching(reason="employment"))
    case.then(CoachingEnded(coaching=coaching, reason="employment"))
    again = EndCoaching(coaching=coaching, reason="other", on=date(2022, 10, 1))
    case.refused("already_ended", again, field="coaching")


def test_the_end_is_not_before_an_employer_was_met(case: Case) -> None:
    coaching = started(case)
    case.given(EmployerMet(coaching=coaching, employer="Malliyritys", face_to_face=True), on="2022-11-15")
    case.refused("outside_the_coaching", EndCoaching(reason="other", on=date(2022, 11, 14)), field="on")
    assert case.when(EndCoaching(reason="other", on=date(2022, 11, 15)))


def test_with_two_under_way_one_must_say_which(case: Case) -> None:
    started(case)
    second = started(case, on="2022-10-01")
    case.refused("say_which_one", EndCoaching(reason="other"), field="coaching")
    assert case.when(EndCoaching(coaching=second, reason="other"))


def test_what_happened_during_it_rests_on_the_start(case: Case) -> None:
    coaching = started(case)
    met = case.when(HoldCoachingMeeting())
    assert met
    case.refused("others_rest_on_it", AnnulEntry(fact=coaching, reason="väärä asiakas"))
    case.when(AnnulEntry(fact=met, reason="väärä asiakas"))
    assert case.when(AnnulEntry(fact=coaching, reason="väärä asiakas"))


# Landing.


def accepted(case: Case, on: str = "2022-08-22") -> str:
    referral = case.hears(TO_US, source="social", on=on)
    case.when(AcceptReferral(), on=on)
    return referral


def test_the_first_meeting_after_an_accepted_referral_lands_it_once(case: Case) -> None:
    referral = accepted(case)
    coaching = case.when(START, on="2022-09-01")
    assert coaching
    met = case.when(HoldCoachingMeeting(on=date(2022, 9, 2)), on="2022-09-05")
    assert met
    case.then(CoachingMeetingHeld(coaching=coaching), ReferralLanded(referral=referral, sender="social", evidence=met))
    assert {f.occurred_on for f in case.new} == {date(2022, 9, 2)}
    assert {f.command_id for f in case.new} == {case.new[0].command_id}
    case.when(HoldCoachingMeeting())
    case.then(CoachingMeetingHeld(coaching=coaching))


def test_a_meeting_before_the_acceptance_lands_nothing(case: Case) -> None:
    coaching = started(case, on="2022-08-01")
    referral = accepted(case)
    case.when(HoldCoachingMeeting(on=date(2022, 8, 21)))
    case.then(CoachingMeetingHeld(coaching=coaching))
    met = case.when(HoldCoachingMeeting(on=date(2022, 8, 22)))
    assert met
    assert case.new[1].says == ReferralLanded(referral=referral, sender="social", evidence=met)


def test_a_meeting_lands_the_referral_of_its_own_coaching(case: Case) -> None:
    first = accepted(case)
    case.when(START, on="2022-09-01")
    second = accepted(case, on="2022-09-02")
    other = case.when(START, on="2022-09-03")
    case.when(HoldCoachingMeeting(coaching=other))
    assert case.new[1].says.referral == second != first  # type: ignore[attr-defined]


def test_a_landing_moves_and_is_taken_back_with_the_meeting(case: Case) -> None:
    referral = accepted(case)
    case.when(START, on="2022-09-01")
    met = case.when(HoldCoachingMeeting(), on="2022-09-02")
    assert met
    landed = case.new[1].fact_id
    case.when(CorrectEntry(fact=met, changes={"place": "Paja"}, reason="paikka"))
    assert len(case.new) == 1
    case.when(CorrectEntry(fact=met, on=date(2022, 9, 1), reason="päivä"))
    assert (case.new[1].corrects, case.new[1].occurred_on) == (landed, date(2022, 9, 1))
    case.when(AnnulEntry(fact=met, reason="ei tullut"))
    assert (case.new[1].corrects, case.new[1].annuls) == (landed, True)
    again = case.when(HoldCoachingMeeting())
    assert again
    assert case.new[1].says == ReferralLanded(referral=referral, sender="social", evidence=again)


def test_coaching_is_for_the_providers_people(case: Case) -> None:
    case.refused("role_not_allowed", START, role="employment_coach")
    assert case.when(START, role="team_leader")
