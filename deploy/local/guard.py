"""Ends the servers that its parent started, when the parent is gone, however it went.

Reads what it guards as lines on its standard input, from the one process that holds the other end:
``process ID SIGNAL`` and ``ended ID``; ``folder PATH`` and ``removed PATH``. At the input's end every process still guarded
is sent its signal, after ten seconds SIGKILL, and every folder still guarded is removed.
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress

SECONDS = 10.0


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def end(processes: dict[int, int]) -> None:
    """The parent is gone, so the servers are not our children: they are looked at, not waited for."""
    deadline = time.monotonic() + SECONDS
    for process, ending in processes.items():
        with suppress(ProcessLookupError):
            os.kill(process, ending)
            os.kill(process, signal.SIGCONT)  # one that was paused hears nothing else
    while any(alive(p) for p in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def main() -> None:
    processes: dict[int, int] = {}
    folders: set[str] = set()
    for line in sys.stdin:
        what, _, value = line.rstrip("\n").partition(" ")
        if what == "process":
            process, ending = value.split()
            processes[int(process)] = int(ending)
        elif what == "ended":
            processes.pop(int(value), None)
        elif what == "folder":
            folders.add(value)
        elif what == "removed":
            folders.discard(value)
    end(processes)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
