"""An installation's file with each organisation's public key written in: what runs apart needs it."""

import re
from base64 import b64encode
from collections.abc import Mapping


def with_public_keys(text: str, keys: Mapping[str, bytes]) -> str:
    """``text``: of the file, without public keys. ``keys``: 32 bytes of each organisation, by id. Raises ``ValueError``
    where one has no line ``id = "..."`` of its own."""
    for organisation, key in keys.items():
        line = re.compile(rf'^(id\s*=\s*"{re.escape(organisation)}"[^\n]*\n)', re.MULTILINE)
        text, count = line.subn(rf'\g<1>public_keys = ["{b64encode(key).decode()}"]\n', text, count=1)
        if not count:
            raise ValueError(f"the installation's file has no line with the id of {organisation}")
    return text
