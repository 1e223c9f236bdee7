"""May this pass, and why: examples, each a small story. The fact is of the scope ``THE`` unless it says otherwise."""

import pytest

from consent.domain import Change
from consent.policy import ClientConsent, allows
from tests.consent_core.changes import (
    THE,
    Says_on,
    changes,
    consent,
    day,
    extended,
    given,
    lifted,
    narrowed,
    refused,
    scope,
    statutory,
    withdrawn,
)

GIVEN: Says_on = ("2022-03-01", given(since="2022-03-01"))


def holds(told: ClientConsent, at: int, on: str, dated: str | None = None, today: str | None = None, of: object = THE) -> bool:
    """May a fact recorded at position ``at`` on the day ``on`` be held ``today``?"""
    return told.may_hold(of, at, day(on), day(dated or on), day(today or on))  # type: ignore[arg-type]


def sends(told: ClientConsent, today: str, dated: str | None = None) -> bool:
    """May a fact be sent today? It says the same as its reason."""
    may = told.may_have_now(THE, day(dated or today), day(today))
    assert may is (told.why_not(THE, day(dated or today), day(today)) is None)
    return may


def why(told: ClientConsent, today: str, dated: str | None = None, of: object = THE) -> str | None:
    return told.why_not(of, day(dated or today), day(today))  # type: ignore[arg-type]


# The way of one grant


def test_without_any_consent_nothing_passes() -> None:
    assert not sends(consent(), "2022-03-01") and not holds(consent(), 5, "2022-03-01")


def test_position_decides_and_not_the_clock() -> None:
    told = consent(GIVEN)
    assert holds(told, 11, "2022-03-01")
    assert not holds(told, 9, "2022-03-01"), "recorded before the consent was, on the same day"
    assert not holds(told, 9, "2022-03-05", today="2022-03-06"), "whatever day a record before it claims"
    assert holds(told, 11, "2022-02-27", dated="2022-03-01", today="2022-03-01"), "a source's clock that is behind takes nothing away"


def test_other_sources_recipients_categories_and_purposes_are_other_scopes() -> None:
    told = consent(GIVEN)
    others = [
        scope(source="provider"),
        scope(recipient="provider"),
        scope(category="health"),
        scope(purpose="reporting"),
        scope(source="employment", recipient="social"),
    ]
    assert holds(told, 11, "2022-03-02")
    assert not any(holds(told, 11, "2022-03-02", of=other) for other in others)
    assert [why(told, "2022-03-02", of=other) for other in others] == ["no_consent"] * 5


def test_last_day_is_included_and_the_day_after_is_not() -> None:
    told = consent(("2022-03-01", given(since="2022-03-01", until="2022-03-31")))
    assert sends(told, "2022-03-31") and not sends(told, "2022-04-01")
    assert holds(told, 11, "2022-03-31") and not holds(told, 11, "2022-03-31", today="2022-04-01")
    assert not holds(told, 11, "2022-04-01")
    assert why(told, "2022-04-01") == "expired"


def test_first_day_is_included_and_the_day_before_is_not() -> None:
    told = consent(("2022-03-01", given(since="2022-03-10", until="2022-03-31")))
    assert not sends(told, "2022-03-09") and sends(told, "2022-03-10")
    assert why(told, "2022-03-09") == "not_yet_valid"
    assert not holds(told, 11, "2022-03-09", dated="2022-03-10", today="2022-03-10"), "was void at its position, stays void"
    assert holds(told, 11, "2022-03-10", today="2022-03-11")


def test_a_grant_signed_before_it_was_recorded_reaches_back_to_its_start() -> None:
    told = consent(("2022-03-20", given(since="2022-03-01")))
    assert sends(told, "2022-03-20", dated="2022-03-01") and not sends(told, "2022-03-20", dated="2022-02-28")
    assert why(told, "2022-03-20", dated="2022-02-28") == "before_history"


def test_history_reaches_back_to_its_day() -> None:
    told = consent(("2022-03-01", given(since="2022-03-01", history="2022-01-15")))
    assert sends(told, "2022-03-01", dated="2022-01-15") and not sends(told, "2022-03-01", dated="2022-01-14")
    assert not holds(told, 9, "2022-02-01"), "what is void at its position reaches by being published again"
    assert holds(told, 11, "2022-03-01", dated="2022-02-01")


# Taking back and giving again


