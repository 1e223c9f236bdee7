"""Server processes on this machine: started, waited for by condition, paused, killed and never forgotten. Linux only."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

LAST_LINES = 15
GUARD = Path(__file__).with_name("guard.py")


class ServerFailed(Exception):
    """A server cannot be started or does not answer. The text says why and what to do, in plain words."""


class Guard:
    """Tells a process of its own what to end if this one goes without having ended it (``guard.py``)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0

    def tell(self, *words: object) -> None:
        with self._lock:
            if self._process is None or self._owner != os.getpid():  # a forked child has a guard of its own
                self._process = subprocess.Popen(
                    [sys.executable, "-E", "-S", str(GUARD)], stdin=subprocess.PIPE, text=True, start_new_session=True
                )
                self._owner = os.getpid()
            assert self._process.stdin is not None
            with suppress(BrokenPipeError):
                self._process.stdin.write(" ".join(map(str, words)) + "\n")
                self._process.stdin.flush()


guard = Guard()


class Process:
    """A server's process. Its output goes to ``log``. ``guarded``: it ends with us, at the latest."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        user: str | None = None,
        within: Path | None = None,
        guarded: bool = True,
        ending: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.log = log
        self._guarded = guarded
        with log.open("ab") as output:
            self._child: subprocess.Popen[bytes] | None = subprocess.Popen(
                [str(c) for c in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=within or log.parent,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                start_new_session=True,  # ctrl-C is ours to answer
            )
        self.id = self._child.pid
        if guarded:
            guard.tell("process", self.id, int(ending))

    @classmethod
    def found(cls, process: int, log: Path, mark: str) -> "Process | None":
        """One that an earlier command started: still there, and ``mark`` on its command line."""
        try:
            line = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return None
        if mark not in line:
            return None
        it = cls.__new__(cls)
        it.id, it.log, it._child, it._guarded = process, log, None, False
        return it

    def alive(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        with suppress(OSError):
            return ") Z " not in Path(f"/proc/{self.id}/stat").read_text(encoding="utf-8")
        return False

    def children(self) -> Iterator[int]:
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                if int(status.read_text(encoding="utf-8").rpartition(") ")[2].split()[1]) == self.id:
                    yield int(status.parent.name)

    def send(self, what: signal.Signals) -> None:
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.id, what)

    def ended(self, seconds: float) -> bool:
        """Wait for its end. False if it still runs after ``seconds``."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        if self._guarded:
            guard.tell("ended", self.id)
        return True

    def end(self, how: signal.Signals, seconds: float) -> None:
        """Ask it to end, and kill it if it has not after ``seconds``."""
        self.send(how)
        self.send(signal.SIGCONT)
        if not self.ended(seconds):
            self.send(signal.SIGKILL)
            self.ended(10)

    def last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-LAST_LINES:]) or "(its log is empty)"


def wait_until(condition: Callable[[], bool], what: str, seconds: float, needed: Sequence[Process]) -> None:
    """Wait for ``condition``. Raises ServerFailed if one of ``needed`` ends, or it takes longer than ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        for process in needed:
            if not process.alive():
                raise ServerFailed(f"{what} ended early. The end of its log, {process.log}:\n{process.last_words()}")
        if time.monotonic() > deadline:
            logs = "\n".join(f"{p.log}:\n{p.last_words()}" for p in needed)
            raise ServerFailed(f"{what} did not answer within {seconds:.0f} s. The end of its log:\n{logs}")
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on, below those that the system gives to outgoing connections: a client that
    retries a dead server could be given that very port, and keep it."""
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    end = int(given.read_text(encoding="ascii").split()[0]) if given.exists() else 32768
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(10000 if end > 12000 else 1024, end)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.add(port)
    return sorted(found, key=lambda _: random.random())


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
