"""Telling of an unforeseen error without what it was about: its message might hold personal data."""

from pathlib import Path
from traceback import extract_tb

FRAMES = 8


def told_without_values(error: BaseException) -> str:
    """The kind of error and the places it came through, the innermost first."""
    frames = list(reversed(extract_tb(error.__traceback__)))[:FRAMES]
    return " < ".join([type(error).__name__, *(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames)])
