"""Reading a story's file: what it says, and the line of what it cannot say."""

from datetime import date
from pathlib import Path

import pytest

from services.scenario.document import StoryError
from services.scenario.story import read
from tests.scenario.told import BEGINNING, error_in, line_of, story, written

HEAD = "story: Test\nclients:\n  Sirpa: {hetu: 140476-902Y}\nsteps:\n"


def wrong(folder: Path, steps: str) -> StoryError:
    return error_in(folder, HEAD + steps)


def test_on_is_a_word_and_a_day_is_a_day(tmp_path: Path) -> None:
    (step,) = story(tmp_path, "  - {on: 2022-08-23, who: paivi, client: Sirpa, do: open_case}").steps
    assert (step.on, step.number, step.line, step.clients) == (date(2022, 8, 23), 1, 7, ("Sirpa",))


@pytest.mark.parametrize(("said", "read_as"), [("true", True), ("false", False), ("on", "on"), ("yes", "yes"), ("no", "no")])
def test_only_true_and_false_are_truth_values(tmp_path: Path, said: str, read_as: object) -> None:
    (step,) = story(tmp_path, f"  - {{on: 2022-08-23, who: paivi, client: Sirpa, do: x, with: {{value: {said}}}}}").steps
    assert step.given == {"value": read_as}


def test_a_step_is_on_the_day_of_the_one_before(tmp_path: Path) -> None:
    steps = story(
        tmp_path,
        "  - {on: 2022-08-23, who: paivi, client: Sirpa, do: a}",
        "  - {who: paivi, client: Sirpa, do: b}",
        "  - {on: 2022-08-24, who: paivi, client: Sirpa, do: c}",
    ).steps
    assert [s.on.day for s in steps] == [23, 23, 24]


def test_a_step_may_be_about_several_clients_and_a_client_acts_for_themself(tmp_path: Path) -> None:
    several, own = story(
        tmp_path, "  - {on: 2022-08-23, who: paivi, client: [Sirpa, Jarmo], do: a}", "  - {who: Jarmo, do: b}"
    ).steps
    assert (several.clients, own.clients) == (("Sirpa", "Jarmo"), ("Jarmo",))


def test_an_expectation_is_about_the_steps_client_unless_it_names_another(tmp_path: Path) -> None:
    (step,) = story(
        tmp_path,
        "  - on: 2022-08-23\n    client: Sirpa\n    expect:",
        "      - {as: a, sees: {}}",
        "      - {as: a, client: Jarmo, hides: {}}",
        "      - {as: a, view: clients, sees: {}}",
    ).steps
    assert [(e.client, e.view) for e in step.expect] == [("Sirpa", "path"), ("Jarmo", "path"), ("Sirpa", "clients")]


def test_a_name_may_be_used_again_for_another_client(tmp_path: Path) -> None:
    found = story(
        tmp_path, "  - {on: 2022-08-23, who: p, client: Sirpa, do: a, as: x}", "  - {who: p, client: Jarmo, do: a, as: x}"
    )
    assert [s.name for s in found.steps] == ["x", "x"]


