"""What a process needs of others, and whether it answers now: asked in the background, so that who wants to know never
waits for who is silent."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")

LOOK_SECONDS = 2.0
COPIES_SECONDS = 15.0
SILENT_SECONDS = 3.0
"""Who has not answered for so long is away, though it may answer yet."""


class Upstream(Generic[T]):
    """One of them, asked in a thread of its own. ``ask`` raises where it does not answer. ``last``: what it said; None where
    it did not."""

    def __init__(self, name: str, ask: Callable[[], T], every: float | None = None):
        """``every``: seconds; ``LOOK_SECONDS`` if left out."""
        self.name, self._ask, self._every = name, ask, every
        self.last: T | None = None
        self._answered = False
        self._asked_at: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"upstream {name}", daemon=True)

    @property
    def answers(self) -> bool:
        """False also until it was asked for the first time."""
        asked_at = self._asked_at
        return self._answered and (asked_at is None or time.monotonic() - asked_at < SILENT_SECONDS)

    def look(self) -> None:
        """Ask once."""
        self._asked_at = time.monotonic()
        try:
            self.last = self._ask()
            self._answered = True
        except Exception:  # whatever it is: it does not answer as it must
            self.last, self._answered = None, False
        finally:
            self._asked_at = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Its question, if there is one, is answered later or never: nobody waits for it."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.look()
            self._stopping.wait(self._every or LOOK_SECONDS)


class Upstreams:
    """All that one process needs, by name."""

    def __init__(self, asks: Mapping[str, Callable[[], object]]):
        self._all = {name: Upstream(name, ask) for name, ask in asks.items()}

    def answers(self) -> dict[str, bool]:
        return {name: upstream.answers for name, upstream in self._all.items()}

    def start(self) -> None:
        for upstream in self._all.values():
            upstream.start()

    def stop(self) -> None:
        for upstream in self._all.values():
            upstream.stop()
