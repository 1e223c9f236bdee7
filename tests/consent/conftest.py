"""The machine on files and on servers: the same rules, the same checks."""

from collections.abc import Iterator

import pytest

from services.kit.bootstrap import Sayings
from tests.consent.files import template
from tests.consent.machine import ConsentMachine, told
from tests.consent.servers import OnServers, databases

Machine = type[ConsentMachine]


@pytest.fixture(scope="session", autouse=True)
def anybody_says_anything() -> Iterator[None]:
    """So that every organisation has facts of the categories that chance is bent towards. What a kind may say has tests of
    its own; consent's rules do not depend on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sayings, "may", lambda *_: True)
        yield


@pytest.fixture(scope="session")
def in_files() -> Machine:
    """Each world in files of its own."""
    template()  # made before any fault is planted
    return ConsentMachine


@pytest.fixture(scope="session")
def on_servers() -> Iterator[Machine]:
    """Each world with emptied databases and a topic of its own."""
    with databases() as made:

        class MachineOnServers(ConsentMachine):
            fresh = staticmethod(lambda: OnServers(made))

        yield MachineOnServers


@pytest.fixture(params=["in_files", "on_servers"])
def kind(request: pytest.FixtureRequest) -> Machine:
    """Each of them in turn."""
    found: Machine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def machine(kind: Machine) -> Iterator[ConsentMachine]:
    """One, for a story."""
    with told(kind) as made:
        yield made
