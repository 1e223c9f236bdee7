"""Locks are taken in one order, whoever works: two threads never wait for each other."""

import sys
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.web import EMPLOYMENT, PROVIDER, SOCIAL, web_on

OURS = {"events", "consent", "projections", "services"}
SCOPES = [{"from": [SOCIAL], "to": [EMPLOYMENT, PROVIDER], "categories": ["activity", "case"]}]


class Order:
    """Which lock was asked for while which was held, each by the module that made it."""

    def __init__(self) -> None:
        self.after: dict[str, set[str]] = defaultdict(set)
        self.made = 0
        self._held = threading.local()

    def held(self) -> list[str]:
        if not hasattr(self._held, "locks"):
            self._held.locks = []
        locks: list[str] = self._held.locks
        return locks

    def circle(self) -> list[str]:
        """Locks each of which was asked for while the one before was held, round to the first; none is right."""

        def further(way: list[str]) -> list[str]:
            for lock in self.after[way[-1]]:
                if lock in way:
                    return [*way[way.index(lock) :], lock]
                if found := further([*way, lock]):
                    return found
            return []

        return next((found for lock in list(self.after) if (found := further([lock]))), [])


class Watched:
    """A lock that tells the order it is asked for in."""

    def __init__(self, order: Order, lock: Any, made_by: str):
        order.made += 1
        self.name = f"{made_by}:{order.made}"
        self._order, self._lock = order, lock

    def __enter__(self) -> None:
        held = self._order.held()
        if self.name not in held:
            for other in held:
                self._order.after[other].add(self.name)
        self._lock.acquire()
        held.append(self.name)

    def __exit__(self, *_: object) -> None:
        self._order.held().pop()
        self._lock.release()


def test_no_two_threads_can_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order, real = Order(), threading.RLock

    def watched() -> Any:
        by = str(sys._getframe(1).f_globals["__name__"])
        return Watched(order, real(), by) if by.split(".")[0] in OURS else real()

    monkeypatch.setattr(threading, "RLock", watched)
    with web_on(tmp_path) as web:
        worker, clerk = web.as_("paivi", SOCIAL, "own_social_worker"), web.as_("paivi", SOCIAL, "consent_clerk")
        ref = worker.register()
        assert web.as_("tiina", EMPLOYMENT, "employment_coach").register() == ref
        paper = {"place": "Testilä", "witness": "Testi Todistaja", "on": "2022-08-20"}
        assert clerk.give(ref, "give-consent", scopes=SCOPES, **paper).status_code == 201
        assert worker.give(ref, "start-activity", days_per_week=4, place="Paja").status_code == 201
        web.platform.settle()
        worker.path(ref)
        web.client(ref).path(ref)
        for organisation in web.platform.organisations.values():
            list(web.platform.rebuild(organisation))
            organisation.replay()
        assert web.client(ref).give(ref, "withdraw-consent").status_code == 201
        web.platform.settle()
    assert order.made > 7 and sum(map(len, order.after.values())) > 7
    assert order.circle() == []
