"""Key files."""

from pathlib import Path

import pytest

from services.kit.data_directory import secret
from services.kit.errors import Unavailable


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    key = tmp_path / "store.key"
    assert secret(key) == secret(key) and len(secret(key)) == 32
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_lost_key_is_not_replaced_beside_what_it_sealed(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").touch()
    with pytest.raises(Unavailable, match="broken_key_file"):
        secret(tmp_path / "store.key")
    assert not (tmp_path / "store.key").exists()


def test_a_cut_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "authority.key").write_bytes(b"cut")
    with pytest.raises(Unavailable, match="broken_key_file"):
        secret(tmp_path / "authority.key")
