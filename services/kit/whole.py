"""Small files that are there whole or not at all, whenever the process or the machine stops."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes | str, mode: int = 0o644) -> None:
    """Write the file durably: a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")  # another process may write it too
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
