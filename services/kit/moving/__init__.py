"""Moves an installation from a data directory to Kafka and PostgreSQL: nothing lost, nothing doubled.

The shared log first (``log``), then each organisation's stores, view and all (``stores``), in one transaction each. It may
be ended at any moment and begun again: what is there already is compared with what is to be there, never assumed.
Nobody works on either side meanwhile. The data directory stays as it is, and is marked as left behind.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from events.shared_log.kafka.settings import KafkaSettings
from services.kit.config import Installation
from services.kit.data_directory import leave
from services.kit.moving.log import move_log
from services.kit.moving.progress import CannotMove, Moved
from services.kit.moving.secrets import move_secrets
from services.kit.moving.stores import move_organisation

__all__ = ["CannotMove", "Moved", "move"]


def move(
    data: Path, installation: Installation, kafka: KafkaSettings, databases: Mapping[str, str], secrets: Path
) -> Iterator[Moved]:
    """Move a data directory that is at rest. ``databases``: each organisation's URL, migrated, with nothing in it but
    what an earlier attempt moved; ``kafka``: a topic of which the same holds; ``secrets``: the folder for the keys.
    Raises ``CannotMove``, ``LogUnavailable`` and the stores' errors: then begin again."""
    move_secrets(data, installation, secrets)
    at = yield from move_log(data, kafka)
    for organisation in installation.organisation:
        yield from move_organisation(data, organisation, at, databases[organisation.id])
    leave(data)
