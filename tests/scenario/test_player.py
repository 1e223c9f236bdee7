"""Playing: goes on where it stopped, tells the line of what does not hold, and refuses what a story cannot be."""

import json
from pathlib import Path

import pytest

from services.kit.data_directory import clock_of
from tests.scenario.told import BEGINNING, OPENED, Told, asked, line_of, palvelupolku

CONSENT = """
  - who: paivi
    client: Sirpa
    do: give_consent
    with:
      place: Orimattila
      scopes: [{from: [orimattila-social], to: [orimattila-employment], categories: [case]}]
      history_since: 2022-01-01
    as: consent
"""
SEEN = "    expect: [{as: orimattila-employment, sees: {timeline: [CaseOpened]}}]\n"


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


# What is played.


def test_a_story_is_played_and_can_be_asked(told: Told) -> None:
    result = told.plays(OPENED + CONSENT + SEEN)
    assert result.exit_code == 0 and "3" in result.stdout
    path = told.path("Sirpa", "orimattila-employment")
    assert (path["as_of"], [r["type"] for r in path["timeline"] if r["category"] == "case"]) == ("2022-08-01", ["CaseOpened"])


def test_each_step_is_printed_as_json_with_its_line(told: Told) -> None:
    told.file.write_text(OPENED)
    lines = palvelupolku("play", str(told.file), "--data", str(told.data), "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"step": 1, "line": line_of(OPENED, "register_client"), "on": "2022-08-01"},
        {"step": 2, "line": line_of(OPENED, "open_case"), "on": "2022-08-01"},
    ]


def test_a_step_for_several_clients_is_done_for_each(told: Told) -> None:
    steps = """
  - {on: 2022-08-01, who: paivi, client: [Sirpa, Jarmo], do: register_client}
  - {who: paivi, client: [Sirpa, Jarmo], do: open_case, as: case}
  - {who: paivi, client: [Sirpa, Jarmo], do: close_case, with: {case: $case, reason: other}}
"""
    assert told.plays(BEGINNING + steps).exit_code == 0
    for client in ("Sirpa", "Jarmo Testi"):
        path = told.path(client, "orimattila-social", "--role", "own_social_worker")
        assert [r["type"] for r in path["timeline"]] == ["CaseOpened", "CaseClosed"]


def test_a_name_with_a_facts_name_is_another_fact_of_the_same_step(told: Told) -> None:
    steps = """
  - {who: paivi, client: Sirpa, do: make_referral, with: {to: esimerkkivalmennus, service: coaching, reason: x}, as: referral}
  - {who: paivi, client: Sirpa, do: annul_entry, with: {fact: $referral.ClientIntroduced, reason: x}, refused: not_a_persons_writing}
  - {who: paivi, client: Sirpa, do: annul_entry, with: {fact: $referral.ReferralLanded, reason: x}}
"""
    error = told.fails(OPENED + steps)
    assert error["line"] == line_of(OPENED + steps, "ReferralLanded")
    assert "the step `referral` made no ReferralLanded; it made: ReferralMade, ClientIntroduced" in error["text"]


def test_opening_the_path_leaves_its_mark(told: Told) -> None:
    steps = """
  - {who: paivi, client: Sirpa, do: open_path}
  - who: veera
    client: Sirpa
    do: open_path
    refused: not_a_client_here
    expect:
      - as: oma-polku
        view: disclosures
        sees: {rows: [{kind: opened, person_id: paivi}, {kind: refused, person_id: veera, organisation: toinen-valmennus}]}
        hides: {rows: [{person_id: tiina}]}
"""
    assert told.plays(OPENED + steps).exit_code == 0


def test_withheld_and_clients_can_be_looked_at(told: Told) -> None:
    steps = CONSENT + """    expect:
      - {as: orimattila-social, view: clients, sees: {rows: [Sirpa]}, hides: {rows: [Jarmo Testi]}}
  - {who: paivi, client: Sirpa, do: note_sick_leave, with: {from_day: 2022-08-01, until: 2022-08-05, certificate_seen: true}}
  - client: Sirpa
    expect:
      - {as: orimattila-social, view: withheld, sees: {rows: [{name: SickLeaveNoted, reason: no_consent}]}, hides: {rows: [CaseOpened]}}
"""
    assert told.plays(OPENED + steps).exit_code == 0


