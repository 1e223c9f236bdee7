"""Keeps a platform moving: one thread that pumps every organisation, at once when woken."""

import logging
import threading
import time

from consent.keys import AuthorityUnavailable
from events.shared_log import LogUnavailable
from services.kit.bootstrap import Platform
from services.kit.failures import told_without_values
from services.kit.organisation import Organisation
from services.kit.rebuilds import Rebuilds

IDLE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0

log = logging.getLogger(__name__)


class Runner:
    """Pumps until there is nothing to do, then waits to be woken. ``failure`` names what stands still, and why."""

    def __init__(self, platform: Platform):
        self.failure: dict[str, str] = {}
        self._platform = platform
        self._pauses: dict[str, tuple[float, float]] = {}
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
        return sum(self._pump(organisation) for organisation in self._platform.organisations.values())

    def _pump(self, organisation: Organisation) -> int:
        if self._pauses.get(organisation.id, (0.0, 0.0))[0] > time.monotonic():
            return 0
        try:
            work = organisation.pump()
        except (AuthorityUnavailable, LogUnavailable) as away:
            self._pause(organisation.id, type(away).__name__)
        except Exception as error:  # in plain sight; the other organisations go on
            self._pause(organisation.id, type(error).__name__)
            log.error("%s stands still: %s", organisation.id, told_without_values(error))
        else:
            self.failure.pop(organisation.id, None)
            self._pauses.pop(organisation.id, None)
            return work
        return 0

    def _pause(self, organisation: str, why: str) -> None:
        """Longer each time, up to ``LONGEST_PAUSE_SECONDS``."""
        _, last = self._pauses.get(organisation, (0.0, IDLE_SECONDS / 2))
        pause = min(2 * last, LONGEST_PAUSE_SECONDS)
        self._pauses[organisation] = (time.monotonic() + pause, pause)
        self.failure[organisation] = why
