"""The stories that are shipped: each plays, leaves a clean directory, and tells what it is there to tell."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stdnum.fi import hetu

from services.scenario.reference import commands
from services.scenario.story import read
from tests.scenario.told import SCENARIOS, asked, palvelupolku

STORIES = sorted(SCENARIOS.glob("*.yaml"))
IDS = [s.stem for s in STORIES]
SOCIAL, EMPLOYMENT, WORKSHOP = "orimattila-social", "orimattila-employment", "orimattila-workshop"
PROVIDER, FUNDER = "esimerkkivalmennus", "hame-funder"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Each story's data directory."""
    directories = {story.stem: tmp_path_factory.mktemp(story.stem) for story in STORIES}
    for story in STORIES:
        result = palvelupolku("play", str(story), "--data", str(directories[story.stem]))
        assert result.exit_code == 0, f"{story.stem}: {result.output}"
    yield directories


@pytest.mark.parametrize("name", IDS)
def test_plays_and_leaves_a_clean_directory(played: dict[str, Path], name: str) -> None:
    checked = palvelupolku("check", "--data", str(played[name]))
    assert checked.exit_code == 0, checked.output


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_playing_twice_is_a_no_op(played: dict[str, Path], story: Path) -> None:
    before = asked("check", "--data", str(played[story.stem]))["counts"]
    result = palvelupolku("play", str(story), "--data", str(played[story.stem]))
    assert result.exit_code == 0 and "nyt 0" in result.stdout
    assert asked("check", "--data", str(played[story.stem]))["counts"] == before


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_everybody_is_made_up(story: Path) -> None:
    """Test codes have an individual number from 900 to 999."""
    for client in read(story).clients.values():
        assert hetu.is_valid(client["hetu"], allow_temporary=True)
        assert client["hetu"][7] == "9"


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_things_happen_on_working_days(story: Path) -> None:
    assert [s.on for s in read(story).steps if s.on.weekday() > 4] == []


def test_together_they_use_every_command() -> None:
    used = {step.do for story in STORIES for step in read(story).steps if step.refused is None}
    assert {d.command.called() for d in commands()} <= used


def test_every_story_is_told_of_in_the_readme() -> None:
    assert set(re.findall(r"^\| `(\S+\.yaml)`", (SCENARIOS / "README.md").read_text(), re.M)) == {s.name for s in STORIES}


# The Orimattila story.


def sirpa(played: dict[str, Path], organisation: str, role: str, *more: str) -> dict[str, Any]:
    data = str(played["orimattila"])
    found: dict[str, Any] = asked("path", "Sirpa", "--as", organisation, "--role", role, "--data", data, *more)
    return found


def on_timeline(path: dict[str, Any]) -> set[tuple[str, str]]:
    return {(row["organisation"], row["category"]) for row in path["timeline"]}


def test_it_is_the_pilots_time() -> None:
    days = [step.on for step in read(SCENARIOS / "orimattila.yaml").steps]
    assert (days[0], days[-1]) == (date(2020, 8, 31), date(2022, 12, 1))
    assert len(read(SCENARIOS / "orimattila.yaml").clients) == 5


def test_the_social_worker_sees_four_organisations_on_one_timeline(played: dict[str, Path]) -> None:
    path = sirpa(played, SOCIAL, "own_social_worker")
    assert on_timeline(path) >= {
        (SOCIAL, "plan"), (WORKSHOP, "activity"), (EMPLOYMENT, "trial_work"), (EMPLOYMENT, "statement"), (PROVIDER, "coaching"),
    }  # fmt: skip
    assert [row["on"] for row in path["timeline"]] == sorted(row["on"] for row in path["timeline"])
    assert (path["plan"]["version"], path["plan"]["state"]) == (3, "in_force")
    running = {s["service"]: (s["organisation"], s["days_per_week"]) for s in path["services"] if s["state"] == "running"}
    assert running == {"activity": (WORKSHOP, 2), "trial_work": (EMPLOYMENT, 3), "coaching": (PROVIDER, 1)}
    paying = [s["measure"] for s in path["statements"] if s["state"] == "in_force" and s["paying"]]
    assert sorted(paying) == ["activity", "trial_work"]
    assert path["fees"] == []


CARE = {"case", "referral", "follow_up", "consent", "plan", "activity", "trial_work"}


@pytest.mark.parametrize(
    ("organisation", "role", "categories", "lists"),
    [
        (SOCIAL, "own_social_worker", {"statement", "coaching", "assessment"}, {"statements", "endorsements", "services"}),
        (SOCIAL, "activity_supervisor", {"coaching", "assessment"}, {"services"}),
        (EMPLOYMENT, "employment_coach", {"statement", "coaching", "assessment"}, {"statements", "endorsements", "services"}),
        (WORKSHOP, "activity_supervisor", {"coaching", "assessment"}, {"services"}),
        (WORKSHOP, "workshop_instructor", set(), {"services"}),
        (PROVIDER, "job_coach", {"coaching", "assessment", "health", "fee"}, {"services", "fees"}),
        (PROVIDER, "team_leader", {"coaching", "fee"}, {"services", "fees"}),
        (FUNDER, "funder", {"fee"}, {"fees"}),
    ],
)
def test_each_organisation_and_role_sees_what_it_may(
    played: dict[str, Path], organisation: str, role: str, categories: set[str], lists: set[str]
) -> None:
    path = sirpa(played, organisation, role)
    common = set() if role == "funder" else CARE
    assert {row["category"] for row in path["timeline"]} - {"follow_up", "consent"} == (categories | common) - {"follow_up", "consent"}
    assert {name for name in ("statements", "endorsements", "services", "fees") if path[name]} == lists


def test_the_second_provider_gets_nothing(played: dict[str, Path]) -> None:
    data = str(played["orimattila"])
    refused = palvelupolku("path", "Sirpa", "--as", "toinen-valmennus", "--role", "job_coach", "--data", data, "--json")
    assert refused.exit_code == 1
    assert '"not_a_client_here"' in refused.stdout and "Sirpa" not in refused.stdout
    assert asked("clients", "--as", "toinen-valmennus", "--data", data) == []


def test_on_a_past_day_it_is_as_it_was(played: dict[str, Path]) -> None:
    before = sirpa(played, SOCIAL, "own_social_worker", "--on", "2022-08-22")
    assert {(s["service"], s["days_per_week"]) for s in before["services"]} == {("activity", 4)}
    assert before["plan"]["version"] == 1 and before["as_of"] == "2022-08-22"
    assert PROVIDER not in {row["organisation"] for row in before["timeline"]}
    two_years_before = sirpa(played, EMPLOYMENT, "employment_coach", "--on", "2020-09-07")
    assert [s["service"] for s in two_years_before["services"]] == []


def test_it_only_looks_back(played: dict[str, Path]) -> None:
    data = str(played["orimattila"])
    asked_ahead = palvelupolku("path", "Sirpa", "--as", FUNDER, "--on", "2022-12-02", "--data", data, "--json")
    assert asked_ahead.exit_code == 1 and '"looks_back_only"' in asked_ahead.stdout
