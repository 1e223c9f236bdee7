"""What ``migrate-log`` does; here the servers' libraries are imported."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.cli.environment import given
from services.cli.open import INSTALLATION, CannotServe, platform_on
from services.kit.config import Installation, load
from services.kit.data_directory import working_on
from services.kit.embedded import EmbeddedPlace
from services.kit.migrations import Tables, migrate
from services.kit.moving import CannotMove, Moved, move
from services.kit.moving.installation import with_public_keys
from services.kit.settings import KafkaEnvironment
from services.kit.whole import write_whole


def move_there(data: Path, databases: Path, secrets: Path, installation: Path) -> Iterator[Moved]:
    """Raises ``CannotServe`` where something is missing or otherwise than it must be, and ``LeftBehind``."""
    kafka = given(KafkaEnvironment).kafka("administration")
    urls = _urls(databases)
    with working_on(data):
        platform = platform_on(data)
        platform.settle()
        there_are = platform.installation
        platform.close()
        if missing := there_are.ids - urls.keys():
            raise CannotServe(f"{databases} names no database of {', '.join(sorted(missing))}")
        _write_installation(data, there_are, installation)
        for organisation in there_are.organisation:
            for tables in (Tables.STORE, Tables.AUTHORITY) if organisation.kind == "client" else (Tables.STORE,):
                migrate(urls[organisation.id], tables)
        try:
            yield from move(data, there_are, kafka, urls, secrets)
        except CannotMove as error:
            raise CannotServe(str(error)) from None


def _write_installation(data: Path, there_are: Installation, to: Path) -> None:
    keys = {o: Ed25519PrivateKey.from_private_bytes(EmbeddedPlace(data / o).signing_key()) for o in there_are.ids}
    public = {o: key.public_key().public_bytes_raw() for o, key in keys.items()}
    write_whole(to, with_public_keys((data / INSTALLATION).read_text(encoding="utf-8"), public))
    load(to)


def _urls(databases: Path) -> dict[str, str]:
    try:
        return {organisation: str(url) for organisation, url in tomllib.loads(databases.read_text(encoding="utf-8")).items()}
    except tomllib.TOMLDecodeError as error:
        raise CannotServe(f"{databases.name}: {error}") from None
