"""Small enough to read: what we aim at, and what nothing exceeds."""

from statistics import median, quantiles

from tests.architecture.source import functions, named, paths

FILE, FUNCTION = 400, 60
"""Lines that nothing exceeds."""


def file_sizes() -> dict[str, int]:
    return {named(p): len(p.read_text(encoding="utf-8").splitlines()) for p in paths()}


def ninetieth(sizes: list[int]) -> float:
    return quantiles(sizes, n=10)[8]


def test_no_file_is_too_long() -> None:
    assert {name: size for name, size in file_sizes().items() if size > FILE} == {}


def test_no_function_is_too_long() -> None:
    assert [f for f in functions() if f.lines > FUNCTION] == []


def test_most_are_as_short_as_we_aim_at() -> None:
    files, lines = list(file_sizes().values()), [f.lines for f in functions()]
    assert median(files) <= 80 and ninetieth(files) <= 200
    assert median(lines) <= 7 and ninetieth(lines) <= 22


def test_nothing_is_left_for_later() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented")
    assert [(named(p), m) for p in paths() for m in marks if m in p.read_text(encoding="utf-8")] == []
