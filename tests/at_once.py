"""Several threads at the same moment: begun together, or one standing still at a chosen place while others go on."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg

SECONDS = 30.0

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

T = TypeVar("T")


def at_once(*works: Callable[[], T]) -> list[T | Exception]:
    """What each of them returned or raised; all began together."""
    begin = threading.Barrier(len(works))

    def done(work: Callable[[], T]) -> T | Exception:
        begin.wait(SECONDS)
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(done, works))


def in_a_thread(work: Callable[[], T]) -> "Future[T]":
    """Begun in a thread of its own; ``result`` gives what it returned."""
    pool = ThreadPoolExecutor(1)
    begun = pool.submit(work)
    pool.shutdown(wait=False)
    return begun


def until(so: Callable[[], Any], what: str) -> None:
    """Wait until it is so."""
    end = time.monotonic() + SECONDS
    while not so():
        assert time.monotonic() < end, f"it never came to it: {what}"
        time.sleep(0.005)


def until_waiting(url: str, begun: "Future[Any]") -> None:
    """Until a session in this database waits for another's lock. Fails where the work ends without waiting."""
    with psycopg.connect(url, autocommit=True) as watching:

        def waits() -> bool:
            assert not begun.done(), f"it did not wait: {begun.result()!r}"
            (sessions,) = watching.execute(_WAITING).fetchone() or (0,)
            return bool(sessions)

        until(waits, "a session waits for a lock")


class Standing:
    """A call that stands still until it may go on."""

    def __init__(self) -> None:
        self.there, self.on = threading.Event(), threading.Event()

    def wait(self) -> None:
        assert self.there.wait(SECONDS)


@contextmanager
def standing(owner: Any, name: str, after: bool = False) -> Iterator[Standing]:
    """The first call of ``owner.name`` stands still, before its work or after it, until this ends."""
    real, stopped = getattr(owner, name), Standing()

    def called(*arguments: Any) -> Any:
        first = not stopped.there.is_set()
        done = real(*arguments) if after else None
        stopped.there.set()
        assert not first or stopped.on.wait(SECONDS)
        return done if after else real(*arguments)

    setattr(owner, name, called)
    try:
        yield stopped
    finally:
        stopped.on.set()
        setattr(owner, name, real)
