"""The commands around servers: each needs only its own settings, tells no secret, and costs the others no time."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.kit.migrations import is_current
from services.kit.settings import USED_BY, rows
from tests.servers import kafka, postgres

NAME, SECRET = "test-made-by-command", "not to be seen"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the product's settings in the environment; the test servers' addresses are asked for before."""
    kafka(), postgres()
    for kind in USED_BY:
        for row in rows(kind):
            monkeypatch.delenv(row.name, raising=False)


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(SECRET + "\n")
    return file


def run(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


def test_no_command_waits_for_libraries_that_it_does_not_use() -> None:
    heavy = {"alembic", "sqlalchemy", "kafka", "psycopg"}
    asked = f"import sys, services.cli.main; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", asked], text=True).strip() == "[]"


@pytest.mark.parametrize("command", ["create-topic", "allow o", "create-account o --password-file {password}"])
def test_who_administers_kafka_needs_no_more_than_kafka(command: str, password: Path) -> None:
    asked = command.format(password=password).split()
    nothing = run(*asked)
    assert nothing.exit_code == 1 and nothing.stderr.strip() == "KAFKA_BOOTSTRAP_SERVERS: Field required"
    away = run(*asked, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1", KAFKA_TIMEOUT="1")
    assert away.exit_code == 1 and away.stderr.startswith("the shared log does not answer")


@pytest.fixture
def no_database_of_this_name() -> Iterator[None]:
    yield
    with psycopg.connect(postgres(), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
        admin.execute(f'DROP ROLE IF EXISTS "{NAME}"')


@pytest.mark.usefixtures("no_database_of_this_name")
def test_a_database_is_made_and_its_address_told_without_the_password(password: Path) -> None:
    made = run("create-database", NAME, "--password-file", password, ADMIN_DATABASE_URL=postgres())
    url = made.stdout.split()[0]
    assert made.exit_code == 0 and SECRET not in made.output and f"//{NAME}@" in url
    installation = Path(__file__).parents[3] / "deploy" / "organisations.toml"
    own = psycopg.conninfo.make_conninfo(url, password=SECRET)
    migrated = run("migrate", NAME, DATABASE_URL=own, INSTALLATION=str(installation))
    assert migrated.exit_code == 0 and is_current(own)


def test_a_password_can_be_typed() -> None:
    """Twice, alike, and it is not shown; here nobody listens there."""
    asked = ("create-database", NAME)
    done = CliRunner().invoke(app, asked, input="a b\na b\n", env={"ADMIN_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c"})
    assert done.exit_code == 1 and "a b" not in done.output and "connection" in done.stderr


def test_what_is_wrong_is_told_without_its_value() -> None:
    wrong = run("create-topic", KAFKA_BOOTSTRAP_SERVERS="k", KAFKA_PARTITIONS=SECRET)
    assert wrong.exit_code == 1 and "KAFKA_PARTITIONS" in wrong.stderr and SECRET not in wrong.output
    unnamed = run("serve", "orimattila-social", "--port", "0")
    assert all(name in unnamed.stderr for name in ("INSTALLATION", "SECRETS", "DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"))
