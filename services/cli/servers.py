"""One organisation's process on PostgreSQL and Kafka, and what is prepared before it. Settings come from the environment.

What a command needs of servers is imported when it runs: their libraries take longer to load than most commands take.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli import show
from services.cli.open import check_free, stop_in_order
from services.cli.terminal import in_plain_words

app = typer.Typer()

Organisation = Annotated[str, typer.Argument(metavar="ORGANISATION", help="Its id in the installation.")]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="The file with its password; asked for, if left out.")
]


class Part(StrEnum):
    """What of an organisation's work a process does."""

    web = "web"
    publisher = "publisher"
    projector = "projector"


@app.command()
def serve(
    organisation: Organisation,
    only: Annotated[Part | None, typer.Option(help="Only this part of the work; all of it, if left out.")] = None,
    development: Annotated[bool, typer.Option("--development", help="Let the test people sign in.")] = False,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; health is told there too.")] = 8400,
) -> None:
    """Serve one organisation from this process, on its own database and the shared log."""
    stop_in_order()
    with in_plain_words():
        check_free(host, port)
        from services.cli import serving

        with serving.in_servers_words():
            serving.serve(organisation, only.value if only else None, development, host, port)


@app.command()
def migrate(organisation: Organisation) -> None:
    """Bring an organisation's database to this version's tables. Nothing of it runs on older tables meanwhile."""
    with in_plain_words():
        from services.cli import serving

        with serving.in_servers_words():
            for tables, version in serving.migrate(organisation):
                show.screen.print(f"{organisation}: {tables} {version}", highlight=False)


@app.command()
def keys(
    organisation: Organisation,
    installation: Annotated[Path, typer.Option(help="The installation (TOML).")],
    secrets: Annotated[Path, typer.Option(help="The folder of secrets.")],
) -> None:
    """Make an organisation's secret keys, those that it has not yet, and print its public key for the installation."""
    with in_plain_words():
        from services.cli import serving

        public = serving.keys(organisation, installation, secrets)
        show.screen.print(f'public_keys = ["{public}"]', highlight=False, markup=False)


@app.command()
def settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="The whole page: deploy/docs/settings.md.")] = False,
) -> None:
    """What is read from the environment: every setting of a process, and of an administrator's commands."""
    from services.kit import settings as all_settings

    if markdown:
        sys.stdout.write(all_settings.markdown())
        return
    for kind in all_settings.USED_BY:
        rows = [{"setting": r.name, "default": r.default, "what": r.what} for r in all_settings.rows(kind)]
        show.table(str(kind.__doc__), ("setting", "default", "what"), rows, "")


# For whoever administers the servers


@app.command("create-topic")
def create_topic(
    replication: Annotated[int, typer.Option(help="Copies of each record.")] = 3,
    min_insync: Annotated[int, typer.Option(help="Copies that must have it before it is acknowledged.")] = 2,
) -> None:
    """Create the shared log's topic as it must be; one that is there is checked. With an administrator's credentials."""
    with in_plain_words():
        from services.cli import serving

        with serving.in_servers_words():
            topic, made = serving.create_topic(replication, min_insync)
            show.screen.print(f"{topic}: {'luotu' if made else 'on jo, ja sellainen kuin pitää'}", highlight=False)


@app.command("create-account")
def create_account(organisation: Organisation, password_file: PasswordFile = None) -> None:
    """Make an organisation's account at Kafka (SCRAM) that reads and writes the shared log and nothing else, or give it a
    new password. With an administrator's credentials."""
    with in_plain_words():
        from services.cli import serving

        with serving.in_servers_words():
            serving.create_account(organisation, _password(password_file))
            show.screen.print(f"{organisation}: tunnus on", highlight=False)


@app.command()
def allow(
    organisation: Organisation,
    principal: Annotated[
        str | None, typer.Option(help="Its name at Kafka; `User:ORGANISATION`, if left out.")
    ] = None,
) -> None:
    """Let an account that is there, e.g. a certificate's, read and write the shared log, and nothing else at Kafka. With an
    administrator's credentials."""
    with in_plain_words():
        from services.cli import serving

        with serving.in_servers_words():
            serving.allow(organisation, principal or f"User:{organisation}")


@app.command("create-database")
def create_database(organisation: Organisation, password_file: PasswordFile = None) -> None:
    """Make an organisation's role and database, or give the role a new password. With an administrator's credentials."""
    with in_plain_words():
        from services.cli import serving

        with serving.in_servers_words():
            url = serving.create_database(organisation, _password(password_file))
            show.screen.print(f"{url}  (salasana puuttuu tästä)", highlight=False, soft_wrap=True)


def _password(file: Path | None) -> str:
    """Never an argument: those stand in the list of processes."""
    if file is None:
        return str(typer.prompt("Salasana", hide_input=True, confirmation_prompt=True))
    return file.read_text(encoding="utf-8").strip()
