"""A test run: what outlives one test and one worker, held by ``make test`` or by the pytest session, with xdist its controller.

Its folder has a file for each keeper of a server (``tests.servers``). The holder's lock ends with the holder, however it goes,
and the keepers with the lock.
"""

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from deploy.local.processes import Process, ServerFailed

RUN = "PALVELUPOLKU_TEST_RUN"
"""Names the run's folder to the processes that have part in it."""

KEEPER = "tests.servers"
END_SECONDS = 60.0


@contextmanager
def held() -> Iterator[None]:
    """Hold a run, or have part in one that is held already. At its end nothing of it is left."""
    if RUN in os.environ:
        yield
        return
    here = Path(tempfile.mkdtemp(prefix="palvelupolku-tests-"))
    os.environ[RUN] = str(here)
    lock = locked(here / "held")
    try:
        yield
    finally:
        del os.environ[RUN]
        keepers = [keeper for file in here.glob("*.keeper") if (keeper := _keeper(file))]
        for keeper in keepers:
            keeper.send(signal.SIGTERM)
        for keeper in keepers:
            keeper.end(signal.SIGTERM, END_SECONDS)
        lock.close()
        shutil.rmtree(here, ignore_errors=True)


def folder() -> Path:
    """Of the run that is held. Raises ServerFailed if there is none, or its holder has gone."""
    here = Path(os.environ.get(RUN, "/nowhere"))
    try:
        with (here / "held").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return here
    except FileNotFoundError:
        pass
    raise ServerFailed("No test run is held: tests are run by pytest or by tests/suites.py.")


def locked(path: Path) -> IO[str]:
    """Wait for a lock that ends with the file's life, or with ours."""
    file = path.open("a")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _keeper(file: Path) -> Process | None:
    return Process.found(int(file.read_text(encoding="ascii")), file.with_suffix(".log"), KEEPER)
