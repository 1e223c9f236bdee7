from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.projections.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    opened = Town(tmp_path)
    yield opened
    opened.platform.close()
