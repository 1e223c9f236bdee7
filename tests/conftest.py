"""Every pytest session holds a test run, for the servers that its tests ask for. Workers have part in their controller's."""

from contextlib import ExitStack

import pytest

from tests import run

RUN = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        RUN.enter_context(run.held())


def pytest_unconfigure() -> None:
    RUN.close()
