"""A data directory: its key files, which view is in use, which clock it runs on, and who works on it.

    DIR/shared-log.sqlite            the shared log
    DIR/organisations.toml           the installation                     installation.json   story or real clock
    DIR/ORGANISATION/store.sqlite    its files, positions, register       store.key   register and signing keys
    DIR/ORGANISATION/view-N.sqlite   what it holds of others'             view        which N is in use
    DIR/<client>/authority.sqlite    clients, root keys, epochs           authority.key
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from services.kit.clock import Clock, RealClock, StoryClock
from services.kit.errors import Unavailable
from services.kit.whole import write_whole

STORY_CLOCK = "story-clock.json"


class InUse(Exception):
    """Another process works on this data directory."""


def secret(path: Path) -> bytes:
    """The 32 secret bytes of a key file, made on the first start, readable by the owner only.

    Never made beside a store that there is already: what is sealed there, another key cannot open.
    """
    if not path.with_suffix(".sqlite").exists():
        make_secret(path)
    return secret_in(path)


def make_secret(path: Path) -> bool:
    """Make a key file, unless there is one."""
    if path.exists():
        return False
    write_whole(path, os.urandom(32), mode=0o600)
    return True


def secret_in(path: Path) -> bytes:
    """The 32 bytes of a key file. Raises ``Unavailable``."""
    found = path.read_bytes() if path.exists() else b""
    if len(found) != 32:
        raise Unavailable("broken_key_file")
    return found


# Views


def view_path(folder: Path) -> Path:
    """The view in use."""
    pointer = folder / "view"
    return folder / (pointer.read_text().strip() if pointer.exists() else "view-1.sqlite")


def next_view_path(folder: Path) -> Path:
    """A place for a new view. What an interrupted rebuild left there is removed."""
    number = int(view_path(folder).stem.removeprefix("view-")) + 1
    path = folder / f"view-{number}.sqlite"
    remove_view(path)
    return path


def use_view(folder: Path, path: Path) -> None:
    """Make a view the one in use, at once or not at all."""
    write_whole(folder / "view", path.name)


def remove_others(folder: Path) -> None:
    """Remove every view but the one in use: a process was killed while it rebuilt, or before the old one was gone."""
    for path in folder.glob("view-*.sqlite"):
        if path != view_path(folder):
            remove_view(path)


def remove_view(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


# Opening a data directory


def clock_of(data: Path, story: bool) -> Clock:
    """The directory's clock. A directory is a story's or a real one from its first day, and stays so: ``story`` counts
    on that day only."""
    marker = data / "installation.json"
    if not marker.exists():
        write_whole(marker, json.dumps({"story": story}))
    is_story = bool(json.loads(marker.read_text())["story"])
    return StoryClock(data / STORY_CLOCK) if is_story else RealClock()


LEFT = "left-behind"


class LeftBehind(Exception):
    """The installation has been moved to servers: what is done here would be lost."""


def leave(data: Path) -> None:
    """The installation has moved away; the directory is kept as it was."""
    write_whole(data / LEFT, "moved to servers")


@contextmanager
def working_on(data: Path) -> Iterator[None]:
    """Holds the data directory for one process that writes. Raises ``InUse``."""
    data.mkdir(parents=True, exist_ok=True)
    if (data / LEFT).exists():
        raise LeftBehind("this installation has been moved to servers; nothing is done here any more")
    with (data / "lock").open("w") as lock:
        _lock(lock)
        yield


def _lock(file: IO[str]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise InUse("another process works on this data directory") from None
