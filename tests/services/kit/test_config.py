"""What cannot be in an installation is found when it is loaded, in words that say where."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.kit.config import (
    ConfigurationError,
    Installation,
    OrganisationConfig,
    PersonConfig,
    StatutoryConfig,
    load,
    problems,
)


def organisation(id: str = "social", kind: str = "social", roles: tuple[str, ...] = ("own_social_worker",)) -> OrganisationConfig:
    return OrganisationConfig(id=id, kind=kind, name=id, roles=roles)


HOME = organisation("home", "client", ("client",))


def installation(*organisations: OrganisationConfig, **more: Any) -> Installation:
    return Installation(name="Testilä", organisation=organisations or (organisation(), HOME), **more)


def ground(source: str = "social", recipient: str = "home", category: str = "fee") -> StatutoryConfig:
    return StatutoryConfig(source=source, recipient=recipient, categories=(category,), legal_ground="act", valid_from=date(2020, 1, 1))


def person(id: str = "testi", organisation: str = "social", role: str = "own_social_worker") -> PersonConfig:
    return PersonConfig(id=id, name="Testi Henkilö", organisation=organisation, roles=(role,))


def test_a_sound_installation_has_no_problems() -> None:
    assert problems(installation(statutory=(ground(),), person=(person(), person("toinen")))) == []


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (installation(organisation(kind="church"), HOME), "unknown kind church"),
        (installation(organisation(roles=("king",)), HOME), "unknown role king"),
        (installation(organisation(), organisation(), HOME), "same id"),
        (installation(organisation()), "exactly one"),
        (installation(organisation(), HOME, organisation("other", "client")), "exactly one"),
        (installation(organisation("../social"), HOME), "is no id"),
        (installation(organisation("two words"), HOME), "is no id"),
        (installation(organisation("social\n"), HOME), "is no id"),
        (installation(organisation(""), HOME), "is no id"),
        (installation(statutory=(ground(source="nobody"),)), "unknown organisations: nobody"),
        (installation(statutory=(ground(recipient="nobody"),)), "unknown organisations: social, nobody"),
        (installation(statutory=(ground(category="internal"),)), "unknown category: internal"),
        (installation(person=(person(organisation="nobody"),)), "testi has a role that nobody does not have"),
        (installation(person=(person(role="job_coach"),)), "testi has a role"),
        (installation(person=(person(), person())), "two people"),
    ],
)
def test_each_problem_is_said_once(made: Installation, said: str) -> None:
    (found,) = problems(made)
    assert said in found


SOUND = """
name = "Testilä"
[[organisation]]
id = "social"
kind = "social"
name = "Sosiaali"
roles = ["own_social_worker"]
[[organisation]]
id = "home"
kind = "client"
name = "Oma"
roles = ["client"]
"""


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(SOUND)
    loaded = load(tmp_path / "a.toml")
    assert loaded.ids == {"social", "home"} and loaded.client_organisation.id == "home"
    assert loaded.organisation[0].features is None, "all features of its kind"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "a.toml"),
        (SOUND.replace('kind = "social"', ""), "kind"),
        (SOUND.replace('["client"]', '"client"'), "roles"),
        (SOUND.replace('kind = "client"', 'kind = "social"'), "exactly one"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=said) as error:
        load(tmp_path / "a.toml")
    assert str(error.value).startswith("a.toml: ")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml")


def test_the_installation_that_is_shipped_can_be_used() -> None:
    shipped = load(Path("deploy/organisations.toml"))
    assert {o.kind for o in shipped.organisation} == {"social", "employment", "provider", "client"}
    assert len({p.id for p in shipped.person}) == len(shipped.person) > 0
