"""Every refusal has words, in every language, and every word is of a refusal."""

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import services
from services.kit import errors
from services.kit.words import LANGUAGES, NEUTRAL, language_of, tables, words

SERVICES = Path(services.__file__).parent
REFUSALS = {n for n, c in vars(errors).items() if isinstance(c, type) and issubclass(c, errors.Refused)}
TREES = [ast.parse(path.read_text(encoding="utf-8")) for path in SERVICES.rglob("*.py")]


def nodes() -> Iterator[ast.AST]:
    return (node for tree in TREES for node in ast.walk(tree))


def literals(node: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def raised() -> set[str]:
    """The codes written out where a refusal is made; a conditional expression may hold two."""
    calls = (n for n in nodes() if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in REFUSALS)
    return {code for call in calls for code in _codes(call.args[0])}


def _codes(argument: ast.expr) -> set[str]:
    if isinstance(argument, ast.IfExp):
        return _codes(argument.body) | _codes(argument.orelse)
    return {argument.value} if isinstance(argument, ast.Constant) else set()


def test_the_scan_finds_refusals() -> None:
    assert {"ends_before_it_starts", "not_a_client_here", "nothing_to_refer_to", "paper_needs_a_place"} <= raised()


@pytest.mark.parametrize("code", sorted(raised()))
def test_every_refusal_has_words_in_every_language(code: str) -> None:
    assert [lang for lang in LANGUAGES if not tables().get(code, {}).get(lang)] == []


@pytest.mark.parametrize("code", sorted(tables()))
def test_every_entry_is_whole_and_used(code: str) -> None:
    assert set(tables()[code]) == set(LANGUAGES)
    assert code in {value for tree in TREES for value in literals(tree)}


def test_no_code_stands_in_two_tables() -> None:
    codes = Counter(c for path in SERVICES.rglob("errors.toml") for c in tomllib.loads(path.read_text(encoding="utf-8")))
    assert [code for code, times in codes.items() if times > 1] == []


def test_words_by_language() -> None:
    assert words("ends_before_it_starts") == "Loppu ei voi olla ennen alkua."
    assert words("ends_before_it_starts", "sv") == "Slutet kan inte komma före början."
    assert words("ends_before_it_starts", "de") == words("ends_before_it_starts", "fi")


def test_an_unknown_code_gets_a_neutral_sentence() -> None:
    assert words("no_such_code", "en") == tables()[NEUTRAL]["en"] == "This could not be done."


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "fi"),
        ("", "fi"),
        ("sv", "sv"),
        ("sv-FI,sv;q=0.9,en;q=0.8", "sv"),
        ("de, en;q=0.7, sv;q=0.3", "en"),
        ("en;q=0, sv;q=0.1", "sv"),
        ("en;q=words", "fi"),
        ("*", "fi"),
    ],
)
def test_the_language_that_is_liked_best(accepted: str | None, language: str) -> None:
    assert language_of(accepted) == language
