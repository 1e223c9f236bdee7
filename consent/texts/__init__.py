"""The consent texts, by language and version. A text once shown is never edited: a new wording is a new version."""

from functools import cache
from hashlib import sha256
from importlib.resources import files

from events.consent import TextShown


@cache
def text_shown(language: str, version: str) -> TextShown | None:
    """Language, version and hash of a text that was shown; None when there is no such text."""
    words = words_of(language, version)
    return None if words is None else TextShown(language=language, version=version, sha256=sha256(words.encode()).hexdigest())


@cache
def words_of(language: str, version: str) -> str | None:
    """The text itself (Markdown)."""
    if not (language.isalpha() and version.isdigit()):
        return None
    path = files(__package__) / f"{language}-{version}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else None
