"""``palvelupolku``: run the platform, play stories, ask and check a data directory."""

import json
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli import moving, node, servers, show, upkeep
from services.cli.environment import given
from services.cli.open import (
    check_allowed,
    check_free,
    install,
    reading,
    stop_in_order,
    writing,
)
from services.cli.terminal import DATA, As, Data, Json, in_plain_words, print_json, progress_bars, those_asked
from services.client.authority.silent import Silent, tell_silent
from services.kit.bootstrap import Platform
from services.kit.organisation import Organisation
from services.kit.settings import Telemetry
from services.kit.telemetry.gauges import tell_standing
from services.kit.web.installation import platform_app, serve
from services.scenario import reference, views
from services.scenario.document import StoryError
from services.scenario.people import People
from services.scenario.player import Player
from services.scenario.story import Story
from services.scenario.story import read as read_story

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(upkeep.app)
app.add_typer(servers.app)
app.add_typer(node.app, name="node")
app.add_typer(moving.app)


class Language(StrEnum):
    """The languages of the product at work."""

    fi = "fi"
    sv = "sv"
    en = "en"



@app.command()
def run(
    data: Data = DATA,
    story: Annotated[Path | None, typer.Option(help="Play this story first; the directory then runs on its clock.")] = None,
    installation: Annotated[Path | None, typer.Option(help="The installation of a new data directory (TOML).")] = None,
    development: Annotated[bool, typer.Option("--development", help="Let the test people sign in.")] = False,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8400,
) -> None:
    """Serve every organisation of an installation from this one process."""
    stop_in_order()
    with in_plain_words():
        check_free(host, port)
        from services.kit.telemetry.setup import telling  # an SDK that no other command needs

        settings = given(Telemetry)
        told = read_story(story) if story else None
        install(data, _installation_of(told, installation))
        with writing(data, told is not None, settings.trace_on_log) as platform:
            check_allowed(platform, development)
            if told is not None:
                _play_first(platform, told)
            people = People(platform)
            show.screen.print(f"Palvelupolku: http://{host}:{port}/  (lopeta: Ctrl-C)", highlight=False)
            with telling(settings, None, None, port):
                tell_standing(platform.organisations.values(), platform.log)
                tell_silent(platform.desk, Silent(platform.home, platform.desk).now)
                serve(platform_app(platform, development, people), host, port)


def _installation_of(story: Story | None, given: Path | None) -> Path | None:
    if given is None and story is not None and story.installation:
        return story.folder / story.installation
    return given


def _play_first(platform: Platform, story: Story) -> None:
    """What cannot be played further is told; what was played is served all the same."""
    try:
        _play(platform, story, as_json=False)
    except StoryError as error:
        show.fail(f"Tarina ei etene: rivi {error.line}: {error.message}")


@app.command()
def play(
    story: Annotated[Path, typer.Argument(metavar="FILE", help="The story (YAML).")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Play a story into a data directory, going on where it stopped. Status 1 on an unmet expectation."""
    with in_plain_words(as_json):
        told = read_story(story)
        install(data, _installation_of(told, None))
        with writing(data, story=True) as platform:
            _play(platform, told, as_json)


def _play(platform: Platform, story: Story, as_json: bool) -> None:
    people = People(platform)
    people.add(story.people, story.clients)
    player = Player(platform, story, people)
    done = 0
    with progress_bars(as_json) as progress:
        bar = progress.add_task(story.name, total=len(story.steps))
        for step in player.play():
            done += 1
            progress.update(bar, completed=step.number)
            if as_json:
                sys.stdout.write(json.dumps({"step": step.number, "line": step.line, "on": str(step.on)}) + "\n")
                sys.stdout.flush()
    if not as_json:
        show.screen.print(f"{story.name}: {len(story.steps)} vaihetta, joista nyt {done}. Kaikki odotukset täyttyivät.")


@app.command()
def path(
    client: Annotated[str, typer.Argument(help="The client: reference or name.")],
    organisation: As,
    role: Annotated[str | None, typer.Option(help="The role; may be left out where the organisation has one.")] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A past day.")] = None,
    language: Annotated[Language, typer.Option(help="Of the path's words.")] = Language.fi,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """A client's path as an organisation and role may see it. The reading is in the disclosure log first."""
    with in_plain_words(as_json), reading(data) as platform:
        viewer = views.organisation_of(platform, organisation)
        actor = views.console(viewer, role)
        client_ref = _client_ref(platform, viewer, client)
        seen = views.as_plain(viewer.path(client_ref, actor, on.date() if on else None, language.value))
        print_json(seen) if as_json else show.path(seen, language.value)


def _client_ref(platform: Platform, organisation: Organisation, client: str) -> str:
    """By name first in the organisation's own register, then (the console has them all) in any."""
    own = organisation.register.named(client)
    return own[0] if len(own) == 1 else People(platform).client_ref(client)


@app.command()
def clients(
    organisation: Annotated[str | None, typer.Option("--as", help="Only this organisation's register.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """The clients in each organisation's own register."""
    with in_plain_words(as_json), reading(data) as platform:
        seen = {o.id: views.clients(o) for o in those_asked(platform, organisation)}
        rows = [{"organisation": o} | row for o, found in seen.items() for row in found["rows"]]
        if not as_json and any(found["incomplete"] for found in seen.values()):
            show.incomplete("fi")
        print_json(rows) if as_json else show.table("Asiakkaat", ("organisation", "name", "client_ref"), rows, "ei asiakkaita")


@app.command()
def withheld(
    organisation: Annotated[str | None, typer.Option("--as", help="Only this organisation's facts.")] = None,
    client: Annotated[str | None, typer.Option(help="Only this client's: reference or name.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """What stayed at home, from whom, and why."""
    with in_plain_words(as_json), reading(data) as platform:
        rows = [
            {"organisation": o.id} | row
            for o in those_asked(platform, organisation)
            for ref in ([_client_ref(platform, o, client)] if client else o.store.clients())
            for row in views.withheld(o, ref)
        ]
        columns = ("organisation", "occurred_on", "name", "category", "recipient", "reason")
        print_json(rows) if as_json else show.table("Jäi kotiin", columns, rows, "kaikki on mennyt niille, jotka sen saavat")


@app.command()
def disclosures(
    client: Annotated[str, typer.Argument(help="The client: reference or name.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Who has asked for the client's data, when, what and on which ground: as the client is told."""
    with in_plain_words(as_json), reading(data) as platform:
        rows = views.disclosures(platform, People(platform).client_ref(client))
        columns = ("at", "kind", "organisation", "person", "role", "categories", "sources")
        print_json(rows) if as_json else show.table("Kuka on katsonut", columns, rows, "kukaan ei ole katsonut")


@app.command("commands")
def commands_reference(
    markdown: Annotated[bool, typer.Option("--markdown", help="The whole reference: deploy/scenarios/COMMANDS.md.")] = False,
) -> None:
    """Every command of every kind of organisation: what a story can `do`."""
    if markdown:
        sys.stdout.write(reference.markdown())
        return
    rows = [{"of": d.kind, "command": d.command.called(), "roles": sorted(d.command.roles)} for d in reference.commands()]
    show.table("Komennot", ("of", "command", "roles"), rows, "ei komentoja")


if __name__ == "__main__":
    app()
