"""Old versions of facts stay readable for ever: each upcast turns one version's plain data into the next.

A new version of ``StatementGiven`` is added like this: give the class ``version = 2``, keep the old
golden file, and register here ``("StatementGiven", 1): the function from v1's dict to v2's``.
"""

from collections.abc import Callable
from typing import Any

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: dict[tuple[str, int], Upcast] = {}


def upcast(name: str, version: int, says: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Carry ``says`` forward as far as upcasts lead. Returns the version reached and its data."""
    while (step := UPCASTS.get((name, version))) is not None:
        says, version = step(says), version + 1
    return version, says
