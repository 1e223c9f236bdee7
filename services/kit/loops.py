"""Work that goes on by itself: a thread that steps until there is nothing to do, then waits; it pauses after an error."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from consent.keys import AuthorityUnavailable
from events.shared_log import LogUnavailable
from services.kit.failures import told_without_values
from services.kit.telemetry.figures import LOOP_FAILURES

SHORTEST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
STOP_SECONDS = 15.0
STILL_SECONDS = 120.0
"""A loop whose step takes longer than this stands still: whoever watches over the process may end it."""

log = logging.getLogger(__name__)

Step = Callable[[], int]
"""Does some of the work. Returns how much there was to do."""


class Pauses:
    """Who pauses after a failure, longer each time. ``failure`` names what stands still, and why."""

    def __init__(self, organisation: str | None = None) -> None:
        """``organisation``: whose loops these are; None where each is named as its organisation."""
        self._organisation = organisation
        self.failure: dict[str, str] = {}
        self._until: dict[str, tuple[float, float]] = {}

    def paused(self, name: str) -> float:
        """Seconds for which it pauses still."""
        return max(self._until.get(name, (0.0, 0.0))[0] - time.monotonic(), 0.0)

    def step(self, name: str, step: Step) -> int:
        """One step, unless it pauses. Whatever fails pauses, in plain sight."""
        if self.paused(name):
            return 0
        try:
            work = step()
        except (AuthorityUnavailable, LogUnavailable) as away:
            self._pause(name, type(away).__name__)
            log.warning("%s waits: %s", name, type(away).__name__)
        except Exception as error:
            self._pause(name, type(error).__name__)
            log.error("%s stands still: %s", name, told_without_values(error))
        else:
            self.failure.pop(name, None)
            self._until.pop(name, None)
            return work
        return 0

    def _pause(self, name: str, why: str) -> None:
        _, last = self._until.get(name, (0.0, SHORTEST_PAUSE_SECONDS / 2))
        pause = min(2 * last, LONGEST_PAUSE_SECONDS)
        self._until[name] = (time.monotonic() + pause, pause)
        self.failure[name] = why
        loop = name if self._organisation else "pump"
        LOOP_FAILURES.add(1, {"organisation": self._organisation or name, "loop": loop, "why": why})


class Loop:
    """One thread."""

    def __init__(self, name: str, step: Step, wait: Callable[[float], object], idle: float, organisation: str):
        """``wait`` returns when there may be work, at the latest after the ``idle`` seconds it is given."""
        self.name, self._step, self._wait, self._idle = name, step, wait, idle
        self._pauses = Pauses(organisation)
        self.stopping = threading.Event()
        self._beat = time.monotonic()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def failure(self) -> str | None:
        """Why it stands still; None while it goes on."""
        return self._pauses.failure.get(self.name)

    @property
    def alive(self) -> bool:
        return self.thread.is_alive() and time.monotonic() - self._beat < STILL_SECONDS

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        stop([self])

    def _run(self) -> None:
        while not self.stopping.is_set():
            self._beat = time.monotonic()
            if self._pauses.step(self.name, self._step):
                continue
            if pause := self._pauses.paused(self.name):
                self.stopping.wait(pause)
            else:
                self._wait(self._idle)


def stop(loops: Sequence[Loop]) -> None:
    """Returns once the steps under way are done. Those that wait for somebody silent are left after ``STOP_SECONDS`` in all:
    what they were about is as if the process had been killed there."""
    until = time.monotonic() + STOP_SECONDS
    for loop in loops:
        loop.stopping.set()
    for loop in loops:
        if loop.thread.ident is not None:
            loop.thread.join(max(until - time.monotonic(), 0))