def test_withdrawal_ends_it_at_its_position() -> None:
    told = consent(GIVEN, ("2022-03-05", withdrawn(10)))
    assert not holds(told, 11, "2022-03-02", today="2022-03-05") and not sends(told, "2022-03-05")
    assert why(told, "2022-03-05") == "withdrawn"


def test_given_again_without_history_opens_nothing_older() -> None:
    told = consent(GIVEN, ("2022-03-05", withdrawn(10)), ("2022-03-20", given(since="2022-03-20")))
    assert not holds(told, 11, "2022-03-02", today="2022-03-20"), "held once, void since"
    assert not holds(told, 25, "2022-03-10", today="2022-03-20"), "recorded in between"
    assert not sends(told, "2022-03-20", dated="2022-03-19") and sends(told, "2022-03-20", dated="2022-03-20")
    assert holds(told, 31, "2022-03-20")


def test_given_again_with_history_needs_publishing_again() -> None:
    told = consent(GIVEN, ("2022-03-05", withdrawn(10)), ("2022-03-20", given(since="2022-03-20", history="2022-01-01")))
    assert not holds(told, 11, "2022-03-02", today="2022-03-20") and not holds(told, 25, "2022-03-10", today="2022-03-20")
    assert sends(told, "2022-03-20", dated="2022-03-02") and holds(told, 31, "2022-03-20", dated="2022-03-02")


def test_withdrawn_and_given_again_on_one_day_is_still_a_break() -> None:
    told = consent(GIVEN, ("2022-03-05", withdrawn(10)), ("2022-03-05", given(since="2022-03-01")))
    assert not holds(told, 15, "2022-03-05", dated="2022-03-02") and holds(told, 31, "2022-03-05", dated="2022-03-02")


def test_a_new_coverage_has_a_new_name_and_an_unbroken_one_keeps_its_name() -> None:
    story = changes(GIVEN, ("2022-03-03", given(since="2022-03-03")), ("2022-03-05", withdrawn(10)))
    names = [ClientConsent(story[:n]).since(THE, day("2022-03-05")) for n in (1, 2, 3)]
    assert names[0] == names[1] == names[2] is not None
    broken = consent(GIVEN, ("2022-03-04", withdrawn(10)), ("2022-03-05", given(since="2022-03-01")))
    assert broken.since(THE, day("2022-03-05")) not in (None, names[0])
    assert consent(GIVEN, ("2022-03-04", withdrawn(10))).since(THE, day("2022-03-04")) is None


# Two grants


def test_two_grants_cover_what_either_does() -> None:
    told = consent(GIVEN, ("2022-03-03", given(since="2022-03-03", history="2022-01-01")))
    assert not holds(told, 15, "2022-03-03", dated="2022-02-01")
    assert holds(told, 21, "2022-03-03", dated="2022-02-01")
    assert holds(told, 15, "2022-03-02", today="2022-03-03")


def test_one_of_two_withdrawn_leaves_the_other_and_its_floor() -> None:
    told = consent(GIVEN, ("2022-03-03", given(since="2022-03-03", history="2022-01-01")), ("2022-03-08", withdrawn(20)))
    assert holds(told, 15, "2022-03-02", today="2022-03-08"), "covered by the first without a break"
    assert not holds(told, 21, "2022-03-03", dated="2022-02-01", today="2022-03-08"), "only the second reached back so far"
    assert why(told, "2022-03-08", dated="2022-02-01") == "before_history"


def test_grants_that_follow_each_other_day_by_day_are_unbroken() -> None:
    first, second = given(since="2022-03-01", until="2022-03-31"), given(since="2022-04-01")
    told = consent(("2022-03-01", first), ("2022-03-15", second))
    assert holds(told, 11, "2022-03-02", today="2022-03-31")
    assert not holds(told, 11, "2022-03-02", today="2022-04-01"), "dated before the second one's start"
    reaching = consent(("2022-03-01", first), ("2022-03-15", given(since="2022-04-01", history="2022-03-01")))
    assert holds(reaching, 11, "2022-03-02", today="2022-04-01")


def test_a_day_between_two_grants_is_a_break() -> None:
    gap = given(since="2022-04-02", history="2022-01-01")
    told = consent(("2022-03-01", given(since="2022-03-01", until="2022-03-31")), ("2022-03-15", gap))
    assert not holds(told, 11, "2022-03-02", today="2022-04-02")
    assert sends(told, "2022-04-02", dated="2022-03-02")


