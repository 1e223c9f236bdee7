"""``palvelupolku``: run the platform, play stories, ask and check a data directory."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from projections.run import LogReplaced
from services.cli import show
from services.cli.open import (
    CannotServe,
    NoData,
    check_allowed,
    check_free,
    install,
    platform_on,
    reading,
    stop_in_order,
    writing,
)
from services.kit import rebuilds
from services.kit.bootstrap import Platform
from services.kit.check import CHECKS, Checked, check
from services.kit.config import ConfigurationError
from services.kit.data_directory import InUse
from services.kit.errors import Refused
from services.kit.organisation import Organisation
from services.kit.web.installation import platform_app, serve
from services.kit.words import words
from services.scenario import reference, views
from services.scenario.document import StoryError
from services.scenario.people import People
from services.scenario.player import Player
from services.scenario.story import Story
from services.scenario.story import read as read_story

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

Data = Annotated[Path, typer.Option("--data", help="The data directory: the shared log and a folder for each organisation.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
As = Annotated[str, typer.Option("--as", help="The organisation that asks.")]
DATA = Path("data")
LOOKED_FOR_AGAIN = 2


class Language(StrEnum):
    """The languages of the product at work."""

    fi = "fi"
    sv = "sv"
    en = "en"


@contextmanager
def in_plain_words(as_json: bool = False) -> Iterator[None]:
    """Turns what went wrong into one plain message and exit status 1."""
    try:
        yield
    except StoryError as error:
        _fail(as_json, "story", error.message, f"rivi {error.line}: {error.message}", line=error.line)
    except Refused as refusal:
        text = words(refusal.code, "fi")
        _fail(as_json, refusal.code, text, text, field=refusal.field)
    except LogReplaced:
        _fail(as_json, "log_replaced", words("log_replaced", "fi"), words("log_replaced", "fi"))
    except OSError as error:
        text = f"{error.strerror or type(error).__name__}: {error.filename or ''}"
        _fail(as_json, "files", text, text)
    except (LookupError, NoData, InUse, CannotServe, ConfigurationError, RuntimeError) as error:
        text = str(error.args[0]) if error.args else str(error)
        _fail(as_json, type(error).__name__, text, text)


def _fail(as_json: bool, code: str, text: str, message: str, **more: Any) -> None:
    if as_json:
        _print({"error": {"code": code, "text": text} | more})
    else:
        show.fail(message)
    raise typer.Exit(1)


def _print(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def _progress(as_json: bool) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, disable=as_json or not show.screen.is_terminal, console=show.screen)


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
        told = read_story(story) if story else None
        install(data, _installation_of(told, installation))
        with writing(data, story=told is not None) as platform:
            check_allowed(platform, development)
            if told is not None:
                _play_first(platform, told)
            people = People(platform)
            show.screen.print(f"Palvelupolku: http://{host}:{port}/  (lopeta: Ctrl-C)", highlight=False)
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
    with _progress(as_json) as progress:
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
        _print(seen) if as_json else show.path(seen, language.value)


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
        rows = [{"organisation": o.id} | row for o in _asked(platform, organisation) for row in views.clients(o)]
        _print(rows) if as_json else show.table("Asiakkaat", ("organisation", "name", "client_ref"), rows, "ei asiakkaita")


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
            for o in _asked(platform, organisation)
            for ref in ([_client_ref(platform, o, client)] if client else o.store.clients())
            for row in views.withheld(o, ref)
        ]
        columns = ("organisation", "occurred_on", "name", "category", "recipient", "reason")
        _print(rows) if as_json else show.table("Jäi kotiin", columns, rows, "kaikki on mennyt niille, jotka sen saavat")


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
        _print(rows) if as_json else show.table("Kuka on katsonut", columns, rows, "kukaan ei ole katsonut")


@app.command()
def rebuild(
    organisation: Annotated[str | None, typer.Option("--as", help="Only this organisation's view.")] = None,
    data: Data = DATA,
) -> None:
    """Build views anew from the shared log beside the ones in use, then switch. A running process does it itself."""
    with in_plain_words():
        try:
            with writing(data) as platform:
                asked = _asked(platform, organisation)
                _rebuild_here(platform, asked)
        except InUse:
            asked = _asked(platform_on(data, beside_another=True), organisation)
            _rebuild_there(data, [one.id for one in asked])
        show.screen.print(f"{len(asked)} näkymää rakennettu uudelleen.")


def _asked(platform: Platform, organisation: str | None) -> list[Organisation]:
    return [views.organisation_of(platform, organisation)] if organisation else list(platform.organisations.values())


def _rebuild_here(platform: Platform, asked: list[Organisation]) -> None:
    with _progress(False) as progress:
        for one in asked:
            bar = progress.add_task(one.id)
            for read, head in platform.rebuild(one):
                progress.update(bar, completed=read, total=head)


def _rebuild_there(data: Path, asked: list[str]) -> None:
    with _progress(False) as progress:
        for organisation in asked:
            rebuilds.ask(data, organisation)
            bar = progress.add_task(organisation)
            while (told := rebuilds.progress(data, organisation)) is not None:
                progress.update(bar, completed=told[0], total=told[1] or None)
                time.sleep(0.1)


@app.command("check")
def check_data(data: Data = DATA, as_json: Json = False) -> None:
    """Check every invariant that can be checked on stored data. Status 1 when something does not hold.

    Beside a running process, which goes on meanwhile, what is found is looked for again: only what stays is told.
    """
    with in_plain_words(as_json):
        checked, moving = _checked(data, as_json)
        findings = checked.findings
        for _ in range(LOOKED_FOR_AGAIN if moving else 0):
            if findings:
                checked, _ = _checked(data, as_json)
                findings = [f for f in checked.findings if f in findings]
        _report(checked.counts, [f._asdict() for f in findings], as_json)
    if findings:
        raise typer.Exit(1)


def _checked(data: Path, as_json: bool) -> tuple[Checked, bool]:
    """What a check found, and whether another process went on meanwhile."""
    with reading(data) as platform, _progress(as_json) as progress:
        bar = progress.add_task("tarkistetaan", total=len(CHECKS))
        return check(platform, lambda name: progress.update(bar, description=name, advance=1)), platform.beside_another


def _report(counts: dict[str, int], findings: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        _print({"counts": counts, "findings": findings})
        return
    show.table("Katsottu", ("what", "how_many"), [{"what": k, "how_many": v} for k, v in counts.items()], "ei mitään")
    show.table("Ei pidä paikkaansa", ("invariant", "organisation", "what"), findings, "kaikki pitää")


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


@app.command("replay")
def replay_set_aside(organisation: As, data: Data = DATA) -> None:
    """Try the records again that an organisation's projector set aside."""
    with in_plain_words(), writing(data) as platform:
        one = views.organisation_of(platform, organisation)
        understood = one.replay()
        platform.settle()
        left = len(one.projector.view.set_aside())
        show.screen.print(f"{understood} tietuetta ymmärrettiin, {left} odottaa yhä.")


if __name__ == "__main__":
    app()
