"""What a process needs of others, and whether it answers now: asked in the background, so that who wants to know never
waits for who is silent."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from services.kit.failures import told_without_values

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
SELDOM_SECONDS = 15.0
SILENT_SECONDS = 3.0
"""Who has not answered for so long is away, though it may answer yet."""


class Ask(NamedTuple):
    """``ask`` raises where it is not answered. ``seldom``: every ``SELDOM_SECONDS`` once it was answered. ``needed``: it is
    told whether it answers; otherwise only what."""

    ask: Callable[[], Any]
    seldom: bool = False
    needed: bool = True


class _Upstream:
    """One of them, asked in a thread of its own."""

    def __init__(self, name: str, asks: Ask):
        self._asks = asks
        self._said: Any = None
        self._answered = False
        self._told = False
        """Is it logged that it does not answer?"""
        self._asked_at: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"upstream {name}", daemon=True)

    @property
    def answers(self) -> bool:
        asked_at = self._asked_at
        return self._answered and (asked_at is None or time.monotonic() - asked_at < SILENT_SECONDS)

    @property
    def last(self) -> Any:
        return self._said if self.answers else None

    def look(self) -> None:
        self._asked_at = time.monotonic()
        try:
            self._said = self._asks.ask()
            self._answered, self._told = True, False
        except Exception as error:  # whatever it is: it does not answer as it must
            if not self._told:
                log.warning("%s does not answer: %s", self._thread.name, told_without_values(error))
            self._answered, self._told = False, True
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
            self._stopping.wait(SELDOM_SECONDS if self._asks.seldom and self._answered else LOOK_SECONDS)


class Upstreams:
    """All that one process needs, by name."""

    def __init__(self, asks: Mapping[str, Ask]):
        self._needed = [name for name, ask in asks.items() if ask.needed]
        self._all = {name: _Upstream(name, ask) for name, ask in asks.items()}

    def answers(self) -> dict[str, bool]:
        """Of those that are needed. False also until they were asked for the first time."""
        return {name: self._all[name].answers for name in self._needed}

    def last(self, name: str) -> Any:
        """What it said when it was last asked; None where it does not answer."""
        return self._all[name].last

    def start(self) -> None:
        for upstream in self._all.values():
            upstream.start()

    def stop(self) -> None:
        for upstream in self._all.values():
            upstream.stop()