# Narrowing and extending


def test_narrowing_removes_a_scope_and_leaves_the_others() -> None:
    other = scope(category="case")
    told = consent(("2022-03-01", given(THE, other, since="2022-03-01")), ("2022-03-05", narrowed(10, other)))
    assert holds(told, 11, "2022-03-02", today="2022-03-05")
    assert not holds(told, 11, "2022-03-02", today="2022-03-05", of=other)
    assert why(told, "2022-03-05", of=other) == "no_consent"


def test_narrowing_history_away_leaves_what_is_dated_since_the_start() -> None:
    told = consent(("2022-03-01", given(since="2022-03-01", history="2022-01-01")), ("2022-03-05", narrowed(10)))
    assert not holds(told, 11, "2022-03-01", dated="2022-02-28", today="2022-03-05")
    assert holds(told, 11, "2022-03-01", dated="2022-03-01", today="2022-03-05")


def test_narrowing_the_last_day_ends_it_sooner() -> None:
    told = consent(GIVEN, ("2022-03-05", narrowed(10, until="2022-03-10")))
    assert sends(told, "2022-03-10") and not sends(told, "2022-03-11")


def test_extended_before_it_ends_goes_on_unbroken() -> None:
    told = consent(
        ("2022-03-01", given(since="2022-03-01", until="2022-03-31")),
        ("2022-03-31", extended(10, on="2022-03-31", since="2022-03-01", until="2022-04-30")),
    )
    assert holds(told, 11, "2022-03-02", today="2022-04-30") and not holds(told, 11, "2022-03-02", today="2022-05-01")


def test_extended_after_it_ended_leaves_the_time_between_closed() -> None:
    told = consent(
        ("2022-03-01", given(since="2022-03-01", until="2022-03-31")),
        ("2022-04-10", extended(10, on="2022-04-10", since="2022-03-01", until="2022-05-31")),
    )
    assert not holds(told, 11, "2022-03-02", today="2022-04-10")
    assert not sends(told, "2022-04-10", dated="2022-04-09") and sends(told, "2022-04-10", dated="2022-04-10")
    assert not sends(told, "2022-04-10", dated="2022-03-15")


def test_a_scope_added_by_extending_begins_on_that_day() -> None:
    other = scope(category="case")
    told = consent(GIVEN, ("2022-03-10", extended(10, other, on="2022-03-10", since="2022-03-01")))
    assert not holds(told, 15, "2022-03-10", of=other)
    assert holds(told, 21, "2022-03-10", of=other) and not holds(told, 21, "2022-03-10", dated="2022-03-09", of=other)
    assert holds(told, 11, "2022-03-02", today="2022-03-10")


def test_earlier_history_by_extending() -> None:
    told = consent(GIVEN, ("2022-03-10", extended(10, on="2022-03-10", since="2022-03-01", history="2022-01-01")))
    assert sends(told, "2022-03-10", dated="2022-01-01") and not holds(told, 15, "2022-03-05", dated="2022-01-01")


# Refusals and statutory grounds


def test_a_refusal_beats_every_consent_given_before_or_after() -> None:
    told = consent(GIVEN, ("2022-03-02", refused()), ("2022-03-03", given(since="2022-03-03")))
    assert not holds(told, 11, "2022-03-01", today="2022-03-03") and not sends(told, "2022-03-03")
    assert why(told, "2022-03-03") == "refused"


def test_a_refusal_leaves_other_scopes_as_they_are() -> None:
    told = consent(("2022-03-01", given(THE, scope(category="case"), since="2022-03-01")), ("2022-03-02", refused()))
    assert holds(told, 11, "2022-03-01", today="2022-03-02", of=scope(category="case"))


def test_a_lifted_refusal_opens_again_from_its_day_on() -> None:
    told = consent(GIVEN, ("2022-03-05", refused()), ("2022-03-10", lifted(20)))
    assert not holds(told, 11, "2022-03-02", today="2022-03-10") and not holds(told, 25, "2022-03-07", today="2022-03-10")
    assert not sends(told, "2022-03-10", dated="2022-03-09") and sends(told, "2022-03-10", dated="2022-03-10")


