"""From a command to facts: all or nothing, once, and held to what cannot be. With a feature of the test's own."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

import pytest

from events.case import CaseClosed, CaseOpened
from events.codec import MAX_FACT_BYTES
from events.consent import WithdrawalApplied
from events.envelope import Fact
from events.internal import NoteWritten
from services.kit.client_file import Actor, At, ClientFile, Draft
from services.kit.command import Command, roles
from services.kit.decide import Features, decide, react
from services.kit.errors import Impossible, Invalid, NotAllowed, Refused, Unknown
from services.kit.feature import Feature
from tests.events.goldens import fact_of

CLIENT, TODAY = "c1" * 16, date(2022, 3, 10)


class Note(Command):
    roles = roles("writer")
    text: str = "a note"
    times: int = 1


class Correct(Command):
    roles = roles("writer")
    fact: str


class Unheard(Command):
    roles = roles("writer")


def note(file: ClientFile, command: Note, at: At) -> list[Draft]:
    return [Draft(NoteWritten(note=command.text), command.on or at.today) for _ in range(command.times)]


def correct(file: ClientFile, command: Correct, at: At) -> list[Draft]:
    return [Draft(NoteWritten(note="better"), at.today, corrects=command.fact)]


def at_most_three(file: ClientFile) -> None:
    if len(file.of(NoteWritten)) > 3:
        raise Impossible("too_many_notes")


NOTES = Feature("notes", says=(NoteWritten,), decides={Note: note}, checks=(at_most_three,))
CORRECTIONS = Feature("corrections", decides={Correct: correct})
FEATURES = Features([NOTES, CORRECTIONS])
EMPTY = ClientFile(CLIENT, "own")


def at(role: str = "writer") -> At:
    return At(datetime(2022, 3, 10, 9, tzinfo=UTC), Actor("testi", "Testi Henkilö", role, "own"))


_numbers = itertools.count(1)


def new_ref() -> str:
    return f"{next(_numbers):032x}"


def decided(command: Command, file: ClientFile = EMPTY, features: Features = FEATURES, command_id: str = "once", **who: str) -> tuple[Fact, ...]:
    return decide(features, file, command, at(**who), command_id, new_ref)


def refused(*args: Any, **how: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        decided(*args, **how)
    return refusal.value


def test_facts_are_stamped_with_their_place_time_actor_and_command() -> None:
    file = EMPTY.plus(decided(Note()))
    first, second = decided(Note(times=2, on=date(2022, 3, 1)), file, command_id="twice")
    assert [f.source_seq for f in (first, second)] == [2, 3] and first.fact_id != second.fact_id
    assert (first.name, first.version, first.category) == ("NoteWritten", 1, "internal")
    assert (first.client_ref, first.organisation, first.command_id) == (CLIENT, "own", "twice")
    assert (first.actor, first.actor_name, first.role) == ("testi", "Testi Henkilö", "writer")
    assert (first.occurred_on, first.recorded_at) == (date(2022, 3, 1), at().now)


def test_a_repeated_command_adds_nothing_whatever_it_says_now() -> None:
    file = EMPTY.plus(decided(Note()))
    assert decided(Note(text="another"), file) == ()
    assert len(decided(Note(), file, command_id="another")) == 1


def test_who_may_not_is_refused_even_when_it_is_repeated() -> None:
    file = EMPTY.plus(decided(Note()))
    refusal = refused(Note(), file, role="reader")
    assert isinstance(refusal, NotAllowed) and refusal.code == "role_not_allowed"


def test_a_command_of_no_feature_here_is_unknown() -> None:
    refusal = refused(Unheard())
    assert isinstance(refusal, Unknown) and refusal.code == "unknown_command"


@pytest.mark.parametrize(("on", "passes"), [(TODAY, True), (date(2022, 3, 11), False)])
def test_today_has_happened_and_tomorrow_has_not(on: date, passes: bool) -> None:
    if passes:
        assert decided(Note(on=on))
    else:
        refusal = refused(Note(on=on))
        assert (refusal.code, refusal.field) == ("has_not_happened_yet", "on")


def test_what_cannot_be_is_judged_from_the_file_as_it_would_become() -> None:
    assert len(decided(Note(times=3))) == 3
    assert refused(Note(times=4)).code == "too_many_notes"


def test_a_correction_is_held_to_every_features_checks() -> None:
    file = EMPTY.plus(decided(Note(times=3)))
    assert decided(Correct(fact=file.facts[0].fact_id), file, command_id="2")
    full = EMPTY.plus(decide(Features([Feature("free", says=(NoteWritten,), decides={Note: note})]), EMPTY, Note(times=4), at(), "1", new_ref))
    assert refused(Correct(fact=full.facts[0].fact_id), full, command_id="2").code == "too_many_notes"


@pytest.mark.parametrize("text", ["010170-999R", "soita 010170-999r huomenna", "(131052A308T)", "tunnus:010101-123N.", "010170\u2013999R", "010170\u2011999R", "010170\u2212999R"])
def test_an_identity_code_in_any_text_is_refused_and_not_repeated(text: str) -> None:
    refusal = refused(Note(text=text))
    assert isinstance(refusal, Invalid) and refusal.code == "identity_code_in_text"
    assert text not in str(refusal)


@pytest.mark.parametrize("text", ["010170-999", "1010170-999R", "010170-999RX", "410170-999R", "1.1.2022-31.1.2022", "040-1234567"])
def test_what_only_resembles_an_identity_code_is_taken(text: str) -> None:
    assert decided(Note(text=text))


def test_more_than_can_be_sealed_is_refused() -> None:
    assert decided(Note(text="x" * (MAX_FACT_BYTES - 2000)))
    assert refused(Note(text="x" * MAX_FACT_BYTES)).code == "too_large"


# What follows


def following(*drafts: Draft) -> Features:
    return Features([NOTES, Feature("more", says=(CaseOpened,), follows={NoteWritten: lambda file, fact, at: list(drafts)})])


def test_what_follows_is_part_of_the_same_decision() -> None:
    opened = Draft(CaseOpened(reason="a note"), TODAY)
    new = decided(Note(times=2), features=following(opened))
    assert [f.name for f in new] == ["NoteWritten", "NoteWritten", "CaseOpened", "CaseOpened"]
    assert [f.source_seq for f in new] == [1, 2, 3, 4] and {f.command_id for f in new} == {"once"}


def test_what_follows_is_held_to_the_same_rules() -> None:
    assert refused(Note(), features=following(Draft(CaseOpened(), date(2022, 3, 11)))).code == "has_not_happened_yet"
    assert refused(Note(), features=following(Draft(CaseOpened(reason="010170-999R"), TODAY))).code == "identity_code_in_text"


def test_features_that_follow_each_other_in_a_circle_are_stopped() -> None:
    with pytest.raises(RuntimeError, match="circle"):
        decided(Note(), features=following(Draft(NoteWritten(note="again"), TODAY)))


def test_what_no_feature_declares_is_a_defect() -> None:
    silent = Features([Feature("silent", decides={Note: note})])
    with pytest.raises(RuntimeError, match="silent says what no feature declares"):
        decided(Note(), features=silent)


def test_what_stands_there_can_be_corrected_where_its_feature_is_off_by_now() -> None:
    (noted,) = decided(Note())
    off = Features([CORRECTIONS])
    (better,) = decide(off, EMPTY.plus((noted,)), Correct(fact=noted.ref), at(), "2", new_ref)
    assert better.corrects == noted.ref


# Reactions


HEARD = fact_of(CaseClosed, organisation="other", corrects=None, annuls=False)


def reacting(*reactions: list[Draft]) -> Features:
    def reaction(drafts: list[Draft]) -> Any:
        return lambda file, heard, at: drafts

    return Features([NOTES, *(Feature(f"r{n}", says=(CaseOpened,), reacts={CaseClosed: reaction(d)}) for n, d in enumerate(reactions))])


def test_every_feature_reacts_in_its_turn() -> None:
    new = react(reacting([Draft(NoteWritten(note="one"), TODAY)], [Draft(CaseOpened(), TODAY)]), EMPTY, HEARD, at("system"), new_ref)
    assert [(f.name, f.source_seq) for f in new] == [("NoteWritten", 1), ("CaseOpened", 2)]
    assert {f.command_id for f in new} == {f"heard:other:{HEARD.fact_id}"}


def test_what_was_heard_before_is_not_reacted_to_again() -> None:
    features = reacting([Draft(NoteWritten(note="one"), TODAY)])
    file = EMPTY.plus(react(features, EMPTY, HEARD, at(), new_ref))
    assert react(features, file, HEARD, at(), new_ref) == ()


def test_what_no_feature_hears_adds_nothing() -> None:
    assert react(FEATURES, EMPTY, HEARD, at(), new_ref) == ()
    said = fact_of(WithdrawalApplied, organisation="other")
    assert react(reacting([Draft(CaseOpened(), TODAY)]), EMPTY, said, at(), new_ref) == ()


def test_a_reaction_is_held_to_the_rules_too() -> None:
    with pytest.raises(Impossible):
        react(reacting([Draft(NoteWritten(note="x"), date(2022, 3, 11))]), EMPTY, HEARD, at(), new_ref)


# The same act again


def test_an_act_with_another_mark_is_refused() -> None:
    act = "own:testi:note:key#"
    file = EMPTY.plus(decided(Note(text="one"), command_id=act + "a" * 16))
    assert decided(Note(text="one"), file, command_id=act + "a" * 16) == ()
    with pytest.raises(Impossible, match="key_of_another_command"):
        decided(Note(text="two"), file, command_id=act + "b" * 16)


def test_an_id_without_a_mark_names_no_act_whatever_it_holds() -> None:
    """A story may be called `Tarina#2`."""
    file = EMPTY.plus(decided(Note(text="one"), command_id="story:Tarina#2:1:Sirpa"))
    assert len(decided(Note(text="two"), file, command_id="story:Tarina#2:2:Sirpa")) == 1
