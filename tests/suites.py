"""``make test``: every suite by itself, with its time. Ends with status 1 where one of them fails."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests import run

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
LONGEST_SECONDS = 1500
"""A suite that takes longer hangs."""

SUITES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("style", ("ruff", "check", ".")),
    ("types", ("mypy",)),
    ("imports", ("lint-imports",)),
    ("language and core", ("pytest", "tests/events", "tests/consent_core", "tests/projections", "tests/architecture", "-n", "2")),
    ("shared log", ("pytest", "tests/conformance")),
    ("servers", ("pytest", "tests/deploy")),
    ("services", ("pytest", "tests/services", "-n", "2")),
    ("telemetry", ("pytest", "tests/telemetry")),
    ("journeys", ("pytest", "tests/journeys", "-n", "2")),
    ("stories", ("pytest", "tests/scenario", "-n", "2")),
    ("consent, properties and planted faults, in files and on servers", ("pytest", "tests/consent", "-n", "2")),
    ("processes killed", ("pytest", "tests/faults", "-s")),
    ("organisations apart", ("pytest", "tests/machines/test_stories_apart.py", "tests/machines/test_moving.py", "tests/machines/test_restoring.py")),
    ("processes that die at named points", ("pytest", "tests/machines/test_dying.py")),
    ("faults of processes and servers", ("pytest", "tests/machines/test_faults.py", "-s")),
)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the running suite and the servers are ended then, too
    with run.held():  # the suites share the servers that they ask for
        results = [_run(name, BIN / tool, arguments) for name, (tool, *arguments) in SUITES]
    print("\n== suites")
    for name, seconds, status in results:
        print(f"{'ok    ' if status == 0 else 'FAILED'} {seconds:7.1f} s  {name}")
    print(f"       {sum(s for _, s, _ in results):7.1f} s  in all")
    return int(any(status for _, _, status in results))


def _run(name: str, tool: Path, arguments: Sequence[str]) -> tuple[str, float, int]:
    print(f"\n== {name}", flush=True)
    start = time.monotonic()
    try:
        status = subprocess.run([tool, *arguments], cwd=ROOT, check=False, timeout=LONGEST_SECONDS).returncode
    except subprocess.TimeoutExpired:
        print(f"ended after {LONGEST_SECONDS} s", flush=True)
        status = 1
    return name, time.monotonic() - start, status


if __name__ == "__main__":
    sys.exit(main())
