from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import database_url, folder_place, place, server_place
from tests.projections.town import Town

__all__ = ["database_url", "folder_place", "place", "server_place"]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    opened = Town(tmp_path)
    yield opened
    opened.platform.close()