def test_a_client_acts_for_themself_and_for_nobody_else(told: Told) -> None:
    consent = "do: give_consent, with: {scopes: [{from: [orimattila-social], to: [oma-polku], categories: [case]}]}}\n"
    assert told.plays(OPENED + "  - {who: Sirpa, " + consent).exit_code == 0
    for_another = "  - {who: Sirpa, client: Jarmo, " + consent
    assert "not_a_client_here" in told.fails(OPENED + "  - {who: Sirpa, " + consent + for_another)["text"]


def test_people_of_the_story_work_beside_those_of_the_installation(told: Told) -> None:
    people = "people:\n  marko: {organisation: orimattila-social, roles: [own_social_worker], name: Marko Testinen}\n"
    steps = "  - {who: marko, client: Sirpa, do: assess_service_need, with: {needs: [employment]}}\n"
    head = BEGINNING.replace("steps:", people + "steps:")
    assert told.plays(head + OPENED.removeprefix(BEGINNING) + steps).exit_code == 0


# Playing again.


def test_playing_again_does_nothing_and_asks_nothing(told: Told) -> None:
    told.plays(OPENED + CONSENT + SEEN)
    before = asked("disclosures", "Sirpa", "--data", str(told.data))
    result = told.plays(OPENED + CONSENT + SEEN.replace("CaseOpened", "CaseClosed"))
    assert result.exit_code == 0 and "nyt 0" in result.stdout
    assert asked("disclosures", "Sirpa", "--data", str(told.data)) == before


def test_playing_goes_on_with_what_is_new(told: Told) -> None:
    told.plays(OPENED)
    result = told.plays(OPENED + CONSENT + SEEN)
    assert result.exit_code == 0 and "nyt 1" in result.stdout


def test_a_step_whose_expectation_failed_is_not_done_and_its_act_is_not_repeated(told: Told) -> None:
    told.fails(OPENED + CONSENT + SEEN.replace("CaseOpened", "CaseClosed"))
    assert told.steps_played() == 2
    assert told.plays(OPENED + CONSENT + SEEN).exit_code == 0
    consents = [c for c in told.path("Sirpa", "orimattila-employment")["timeline"] if c["type"] == "ConsentGiven"]
    assert len(consents) == 1


@pytest.mark.parametrize(
    ("replaced", "by", "line"),
    [
        ("do: open_case, as: case", "do: open_case, with: {reason: x}, as: case", "with: {reason: x}"),
        ("do: open_case, as: case", "do: open_case, as: other", "as: other"),
        ("  - {who: paivi, client: Sirpa, do: open_case", "  - {who: paivi, client: Sirpa, do: open_path}\n  - {who: paivi, client: Sirpa, do: open_case", "do: open_path"),
        ("2022-08-01", "2022-07-31", "2022-07-31"),
    ],
)
def test_an_earlier_step_that_is_new_or_changed_fails_with_its_line(told: Told, replaced: str, by: str, line: str) -> None:
    told.plays(OPENED)
    text = OPENED.replace(replaced, by)
    error = told.fails(text)
    assert (error["line"], error["code"]) == (line_of(text, line), "story")
    assert "new or changed" in error["text"]
    assert told.steps_played() == 2


def test_steps_taken_out_of_the_file_are_missed(told: Told) -> None:
    told.plays(OPENED)
    text = "\n".join(OPENED.splitlines()[:-1]) + "\n"
    assert "missing from the file" in told.fails(text)["text"]


def test_another_story_goes_on_where_the_first_one_ended(told: Told) -> None:
    told.plays(OPENED)
    another = OPENED.replace("story: Test", "story: Another").replace("open_case, as: case", "open_path")
    assert told.plays(another).exit_code == 0
    earlier = another.replace("story: Another", "story: Third").replace("2022-08-01", "2022-07-31")
    assert "never goes back" in told.fails(earlier)["text"]


# What does not hold.


