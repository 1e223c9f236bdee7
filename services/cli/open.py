"""Opening a data directory from the command line."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from projections.run import LogReplaced
from services.kit.bootstrap import Platform
from services.kit.clock import StoryClock
from services.kit.config import load
from services.kit.data_directory import InUse, clock_of, working_on
from services.kit.whole import write_whole

INSTALLATION = "organisations.toml"
_HERE = Path(__file__).parent
SHIPPED = next(p for p in (_HERE / INSTALLATION, _HERE.parents[1] / "deploy" / INSTALLATION) if p.exists())
"""Goes into the wheel beside this file; in the source it stands in ``deploy``."""


OWNER_ONLY = 0o077
"""What the platform writes is for the account that it runs as, and nobody else."""


class NoData(Exception):
    """There is no installation in the directory."""


class CannotServe(Exception):
    """The platform cannot be served so."""


def stop_in_order() -> None:
    """Asked to end (SIGTERM), this process ends as from within: what it has open is closed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def check_free(host: str, port: int) -> None:
    """Raises ``CannotServe`` where something listens already: better told before a story is played."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise CannotServe(f"{host}:{port} is taken; choose another with --port") from None


def check_allowed(platform: Platform, development: bool) -> None:
    """Raises ``CannotServe``: a story's clock is for development only."""
    if isinstance(platform.clock, StoryClock) and not development:
        raise CannotServe("this data directory runs on a story's clock: serve it with --development")


def install(data: Path, installation: Path | None) -> None:
    """Give a new data directory its installation. An existing one keeps its own."""
    target = data / INSTALLATION
    if not target.exists():
        source = installation or SHIPPED
        load(source)
        write_whole(target, source.read_bytes())


def _check_installed(data: Path) -> None:
    if not (data / INSTALLATION).exists():
        raise NoData(f"there is no installation in {data}; `palvelupolku run` or `play` makes one")


def platform_on(data: Path, story: bool = False, beside_another: bool = False, trace_on_log: bool = True) -> Platform:
    """The platform of an installed data directory. Raises ``NoData``."""
    _check_installed(data)
    return Platform(data, load(data / INSTALLATION), clock_of(data, story), beside_another, trace_on_log=trace_on_log)


@contextmanager
def writing(data: Path, story: bool = False, trace_on_log: bool = True) -> Iterator[Platform]:
    """The platform, for this process alone. Raises ``InUse``."""
    _check_installed(data)
    os.umask(OWNER_ONLY)
    with working_on(data):
        platform = platform_on(data, story, trace_on_log=trace_on_log)
        try:
            yield platform
        finally:
            platform.close()


@contextmanager
def reading(data: Path) -> Iterator[Platform]:
    """The platform for questions: settled first, or, where a running process keeps it at the head, as it is."""
    _check_installed(data)
    try:
        with writing(data) as platform:
            with suppress(LogReplaced):  # the answers say what cannot be relied on; ``check`` names it
                platform.settle()
            yield platform
    except InUse:
        platform = platform_on(data, beside_another=True)
        try:
            yield platform
        finally:
            platform.close()
