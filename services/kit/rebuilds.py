"""Views rebuilt beside a running platform: asked for by another process, with a file that tells how far it is."""

import logging
import threading
from pathlib import Path

from services.kit.bootstrap import Platform
from services.kit.failures import told_without_values
from services.kit.organisation import Organisation
from services.kit.whole import write_whole

FILE = "rebuild-wanted"
TELL_EVERY = 20
FAILED = "failed"

log = logging.getLogger(__name__)


def ask(data: Path, organisation: str) -> None:
    """Ask the process that works on the data directory to rebuild an organisation's view."""
    write_whole(data / organisation / FILE, "0 0")


def progress(data: Path, organisation: str) -> tuple[int, int] | None:
    """(read so far, head of the log); None once it is done. Raises ``RuntimeError`` when it failed."""
    try:
        told = (data / organisation / FILE).read_text().split()
    except FileNotFoundError:
        return None
    if told[0] == FAILED:
        (data / organisation / FILE).unlink()
        raise RuntimeError(f"the view of {organisation} could not be rebuilt: {' '.join(told[1:])}")
    return int(told[0]), int(told[1])


class Rebuilds:
    """Does what is asked, one view at a time, in a thread of its own: the running views go on meanwhile."""

    def __init__(self, platform: Platform):
        self._platform = platform
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin the next rebuild that is asked for, unless one is under way."""
        if self._thread is not None and self._thread.is_alive():
            return
        wanted = [o for o in self._platform.organisations.values() if self._is_wanted(o)]
        if wanted:
            self._thread = threading.Thread(target=self._rebuild, args=(wanted[0],), name="rebuild", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Until none is under way."""
        if self._thread is not None:
            self._thread.join()

    def _file(self, organisation: Organisation) -> Path:
        return self._platform.data / organisation.id / FILE

    def _is_wanted(self, organisation: Organisation) -> bool:
        try:
            return not self._file(organisation).read_text().startswith(FAILED)
        except FileNotFoundError:
            return False

    def _rebuild(self, organisation: Organisation) -> None:
        file = self._file(organisation)
        try:
            for n, (read, head) in enumerate(self._platform.rebuild(organisation)):
                if n % TELL_EVERY == 0:
                    write_whole(file, f"{read} {head}")
        except Exception as error:  # told to whoever asked; the old view goes on
            log.error("the view of %s could not be rebuilt: %s", organisation.id, told_without_values(error))
            write_whole(file, f"{FAILED} {type(error).__name__}")
        else:
            file.unlink(missing_ok=True)