def test_history_survives_a_refusal_that_was_lifted() -> None:
    told = consent(("2022-03-01", given(since="2022-03-01", history="2022-01-01")), ("2022-03-05", refused()), ("2022-03-10", lifted(20)))
    assert sends(told, "2022-03-10", dated="2022-01-01") and not holds(told, 11, "2022-03-02", today="2022-03-10")


def test_of_two_refusals_both_must_be_lifted() -> None:
    story: list[Says_on] = [GIVEN, ("2022-03-02", refused()), ("2022-03-03", refused()), ("2022-03-04", lifted(20))]
    assert why(consent(*story), "2022-03-04") == "refused"
    assert sends(consent(*story, ("2022-03-05", lifted(30))), "2022-03-05")


def test_a_statutory_ground_is_not_touched_by_a_refusal() -> None:
    told = consent(("2022-03-01", statutory(since="2022-01-01")), ("2022-03-02", refused()), ("2022-03-09", lifted(20)))
    assert holds(told, 11, "2022-03-01", dated="2022-01-01", today="2022-03-09")
    assert sends(consent(("2022-03-01", refused()), ("2022-03-02", statutory(since="2022-01-01"))), "2022-03-02")


def test_a_statutory_ground_has_days_too() -> None:
    told = consent(("2022-03-01", statutory(since="2022-02-01", until="2022-03-10")))
    assert sends(told, "2022-03-10", dated="2022-02-01") and not sends(told, "2022-03-11")
    assert why(told, "2022-03-10", dated="2022-01-31") == "before_history"


# Reasons


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ([], "no_consent"),
        ([GIVEN, ("2022-03-02", refused())], "refused"),
        ([("2022-03-02", refused())], "refused"),
        ([GIVEN, ("2022-03-02", withdrawn(10))], "withdrawn"),
        ([("2022-03-01", given(since="2022-03-01", until="2022-03-09"))], "expired"),
        ([("2022-03-01", given(since="2022-03-11"))], "not_yet_valid"),
        ([("2022-03-01", given(since="2022-03-10"))], None),
        ([("2022-03-01", given(since="2022-03-01", until="2022-03-10"))], None),
        ([GIVEN, ("2022-03-02", withdrawn(10)), ("2022-03-03", given(since="2022-03-11"))], "not_yet_valid"),
    ],
)
def test_why_not(told: list[Says_on], reason: str | None) -> None:
    assert why(consent(*told), "2022-03-10") == reason


def test_internal_is_never_had_whatever_was_consented() -> None:
    internal = scope(category="internal")
    assert why(consent(("2022-03-01", given(internal, since="2022-03-01"))), "2022-03-10", of=internal) == "internal"


def test_grounds_are_those_that_cover_today() -> None:
    told = consent(GIVEN, ("2022-03-01", given(since="2022-03-05")), ("2022-03-02", given(since="2022-03-01")), ("2022-03-03", withdrawn(30)))
    assert [int(g, 16) for g in told.grounds(THE, day("2022-03-04"))] == [10]
    assert [int(g, 16) for g in told.grounds(THE, day("2022-03-05"))] == [10, 20]


# One rule, told in parts


def test_folding_step_by_step_is_folding_at_once() -> None:
    story = changes(GIVEN, ("2022-03-02", refused()), ("2022-03-04", lifted(20)), ("2022-03-09", withdrawn(10)))
    told = ClientConsent()
    for change in story:
        told = told.plus(change)
    assert told.steps(THE, day("2022-03-08")) == ClientConsent(story).steps(THE, day("2022-03-08"))
    assert told.version == 40 and ClientConsent().version == 0


def test_what_changes_nothing_here_makes_no_new_step() -> None:
    """A change of another scope of the same grant must not move this scope's epoch."""
    other = scope(category="case")
    story = changes(("2022-03-01", given(THE, other, since="2022-03-01")), ("2022-03-05", narrowed(10, other)))
    assert len(ClientConsent(story).steps(THE, day("2022-03-06"))) == 1


def test_nothing_is_allowed_by_no_steps() -> None:
    assert not allows((), 1, day("2022-03-01"), day("2022-03-01"))


def test_a_client_that_changed_their_mind_often_is_answered_the_same() -> None:
    story: list[Change] = changes(*[pair for n in range(30) for pair in (GIVEN, ("2022-03-01", withdrawn(10 + 20 * n)))])
    assert ClientConsent(story).steps(THE, day("2022-03-01")) == ()
    assert len(ClientConsent(story[:-1]).steps(THE, day("2022-03-01"))) == 1