def test_an_unmet_expectation_fails_with_its_own_line(told: Told) -> None:
    text = OPENED + "    # here\n    \n" + CONSENT + SEEN + "      # after\n"
    bad = text.replace("sees: {timeline: [CaseOpened]}", "hides: {timeline: [CaseOpened]}")
    error = told.fails(bad)
    assert error["line"] == line_of(bad, "expect:")
    assert "orimattila-employment: seen in `timeline`, but should be hidden: CaseOpened" in error["text"]


def test_a_refused_expectation_that_is_not_refused_fails(told: Told) -> None:
    text = OPENED + CONSENT + SEEN.replace("sees: {timeline: [CaseOpened]}", "refused: not_a_client_here")
    assert "was to be refused (not_a_client_here), but it was not" in told.fails(text)["text"]


def test_a_view_that_is_refused_unexpectedly_fails(told: Told) -> None:
    text = OPENED + "  - {client: Sirpa, expect: [{as: toinen-valmennus, role: job_coach, sees: {}}]}\n"
    error = told.fails(text)
    assert "not_a_client_here" in error["text"] and error["line"] == line_of(text, "toinen-valmennus")


def test_an_act_that_is_refused_unexpectedly_fails(told: Told) -> None:
    text = OPENED + "  - {who: paivi, client: Sirpa, do: open_case}\n"
    error = told.fails(text)
    assert "open_case was refused: case_already_open" in error["text"]
    assert error["line"] == len(text.splitlines())


def test_an_act_that_was_to_be_refused_and_is_not_fails(told: Told) -> None:
    text = OPENED.replace("as: case", "refused: case_already_open")
    assert "was to be refused (case_already_open), but it was not" in told.fails(text)["text"]


def test_an_act_that_is_refused_otherwise_fails(told: Told) -> None:
    text = OPENED + "  - {who: paivi, client: Sirpa, do: open_case, refused: already_ended}\n"
    assert "case_already_open" in told.fails(text)["text"]


@pytest.mark.parametrize(
    "step",
    [
        "{who: jari, client: Sirpa, do: decide_activity, with: {starts_on: 2022-09-01, ends_on: 2022-12-01, days_per_week: 3, hours_per_day: 4, place: x}, refused: not_a_client_here}",
        "{who: paivi, role: activity_supervisor, client: Sirpa, do: open_case, refused: not_your_role}",
        "{who: outi, client: Sirpa, do: approve_fee, refused: unknown_command}",
        "{who: Sirpa, do: register_client, refused: unknown_command}",
        "{who: paivi, client: Sirpa, do: close_case, with: {reason: tired}, refused: invalid_input}",
        "{who: reijo, client: Sirpa, do: open_path, refused: not_a_client_here}",
        "{who: tiina, client: Sirpa, do: withdraw_consent, refused: not_a_client_here}",
    ],
)
def test_what_can_be_refused(told: Told, step: str) -> None:
    result = told.plays(OPENED + f"  - {step}\n")
    assert result.exit_code == 0, result.output


def test_the_clock_never_goes_back(told: Told) -> None:
    text = OPENED + "  - {on: 2022-07-31, who: paivi, client: Sirpa, do: open_path}\n"
    error = told.fails(text)
    assert "never goes back" in error["text"] and error["line"] == line_of(text, "2022-07-31")


def test_what_has_ended_by_a_steps_morning_is_removed(told: Told) -> None:
    """Also where the directory was looked at before the story began."""
    told.fails(OPENED + "  - {who: paivi, client: Sirpa, do: fly}\n")
    asked("clients", "--data", str(told.data))
    until = CONSENT.replace("history_since", "valid_until: 2022-08-31\n      history_since")
    seen = "  - on: 2022-08-31\n    client: Sirpa\n" + SEEN
    gone = "  - on: 2022-09-01\n    client: Sirpa\n    expect: [{as: orimattila-employment, refused: not_a_client_here}]\n"
    assert told.plays(OPENED + until + seen + gone).exit_code == 0
    checked = asked("check", "--data", str(told.data))
    assert checked["findings"] == [] and checked["counts"].get("facts held", 0) > 0


def test_a_directory_on_the_real_clock_takes_no_story(told: Told) -> None:
    told.data.mkdir()
    clock_of(told.data, story=False)
    assert "real clock" in told.fails(OPENED)["text"]
    assert told.steps_played() == 0
