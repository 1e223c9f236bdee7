"""How far a story has been played in a data directory."""

import os
from pathlib import Path


class Progress:
    """Which steps of a story are done, kept beside the data: a line for each."""

    def __init__(self, data: Path, story: str):
        name = "".join(c if c.isalnum() else "-" for c in story.lower())
        self._path = data / "stories" / f"{name}.done"
        self._path.parent.mkdir(parents=True, exist_ok=True)

    def done(self) -> list[str]:
        """Digests of the done steps, in order. A line that a crash cut off is not done."""
        if not self._path.exists():
            return []
        return [line.strip() for line in self._path.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def add(self, digest: str) -> None:
        done = self.done()
        temporary = self._path.with_suffix(".new")
        with temporary.open("w") as file:
            file.writelines(f"{d}\n" for d in [*done, digest])
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