STEP = "  - {on: 2022-08-23, who: paivi, client: Sirpa, do: open_case"
WRONG = {
    "an unknown key of a step": (STEP + ", when: x}\n", 5, "unknown key `when`"),
    "a key said twice": ("  - on: 2022-08-23\n    who: a\n    who: b\n", 7, "`who` is said twice"),
    "no day on the first step": ("  - {who: paivi, client: Sirpa, do: open_case}\n", 5, "the first step needs its day"),
    "a day that is a text": ("  - {on: tomorrow, who: paivi, client: Sirpa, do: a}\n", 5, "`on` is a date"),
    "a day with a time": ("  - {on: 2022-08-23 10:00:00, who: paivi, client: Sirpa, do: a}\n", 5, "`on` is a date"),
    "a day that there is not": (STEP + "}\n  - {on: 2022-02-30, who: a, client: Sirpa, do: a}\n", 6, "there is no day 2022-02-30"),
    "neither an act nor an expectation": ("  - {on: 2022-08-23, who: paivi, client: Sirpa}\n", 5, "`do` or `expect`"),
    "an act by nobody": ("  - {on: 2022-08-23, client: Sirpa, do: a}\n", 5, "say `who` does it"),
    "an act about nobody": (STEP + "}\n  - {who: paivi, do: a}\n", 6, "say of which `client`"),
    "a client that there is not": (STEP + "}\n  - {who: paivi, client: Jarmo, do: a}\n", 6, "no client is called Jarmo"),
    "a client that is no name": ("  - {on: 2022-08-23, who: paivi, client: [{a: b}], do: a}\n", 5, "no client is called"),
    "fields that are no mapping": (STEP + ", with: [1]}\n", 5, "`with` is a mapping"),
    "a name used twice for one client": (STEP + ", as: x}\n  - {who: p, client: Sirpa, do: a, as: x}\n", 6, "called `x` already"),
    "a step that is no mapping": ("  - open_case\n", 1, "step 1 is not a mapping"),
    "an expectation of nobody": (STEP + "\n    , expect: [{sees: {}}]}\n", 5, "begins with `as: ORGANISATION`"),
    "an expectation of nothing": (STEP + ",\n     expect: [{as: a}]}\n", 6, "what the viewer `sees`"),
    "an unknown key of an expectation": (STEP + ",\n     expect: [{as: a, see: {}}]}\n", 6, "unknown key `see`"),
    "an unknown view": (STEP + ",\n     expect: [{as: a, view: all, sees: {}}]}\n", 6, "unknown view `all`"),
    "an expectation about no client": ("  - {on: 2022-08-23,\n     expect: [{as: a, sees: {}}]}\n", 6, "say of which `client`"),
    "sees that is no mapping": (STEP + ",\n     expect: [{as: a, sees: [x]}]}\n", 6, "`sees` is a mapping"),
    "an expectation's day that is none": (STEP + ",\n     expect: [{as: a, on: x, sees: {}}]}\n", 6, "`on` is a date"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, what: str) -> None:
    steps, line, words = WRONG[what]
    error = wrong(tmp_path, steps)
    assert words in error.message
    assert error.line == line


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("steps: []\n", 1, "a story begins with `story: NAME`"),
        ("- a\n", 1, "a story begins with `story: NAME`"),
        ("", 1, "a story begins with `story: NAME`"),
        ("story: x\n", 1, "a story has `steps`: a list"),
        ("story: x\nsteps: {a: b}\n", 1, "a story has `steps`: a list"),
        ("story: x\nplot: y\nsteps: []\n", 1, "unknown key `plot`"),
        ("story: x\nsteps: []\nclients:\n  Sirpa: {name: Sirpa}\n", 4, "Sirpa needs `hetu`"),
        ("story: x\nsteps: []\nclients:\n  Sirpa: {hetu: a, age: 5}\n", 4, "unknown key `age`"),
        ("story: x\nsteps: []\nclients: [Sirpa]\n", 1, "`clients` is a mapping"),
        ("story: x\nsteps: []\nclients: {Sirpa: 140476-902Y}\n", 1, "Sirpa needs its details"),
        ("story: x\nsteps: []\npeople:\n  marko: {roles: [client]}\n", 4, "marko needs `organisation`"),
        ("story: x\nsteps:\n  - [\n", 4, "not well-formed YAML"),
        ("story: x\nsteps: *nobody\n", 2, "not well-formed YAML"),
    ],
)
def test_a_file_that_is_no_story(tmp_path: Path, text: str, line: int, words: str) -> None:
    error = error_in(tmp_path, text)
    assert words in error.message
    assert error.line == line


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(StoryError, match="cannot be read"):
        read(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"story: \xff\xfe\n")
    with pytest.raises(StoryError, match="not UTF-8"):
        read(tmp_path / "bytes.yaml")


def test_a_step_knows_its_own_line(tmp_path: Path) -> None:
    text = BEGINNING + "  - {on: 2022-08-23, who: a, client: Sirpa, do: first}\n\n  # words\n\n  - note: x\n    client: Sirpa\n    who: a\n    do: second\n"
    first, second = read(written(tmp_path, text)).steps
    assert (first.line, second.line) == (line_of(text, "first"), line_of(text, "note: x"))


def test_a_steps_digest_is_of_what_it_does_and_not_of_what_is_expected(tmp_path: Path) -> None:
    def digest(step: str) -> str:
        return story(tmp_path, step).steps[0].digest

    plain = digest(STEP + "}")
    assert digest(STEP + ", note: words, expect: [{as: a, sees: {}}]}") == plain
    for changed in (", with: {reason: x}}", ", as: name}", ", role: x}", ", refused: x}"):
        assert digest(STEP + changed) != plain
