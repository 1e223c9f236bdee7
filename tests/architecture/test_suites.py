"""``make test`` leaves no test out."""

from tests.architecture.source import ROOT
from tests.suites import SUITES


def test_every_test_is_in_a_suite() -> None:
    named = [word for _, (_, *words) in SUITES for word in words if word.startswith("tests/")]
    tests = [str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(tests) > 100
    assert [t for t in tests if sum(t == n or t.startswith(f"{n}/") for n in named) != 1] == []
