"""Opening a data directory from the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile

from services.kit.bootstrap import InUse, Platform, clock_of, working_on
from services.kit.config import load

INSTALLATION = "organisations.toml"
SHIPPED = Path(__file__).parents[2] / "deploy" / INSTALLATION


class NoData(Exception):
    """There is no installation in the directory."""


def install(data: Path, installation: Path | None) -> None:
    """Give a new data directory its installation. An existing one keeps its own."""
    target = data / INSTALLATION
    if not target.exists():
        source = installation or SHIPPED
        load(source)
        data.mkdir(parents=True, exist_ok=True)
        copyfile(source, target)


def platform_on(data: Path, story: bool = False) -> Platform:
    """The platform of an installed data directory. Raises ``NoData``."""
    if not (data / INSTALLATION).exists():
        raise NoData(f"there is no installation in {data}; `palvelupolku run` or `play` makes one")
    return Platform(data, load(data / INSTALLATION), clock_of(data, story))


@contextmanager
def writing(data: Path, story: bool = False) -> Iterator[Platform]:
    """The platform, for this process alone. Raises ``InUse``."""
    with working_on(data):
        platform = platform_on(data, story)
        try:
            yield platform
        finally:
            platform.close()


@contextmanager
def reading(data: Path) -> Iterator[Platform]:
    """The platform for questions: settled first, or, where a running process keeps it at the head, as it is."""
    if not (data / INSTALLATION).exists():
        raise NoData(f"there is no installation in {data}; `palvelupolku run` or `play` makes one")
    try:
        with writing(data) as platform:
            platform.settle()
            yield platform
    except InUse:
        platform = platform_on(data)
        try:
            yield platform
        finally:
            platform.close()
