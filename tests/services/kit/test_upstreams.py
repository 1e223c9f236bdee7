"""Whether somebody answers is known without waiting for who is silent."""

import threading
import time
from collections.abc import Callable

import pytest

from services.kit import upstreams
from services.kit.upstreams import Ask, Upstreams


def soon(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not condition() and time.monotonic() < until:
        time.sleep(0.005)
    return condition()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstreams, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(upstreams, "SILENT_SECONDS", 0.2)


def test_nobody_answers_before_they_were_asked() -> None:
    assert Upstreams({"log": Ask(lambda: None)}).answers() == {"log": False}


def test_who_refuses_is_away_until_they_answer_again() -> None:
    refuses = threading.Event()

    def ask() -> None:
        if refuses.is_set():
            raise RuntimeError

    found = Upstreams({"log": Ask(ask), "store": Ask(lambda: 7)})
    found.start()
    assert soon(lambda: found.answers() == {"log": True, "store": True})
    refuses.set()
    assert soon(lambda: found.answers() == {"log": False, "store": True})
    assert (found.last("store"), found.last("log")) == (7, None)
    refuses.clear()
    assert soon(lambda: found.answers()["log"])
    found.stop()


def test_who_is_silent_is_away_while_somebody_waits_for_them() -> None:
    goes_on, waits = threading.Event(), threading.Event()
    goes_on.set()

    def ask() -> None:
        if not goes_on.is_set():
            waits.set()
        goes_on.wait(10)

    found = Upstreams({"authority": Ask(ask), "copies": Ask(lambda: 3, needed=False)})
    found.start()
    assert soon(lambda: found.answers()["authority"])
    goes_on.clear()
    assert waits.wait(10) and soon(lambda: not found.answers()["authority"])
    assert soon(lambda: found.last("copies") == 3) and "copies" not in found.answers()
    goes_on.set()
    assert soon(lambda: found.answers()["authority"])
    found.stop()


def test_what_is_seldom_asked_is_asked_again_soon_where_nobody_answered() -> None:
    asked = []

    def ask() -> int:
        asked.append(1)
        if len(asked) < 3:
            raise RuntimeError
        return len(asked)

    found = Upstreams({"copies": Ask(ask, seldom=True, needed=False)})
    found.start()
    assert soon(lambda: found.last("copies") == 3)
    found.stop()
