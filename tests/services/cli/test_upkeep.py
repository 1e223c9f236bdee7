"""What keeps an installation well, from the command line."""

from pathlib import Path

import pytest

from services.cli import upkeep
from services.cli.open import CannotServe
from services.kit import rebuilds


def test_nobody_waits_for_ever_for_a_process_that_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "orimattila-social").mkdir()
    monkeypatch.setattr(upkeep, "STALLED_SECONDS", 0.3)
    with pytest.raises(CannotServe, match="still run"):
        upkeep._rebuild_there(tmp_path, ["orimattila-social"])
    assert rebuilds.progress(tmp_path, "orimattila-social") == (0, 0), "it is done when the process is started again"
