"""The documentation of stories, held to the code that it tells of."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from events.catalogue import CATEGORIES
from projections.service_path import rows
from services.cli.main import app
from services.client.authority.domain import feature as authority
from services.kit.bootstrap import Platform
from services.kit.clock import StoryClock
from services.kit.config import KINDS, load
from services.kit.words import tables
from services.scenario.acts import OPEN, REGISTER, command_of, known_acts
from services.scenario.fields import fields_of, parts_of
from services.scenario.reference import Described, commands, markdown
from services.scenario.story import CLIENT_KEYS, EXPECT_KEYS, PERSON_KEYS, STEP_KEYS, STORY_KEYS, VIEWS
from tests.scenario.told import ROOT, SCENARIOS, Told, asked, palvelupolku

README = (SCENARIOS / "README.md").read_text(encoding="utf-8")
COMMANDS = (SCENARIOS / "COMMANDS.md").read_text(encoding="utf-8")
INSTALLATION = load(ROOT / "deploy" / "organisations.toml")


def test_the_committed_reference_is_what_the_commands_give() -> None:
    assert markdown() == COMMANDS, "run: palvelupolku commands --markdown > deploy/scenarios/COMMANDS.md"
    assert CliRunner().invoke(app, ["commands", "--markdown"]).stdout == COMMANDS


def test_every_command_of_every_feature_stands_in_it() -> None:
    features = [*import_module("services.case").FEATURES, authority(frozenset())]
    features += [f for kind in KINDS for f in import_module(f"services.{kind}").FEATURES]
    called = [command.called() for feature in features for command in feature.decides]
    assert sorted(called) == sorted(re.findall(r"^#### `(\w+)`", COMMANDS, re.M))


@pytest.mark.parametrize("described", list(commands()), ids=lambda d: f"{d.kind}: {d.command.called()}")
def test_every_command_says_what_it_does_and_what_each_field_means(described: Described) -> None:
    assert described.command.__doc__
    for field in (*fields_of(described.command), *(f for part in parts_of(described.command) for f in part.fields)):
        assert field.meaning, f"{described.command.__name__}.{field.name} has no description"
        assert field.takes


def test_every_refusal_stands_in_it() -> None:
    listed = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", COMMANDS.split("## Every refusal")[1], re.M)
    assert sorted(listed) == sorted(tables())


def test_every_command_of_every_organisation_is_reached_from_a_story(tmp_path: Path) -> None:
    platform = Platform(tmp_path, INSTALLATION, StoryClock(tmp_path / "clock.json"))
    try:
        reached = set()
        for organisation in platform.organisations.values():
            for name, command in organisation.features.commands.items():
                assert command_of(platform, organisation, name) == (organisation, command)
                assert name in known_acts(platform, organisation)
                reached.add(command)
        assert reached == {d.command for d in commands()}
        for clerks in (o for o in platform.organisations.values() if "consent_clerk" in o.config.roles):
            for name, command in platform.home.features.commands.items():
                lent = "consent_clerk" in command.roles
                assert (name in known_acts(platform, clerks)) == (lent or name in clerks.features.commands)
                if lent:
                    assert command_of(platform, clerks, name) == (platform.home, command)
    finally:
        platform.close()


# README.


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("## The file", STORY_KEYS),
        ("## A step", STEP_KEYS),
        ("## An expectation", EXPECT_KEYS),
        ("### What can be looked at", set(VIEWS) - {"path"}),
    ],
)
def test_every_key_stands_in_its_table(heading: str, keys: set[str]) -> None:
    section = re.split(r"^#", README.split(f"\n{heading}\n")[1], maxsplit=1, flags=re.M)[0]
    assert keys <= set(re.findall(r"^\| `(\w+)` \|", section, re.M))


def test_keys_of_people_and_clients_stand_there() -> None:
    for what, keys in (("**A person**", PERSON_KEYS), ("**A client**", CLIENT_KEYS)):
        paragraph = README.split(what)[1].split("\n\n")[0]
        assert keys <= set(re.findall(r"`(\w+)`", paragraph))


def test_the_acts_and_categories_stand_there() -> None:
    assert f"- `{REGISTER}`" in README and f"- `{OPEN}`" in README
    told = README.split("## Who may see what")[1]
    assert set(CATEGORIES) - {"consent"} <= set(re.findall(r"`(\w+)`", told))


def test_the_installations_people_stand_there() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([\w-]+)` \| (.+) \|$", README, re.M)
    listed = {(who, organisation, tuple(re.findall(r"`(\w+)`", roles))) for who, organisation, roles in rows}
    assert {(p.id, p.organisation, p.roles) for p in INSTALLATION.person} == listed


def fields_in_readme(heading: str) -> dict[str, set[str]]:
    section = README.split(heading)[1].split("\n\n")[1]
    return {m[1]: set(re.findall(r"`(\w+)`", m[2])) for m in re.finditer(r"^\| `(\w+)` \| (.+) \|$", section, re.M)}


def test_the_path_is_told_as_it_is() -> None:
    told = fields_in_readme("A path has:")
    of = {
        "client": rows.ClientRow, "viewer": rows.ViewerRow, "responsible": rows.ResponsibleRow, "plan": rows.PlanRow,
        "services": rows.ServiceRow, "statements": rows.StatementRow, "endorsements": rows.EndorsementRow,
        "fees": rows.FeeRow, "follow_ups": rows.FollowUpRow, "consent": rows.ConsentRow, "timeline": rows.TimelineRow,
    }  # fmt: skip
    assert set(of) < set(told) <= set(rows.ServicePath.__struct_encode_fields__)
    rarely_asked = {"ref", "plan", "coaching", "began_before"}
    for name, row in of.items():
        assert set(row.__struct_encode_fields__) - rarely_asked <= told[name] | {"ref"}, name


def test_the_first_story_plays_as_it_stands(tmp_path: Path) -> None:
    told = Told(tmp_path)
    (example,) = re.findall(r"^```yaml\n(story:.+?)^```", README, re.M | re.S)
    result = told.plays(example.replace("../organisations.toml", str(ROOT / "deploy" / "organisations.toml")))
    assert result.exit_code == 0, result.output
    assert told.path("Ritva Testi", "orimattila-employment")["timeline"]
    assert asked("disclosures", "Ritva Testi", "--data", str(told.data))


def test_the_commands_are_listed_for_people_too() -> None:
    listed = palvelupolku("commands").stdout
    assert all(d.command.called() in listed for d in commands())
