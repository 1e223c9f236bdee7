"""An organisation's keys on the way from its folder to where its process finds them."""

from pathlib import Path

from services.kit.config import Installation
from services.kit.embedded import EmbeddedPlace
from services.kit.moving.progress import CannotMove
from services.kit.whole import write_whole


def move_secrets(data: Path, installation: Installation, secrets: Path) -> None:
    """The same keys: what was sealed opens, what was signed holds. Raises ``CannotMove`` where there are others."""
    home = installation.client_organisation.id
    for organisation in installation.organisation:
        place, folder = EmbeddedPlace(data / organisation.id), secrets / organisation.id
        _put(folder / "store.key", place.secret("store"))
        _put(folder / "signing.key", place.signing_key())
        if organisation.id == home:
            _put(folder / "authority.key", place.secret("authority"))


def _put(path: Path, secret: bytes) -> None:
    if not path.exists():
        write_whole(path, secret, mode=0o600)
    elif path.read_bytes() != secret:
        raise CannotMove(f"{path.parent.name}/{path.name} is another key than the one in the data directory")
