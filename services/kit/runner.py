"""Keeps a platform moving: one thread that pumps every organisation, at once when woken."""

import logging
import threading

from services.kit.bootstrap import Platform
from services.kit.failures import told_without_values
from services.kit.loops import Pauses
from services.kit.rebuilds import Rebuilds

IDLE_SECONDS = 0.2

log = logging.getLogger(__name__)


class Runner:
    """Pumps until there is nothing to do, then waits to be woken. ``failure`` names what stands still, and why."""

    def __init__(self, platform: Platform):
        self._platform = platform
        self._pauses = Pauses()
        self._rebuilds = Rebuilds(platform)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="pump", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns once the round under way is done."""
        self._stopping.set()
        self._platform.wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._rebuilds.wait()

    @property
    def failure(self) -> dict[str, str]:
        return self._pauses.failure

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._platform.wake.clear()
            try:
                self._rebuilds.begin()
            except OSError as error:  # a view is not rebuilt; everything else goes on
                log.error("no rebuild can begin: %s", told_without_values(error))
            if not self.round():
                self._platform.wake.wait(IDLE_SECONDS)

    def round(self) -> int:
        """One round of every organisation that does not pause. Returns how much there was to do."""
        return sum(self._pauses.step(o.id, o.pump) for o in self._platform.organisations.values())
