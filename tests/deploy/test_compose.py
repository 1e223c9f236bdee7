"""``deploy/compose.yaml`` as it is written: what it names exists, and nobody is given what is another's. That it works is
seen in ``test_composed``."""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from deploy.postgres.local.server import SETTINGS
from services.kit.config import load
from services.kit.settings import USED_BY, rows
from tests.architecture.source import ROOT
from tests.deploy.command_line import NoSuchCommand, check
from tests.deploy.composed import DEPLOY, read
from tests.deploy.ending import ends_within

COMPOSE = read()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
INSTALLATION = load(DEPLOY / "compose" / "organisations.toml")
HOME = INSTALLATION.client_organisation.id
OURS = {name: s for name, s in SERVICES.items() if str(s.get("image", "")).startswith("palvelupolku:")}


def of(organisation: str) -> dict[str, dict[str, Any]]:
    return {name: s for name, s in OURS.items() if name.startswith(organisation)}


def secrets_of(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(the file in ``prepared/secrets``, the name the service sees)"""
    for secret in service.get("secrets", ()):
        source, target = (secret, secret) if isinstance(secret, str) else (secret["source"], secret["target"])
        yield COMPOSE["secrets"][source]["file"].removeprefix("./compose/prepared/secrets/"), target


def test_every_organisation_of_the_installation_is_served_and_nobody_else() -> None:
    served = {s["command"][1] for s in OURS.values() if s["command"][0] in ("serve", "migrate")}
    assert served == INSTALLATION.ids == set(OURS["administration"]["command"])
    assert len(INSTALLATION.ids) == 4
    assert SERVICES["esimerkkivalmennus-projector"]["deploy"]["replicas"] == 2


def test_the_environment_names_only_known_settings() -> None:
    known = {row.name for kind in USED_BY for row in rows(kind)}
    assert [(name, key) for name, s in OURS.items() for key in s["environment"] if key not in known] == []
    files = {target for s in OURS.values() for _, target in secrets_of(s) if "/" not in target}
    assert {file.upper() for file in files} <= known


@pytest.mark.parametrize("file", ["compose.yaml", "compose/development.yaml"])
def test_every_command_is_one_of_the_program(file: str) -> None:
    commands = [s["command"] for s in read(file)["services"].values() if s.get("command", [""])[0] in ("serve", "migrate")]
    assert len(commands) >= 4
    for command in commands:
        check(command)


def test_a_command_that_the_program_does_not_have_is_found() -> None:
    for wrong in (["serve"], ["serve", "o", "--only", "pages"], ["serve", "o", "--ports", "1"], ["start", "o"]):
        with pytest.raises(NoSuchCommand):
            check(wrong)


def test_the_administrators_script_uses_commands_of_the_program() -> None:
    text = (DEPLOY / "compose" / "administration.sh").read_text(encoding="utf-8")
    lines = re.findall(r"^ *palvelupolku (.+)$", text, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        check(line.replace('"', "").split())


def test_every_file_is_there_or_is_prepared() -> None:
    files = [f["file"] for part in ("configs", "secrets") for f in COMPOSE[part].values()]
    files += [s["build"]["dockerfile"].replace("deploy/", "./") for s in OURS.values()]
    prepared = [f for f in files if f.startswith("./compose/prepared/")]
    assert [f for f in files if f not in prepared and not (DEPLOY / f).is_file()] == []
    assert set(prepared) == {f["file"] for f in COMPOSE["secrets"].values()} | {COMPOSE["configs"]["installation"]["file"]}
    mounts = [c["source"] for s in SERVICES.values() for c in s.get("configs", ())]
    assert set(mounts) == set(COMPOSE["configs"])


def test_what_is_waited_for_is_there() -> None:
    for service in SERVICES.values():
        for name, condition in service.get("depends_on", {}).items():
            once = SERVICES[name].get("restart") == "no"
            assert condition == {"condition": "service_completed_successfully" if once else "service_healthy"}
    for name, service in OURS.items():
        if service["command"][0] == "serve":
            assert f"{service['command'][1]}-migrate" in service["depends_on"], name


def test_an_organisation_is_given_its_own_secrets_only() -> None:
    for organisation in INSTALLATION.ids:
        for name, service in of(organisation).items():
            assert {file.split("/")[0] for file, _ in secrets_of(service)} == {organisation}, name
            seen = {target for _, target in secrets_of(service)}
            keys = {f"{organisation}/{key}.key" for key in ("store", "signing", *(["authority"] if organisation == HOME else []))}
            assert seen == {"database_url", "kafka_sasl_password", *keys}
            assert service["environment"]["KAFKA_SASL_USERNAME"] == organisation
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert not re.search(r"^ +\w*(PASSWORD|SECRET|TOKEN)\w*: (?!/run/secrets)", text, re.MULTILINE)


def test_no_organisation_reaches_anothers_processes() -> None:
    networks = {o: {n for s in of(o).values() for n in s["networks"]} for o in INSTALLATION.ids}
    for one, other in combinations(INSTALLATION.ids - {HOME}, 2):
        assert not networks[one] & networks[other]
    assert all(networks[HOME] & networks[o] for o in INSTALLATION.ids)
    everywhere = {n for one in networks.values() for n in one}
    assert set(SERVICES["kafka"]["networks"]) == set(SERVICES["postgres"]["networks"]) == {*everywhere, "administration"}
    assert set(SERVICES["collector"]["networks"]) == {*everywhere, "telemetry"}
    asks_for_figures = {n for name in ("prometheus", "grafana", "jaeger") for n in SERVICES[name]["networks"]}
    assert not asks_for_figures & everywhere


def test_ports_are_this_machines_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) == len(set(ports)) >= 4
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_whatever_stays_has_limits_and_ends_in_order() -> None:
    for name, service in SERVICES.items():
        if service.get("restart") != "no":
            assert service["deploy"]["resources"]["limits"], name
            assert service["stop_grace_period"], name
            if name in OURS:
                assert int(service["stop_grace_period"].removesuffix("s")) >= ends_within(), name


def test_the_program_may_do_little_on_the_machine() -> None:
    for service in OURS.values():
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_broker_is_of_the_version_that_is_tested() -> None:
    pom = (ROOT / "deploy" / "kafka" / "local" / "pom.xml").read_text(encoding="utf-8")
    (version,) = set(re.findall(r"<artifactId>kafka_[\d.]+</artifactId>\s*<version>([\d.]+)</version>", pom))
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{version}"


def test_the_database_server_tells_its_log_as_little_as_the_tested_one() -> None:
    program, *settings = SERVICES["postgres"]["command"]
    assert program == "postgres" and settings == ["-c", f"log_error_verbosity={SETTINGS['log_error_verbosity']}"]


def test_the_overlay_speaks_of_services_that_there_are() -> None:
    overlay = read("compose/development.yaml")["services"]
    assert set(overlay) <= set(SERVICES)
    for name, service in overlay.items():
        assert service["command"] == [*SERVICES[name]["command"], "--development"]
