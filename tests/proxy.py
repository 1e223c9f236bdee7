"""A way to a server on which a connection breaks just where a test wants it to, or the whole network."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Lost = Literal["request", "answer"]


class Proxy:
    """Listens on a free loopback port; everything passes to ``host:port`` until something is lost or cut."""

    def __init__(self, host: str, port: int):
        self._server = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._having: bytes | None = None
        self._what: Lost = "answer"
        self._open = set[socket.socket]()
        self._lock = threading.Lock()
        self._through, self._broken = threading.Event(), threading.Event()
        self._through.set()
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, what: Lost, having: bytes) -> None:
        """The next request that has these bytes does not reach the server, or its answer does not reach who asked:
        the server has done all by then. The connection is gone either way."""
        self._what, self._having = what, having

    def cut(self) -> None:
        """Every connection breaks; a new one is closed at once. Until ``mend``."""
        self._broken.set()
        self._break_off()

    def hold(self) -> None:
        """Nothing passes, and nobody is told. Until ``mend``: then it does."""
        self._through.clear()

    def mend(self) -> None:
        self._broken.clear()
        self._through.set()

    def close(self) -> None:
        self._listening.close()
        self.cut()
        self._through.set()

    def _break_off(self) -> None:
        with self._lock:
            for end in self._open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._through.wait()
        if self._broken.is_set():
            client.close()
            return
        try:
            server = socket.create_connection(self._server)
        except OSError:
            client.close()
            return
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open |= {client, server}
        if self._broken.is_set():
            self._break_off()
        cut = threading.Event()
        for pump in (self._requests, self._answers):
            threading.Thread(target=pump, args=(client, server, cut), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with self._ending(client, server), suppress(OSError):
            while asked := client.recv(65536):
                self._through.wait()
                if self._having is not None and self._having in asked:
                    self._having = None
                    cut.set()
                    if self._what == "request":
                        self.lost += 1
                        return
                server.sendall(asked)

    def _answers(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with self._ending(client, server), suppress(OSError):
            while answered := server.recv(65536):
                self._through.wait()
                if cut.is_set():
                    self.lost += 1
                    return
                client.sendall(answered)

    @contextmanager
    def _ending(self, client: socket.socket, server: socket.socket) -> Iterator[None]:
        """Where one direction has ended, the other ends too; who ends last closes both."""
        try:
            yield
        finally:
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            with self._lock:
                last = client not in self._open
                self._open.discard(client)
                if last:
                    self._open.discard(server)
            if last:
                client.close()
                server.close()
