"""``palvelupolku node``: what keeps one organisation well on PostgreSQL and Kafka, beside its processes. With its settings."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from projections.held import TO_TRY_AGAIN, HeldFacts
from services.cli import show
from services.cli.open import CannotServe
from services.cli.servers import Organisation
from services.cli.terminal import Json, in_plain_words, progress_bars
from services.cli.upkeep import Because, Nobodys, Person, Position, dismissed, report, tell_dead_letters

if TYPE_CHECKING:  # see services.cli.servers: imported when a command runs
    from services.kit.node import Node

LOOKED_FOR_AGAIN = 2
PATIENCE_SECONDS, LOOK_SECONDS = 60.0, 0.2

app = typer.Typer(no_args_is_help=True, help="One organisation on PostgreSQL and Kafka, beside its running processes.")


@contextmanager
def _beside(organisation: str, as_json: bool = False) -> Iterator["Node"]:
    """A node that does no part of the work itself."""
    with in_plain_words(as_json):
        from services.cli import serving

        with serving.in_servers_words(), serving.beside(organisation) as node:
            yield node


@app.command()
def rebuild(organisation: Organisation) -> None:
    """Build the view anew from the shared log beside the one in use, then switch. The organisation's processes go on."""
    with _beside(organisation) as node, progress_bars(False) as progress:
        bar = progress.add_task(organisation)
        for read, head in node.rebuild():
            progress.update(bar, completed=read, total=head)
    show.screen.print(f"{organisation}: näkymä rakennettu uudelleen.", highlight=False)


@app.command("check")
def check_stored(organisation: Organisation, as_json: Json = False) -> None:
    """Check what can be checked of what one organisation has stored. Status 1 when something does not hold.

    The organisation goes on meanwhile, so what is found is looked for again: only what stays is told.
    """
    with _beside(organisation, as_json) as node:
        from services.kit.node_check import check_node

        checked = check_node(node)
        findings = checked.findings
        for _ in range(LOOKED_FOR_AGAIN if findings else 0):
            checked = check_node(node)
            findings = [f for f in checked.findings if f in findings]
        report(checked.counts, [f._asdict() for f in findings], as_json)
    if findings:
        raise typer.Exit(1)


@app.command("dead-letters")
def dead_letters(organisation: Organisation, as_json: Json = False) -> None:
    """The records that the projector could not understand and has set aside, and those dismissed, each with its reason."""
    with _beside(organisation, as_json) as node:
        tell_dead_letters(node.organisation, as_json)


@app.command()
def replay(organisation: Organisation) -> None:
    """Have the records tried again that were set aside, by the process that reads that part of the log."""
    with _beside(organisation) as node:
        asked, left = _tried_again(node.organisation.projector.view)
        show.screen.print(f"{len(asked - left)} tietuetta ymmärrettiin, {len(left)} odottaa yhä.")


@app.command()
def dismiss(
    organisation: Organisation, because: Because, person: Person, position: Position = None, nobodys: Nobodys = False
) -> None:
    """Let nothing wait for a record that was set aside and that nobody made. It stays on the log, in plain sight."""
    with _beside(organisation) as node:
        count = dismissed(node.organisation, position, nobodys, person, because)
        _, left = _tried_again(node.organisation.projector.view)
        show.screen.print(f"{count} tietuetta ohitettiin, {len(left)} odottaa yhä.")


def _tried_again(view: HeldFacts) -> tuple[set[int], set[int]]:
    """Positions of what was set aside, and of what still is, after the organisation's processes have tried again."""
    until = time.monotonic() + PATIENCE_SECONDS
    asked = view.ask_again()
    while view.waiting(TO_TRY_AGAIN, 1):
        if time.monotonic() > until:
            raise CannotServe("nobody has tried them again yet: is a projector of the organisation running?")
        time.sleep(LOOK_SECONDS)
    return asked, {aside.position for aside in view.set_aside()} & asked
