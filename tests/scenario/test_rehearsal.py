"""What can be told of a story before anything of it is played."""

from pathlib import Path

import pytest

from tests.scenario.told import BEGINNING, OPENED, Told, line_of


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{who: nobody, client: Sirpa, do: open_case}", "nobody is called nobody; there are: "),
        ("{who: paivi, client: Sirpa, do: fly}", "orimattila-social has no command `fly`; it has: "),
        ("{who: reijo, client: Sirpa, do: give_statement}", "hame-funder has no command `give_statement`"),
        ("{who: jari, client: Sirpa, do: propose_activation_plan}", "orimattila-workshop has no command"),
        ("{who: paivi, client: Sirpa, do: close_case}", "close_case: `reason`: Field required"),
        ("{who: paivi, client: Sirpa, do: close_case, with: {reason: tired}}", "close_case: `reason`: Input should be"),
        ("{who: paivi, client: Sirpa, do: open_case, with: {why: x}}", "`why`: Extra inputs are not permitted; known: on, reason"),
        ("{who: paivi, client: Sirpa, do: open_case, with: {reason: one, two}}", "a text with a comma in it stands in quotes"),
        ("{who: paivi, client: Sirpa, do: close_case, with: {case: $none, reason: other}}", "about Sirpa is called `none`"),
        ("{who: paivi, client: Jarmo, do: close_case, with: {case: $case, reason: other}}", "about Jarmo is called `case`"),
        ("{who: paivi, client: Sirpa, do: open_case, refused: no_such_code}", "there is no refusal `no_such_code`"),
        ("{client: Sirpa, expect: [{as: nowhere, sees: {}}]}", "there is no organisation nowhere; there are: "),
        ("{client: Sirpa, expect: [{as: hame-funder, role: job_coach, sees: {}}]}", "there is no role job_coach; there are: funder"),
        ("{client: Sirpa, expect: [{as: hame-funder, refused: nope}]}", "there is no refusal `nope`"),
        ("{client: Sirpa, expect: [{as: hame-funder, sees: {timeline: [{event_id: $none}]}}]}", "is called `none`"),
        ("{client: Sirpa, expect: [{as: hame-funder, view: disclosures, sees: {}}]}", "is the client's: `as: oma-polku`"),
    ],
)
def test_is_told_with_its_line_and_nothing_is_played(told: Told, step: str, words: str) -> None:
    text = OPENED + f"  - {step}\n"
    error = told.fails(text)
    assert words in error["text"]
    assert error["line"] == len(text.splitlines())
    assert told.steps_played() == 0


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ("{organisation: nowhere, roles: [client]}", "there is no organisation nowhere"),
        ("{organisation: orimattila-social, roles: [funder]}", "marko: there is no role funder"),
    ],
)
def test_the_storys_people_work_where_the_installation_has_them(told: Told, person: str, words: str) -> None:
    text = BEGINNING.replace("steps:", f"people:\n  marko: {person}\nsteps: []")
    error = told.fails(text)
    assert words in error["text"] and error["line"] == line_of(text, "marko")


def test_no_value_of_a_field_is_repeated(told: Told) -> None:
    text = OPENED + "  - {who: paivi, client: Sirpa, do: close_case, with: {reason: 140476-902Y}}\n"
    assert "140476" not in told.fails(text)["text"]
