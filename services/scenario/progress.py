"""How far a story has been played in a data directory."""

from pathlib import Path

from services.kit.whole import write_whole


class Progress:
    """Which steps of a story are done, kept beside the data: a line for each."""

    def __init__(self, data: Path, story: str):
        name = "".join(c if c.isalnum() else "-" for c in story.lower())
        self._path = data / "stories" / f"{name}.done"

    def done(self) -> list[str]:
        """Digests of the done steps, in order."""
        return self._path.read_text().splitlines() if self._path.exists() else []

    def add(self, digest: str) -> None:
        write_whole(self._path, "".join(f"{d}\n" for d in [*self.done(), digest]))
