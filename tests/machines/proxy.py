"""A TCP proxy whose network can be cut: connections break, and nobody gets through until it is mended."""

import socket
import threading
from contextlib import suppress


class Proxy:
    """Listens on a free loopback port and passes on to ``host:port``."""

    def __init__(self, host: str, port: int):
        self._to = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._cut = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Every connection breaks; a new one is closed at once."""
        self._cut.set()
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._cut.clear()

    def close(self) -> None:
        self._closed = True
        self.cut()
        self._listening.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            if self._cut.is_set():
                here.close()
                continue
            try:
                there = socket.create_connection(self._to, timeout=5)
            except OSError:
                here.close()
                continue
            there.settimeout(None)
            with self._lock:
                self._open |= {here, there}
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            with self._lock:
                self._open.discard(end)
            with suppress(OSError):
                end.close()
