"""What keeps an installation well: views rebuilt, data checked, set-aside records tried again."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli import show
from services.cli.open import CannotServe, platform_on, reading, writing
from services.cli.terminal import DATA, As, Data, Json, in_plain_words, print_json, progress_bars, those_asked
from services.kit import rebuilds
from services.kit.bootstrap import Platform
from services.kit.check import CHECKS, Checked, check
from services.kit.data_directory import InUse
from services.kit.organisation import Organisation
from services.scenario import views

LOOKED_FOR_AGAIN = 2
LOOK_SECONDS, STALLED_SECONDS = 0.1, 120.0
"""How often it is looked how far another process is, and after how long without a move nobody waits for it any more."""

Position = Annotated[int | None, typer.Argument(help="Where the record stands: `dead-letters` tells.")]
Nobodys = Annotated[bool, typer.Option("--nobodys", help="Instead of one: all that nobody of the installation has made.")]
Because = Annotated[str, typer.Option("--because", help="Why nothing needs it, in words without personal data.")]
Person = Annotated[str, typer.Option("--by", help="Who has decided it.")]

app = typer.Typer()


@app.command()
def rebuild(
    organisation: Annotated[str | None, typer.Option("--as", help="Only this organisation's view.")] = None,
    data: Data = DATA,
) -> None:
    """Build views anew from the shared log beside the ones in use, then switch. A running process does it itself."""
    with in_plain_words():
        try:
            with writing(data) as platform:
                asked = those_asked(platform, organisation)
                _rebuild_here(platform, asked)
        except InUse:
            asked = those_asked(platform_on(data, beside_another=True), organisation)
            _rebuild_there(data, [one.id for one in asked])
        show.screen.print(f"{len(asked)} näkymää rakennettu uudelleen.")


def _rebuild_here(platform: Platform, asked: list[Organisation]) -> None:
    with progress_bars(False) as progress:
        for one in asked:
            bar = progress.add_task(one.id)
            for read, head in platform.rebuild(one):
                progress.update(bar, completed=read, total=head)


def _rebuild_there(data: Path, asked: list[str]) -> None:
    with progress_bars(False) as progress:
        for organisation in asked:
            rebuilds.ask(data, organisation)
            bar = progress.add_task(organisation)
            before, since = None, time.monotonic()
            while (told := rebuilds.progress(data, organisation)) is not None:
                if told != before:
                    before, since = told, time.monotonic()
                elif time.monotonic() - since > STALLED_SECONDS:
                    raise CannotServe("nothing has moved for long: does the process that works on the directory still run?")
                progress.update(bar, completed=told[0], total=told[1] or None)
                time.sleep(LOOK_SECONDS)


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
        report(checked.counts, [f._asdict() for f in findings], as_json)
    if findings:
        raise typer.Exit(1)


def _checked(data: Path, as_json: bool) -> tuple[Checked, bool]:
    """What a check found, and whether another process went on meanwhile."""
    with reading(data) as platform, progress_bars(as_json) as progress:
        bar = progress.add_task("tarkistetaan", total=len(CHECKS))
        return check(platform, lambda name: progress.update(bar, description=name, advance=1)), platform.beside_another


def report(counts: dict[str, int], findings: list[dict[str, Any]], as_json: bool) -> None:
    """What a check looked at and found."""
    if as_json:
        print_json({"counts": counts, "findings": findings})
        return
    show.table("Katsottu", ("what", "how_many"), [{"what": k, "how_many": v} for k, v in counts.items()], "ei mitään")
    show.table("Ei pidä paikkaansa", ("invariant", "organisation", "what"), findings, "kaikki pitää")


@app.command("replay")
def replay_set_aside(organisation: As, data: Data = DATA) -> None:
    """Try the records again that an organisation's projector set aside."""
    with in_plain_words(), writing(data) as platform:
        one = views.organisation_of(platform, organisation)
        understood = one.replay()
        platform.settle()
        left = len(one.projector.view.set_aside())
        show.screen.print(f"{understood} tietuetta ymmärrettiin, {left} odottaa yhä.")


@app.command("dead-letters")
def dead_letters(organisation: As, data: Data = DATA, as_json: Json = False) -> None:
    """The records that an organisation's projector could not understand and has set aside, and those dismissed."""
    with in_plain_words(as_json), reading(data) as platform:
        tell_dead_letters(views.organisation_of(platform, organisation), as_json)


def tell_dead_letters(one: Organisation, as_json: bool) -> None:
    """What is set aside and what was dismissed, each with its reason."""
    rows = [aside._asdict() for aside in one.projector.view.set_aside()]
    dismissed = [d._asdict() for d in one.store.dismissed()]
    if as_json:
        print_json({"set_aside": rows, "dismissed": dismissed})
        return
    show.table("Sivuun pantu", ("position", "client_ref", "record_id", "reason"), rows, "ei mitään")
    show.table("Ohitettu", ("position", "client_ref", "reason", "because", "person", "dismissed_at"), dismissed, "ei mitään")


@app.command()
def dismiss(
    because: Because, person: Person, organisation: As, position: Position = None, nobodys: Nobodys = False, data: Data = DATA
) -> None:
    """Let nothing wait for a record that was set aside and that nobody made. It stays on the log, in plain sight."""
    with in_plain_words(), writing(data) as platform:
        one = views.organisation_of(platform, organisation)
        count = dismissed(one, position, nobodys, person, because)
        one.replay()
        platform.settle()
        show.screen.print(f"{count} tietuetta ohitettiin, {len(one.projector.view.set_aside())} odottaa yhä.")


def dismissed(one: Organisation, position: int | None, nobodys: bool, person: str, because: str) -> int:
    """How many: either the one at a position, or all that nobody has made."""
    if (position is None) == (not nobodys):
        raise typer.BadParameter("give a position, or --nobodys")
    if position is None:
        return one.dismiss_nobodys(person, because)
    one.dismiss(position, person, because)
    return 1
