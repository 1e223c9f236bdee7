"""``palvelupolku migrate-log``: from a data directory to Kafka and PostgreSQL."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli import show
from services.cli.terminal import DATA, Data, in_plain_words, progress_bars

app = typer.Typer()

Databases = Annotated[
    Path, typer.Option(help='A TOML file with each organisation\'s database: `ORGANISATION = "postgresql://..."`.')
]


@app.command("migrate-log")
def migrate_log(
    databases: Databases,
    secrets: Annotated[Path, typer.Option(help="The folder to which the organisations' keys are copied.")],
    installation: Annotated[Path, typer.Option(help="The installation's file to write, with the public keys in it.")],
    data: Data = DATA,
) -> None:
    """Move an embedded installation to Kafka (`KAFKA_...`) and PostgreSQL. Nothing is lost or doubled; ended at any
    moment, it goes on when it is begun again. The data directory stays as it was, and is worked on no more."""
    with in_plain_words():
        from services.cli import moved_there, serving

        with serving.in_servers_words(), progress_bars(False) as progress:
            bars = {}
            for what, done, total in moved_there.move_there(data, databases, secrets, installation):
                if what not in bars:
                    bars[what] = progress.add_task(what)
                progress.update(bars[what], completed=done, total=total)
        show.screen.print(f"Siirretty. Asennus: {installation}. Seuraavaksi: `palvelupolku serve`.", highlight=False)
