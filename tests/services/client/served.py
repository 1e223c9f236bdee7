"""The authority behind its address, on a real server on this machine; and servers that answer in ways of their own."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from services.client.authority.answering import Answering
from services.client.authority.questions import ADDRESS
from services.client.authority.remote import RemoteAuthority
from services.client.authority.web import authority_app
from services.kit.bootstrap import Keys, PublicKeys
from services.kit.clock import RealClock
from services.kit.config import Installation
from services.kit.credentials import Credential, Credentials
from services.kit.node import clerks_commands
from tests.at_once import until
from tests.projections.town import Town


@contextmanager
def serving(app: ASGIApp) -> Iterator[int]:
    """The port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until(lambda: server.started, "the server has started")
    yield int(listening.getsockname()[1])
    server.should_exit = True
    thread.join(30)


class ServedAuthority:
    """A town's authority as each of its organisations reaches it from a process of its own."""

    def __init__(self, town: Town):
        self.town = town
        self.installation: Installation = town.platform.installation
        public: PublicKeys = {o: [self.key(o).public_key()] for o in self.installation.ids}
        organisations = {o.id: o for o in self.installation.organisation}
        answering = Answering(town.platform.authority, town.platform.desk, organisations)
        credentials = Credentials(Keys(public), RealClock().now)
        self.app = Starlette(routes=[Mount(ADDRESS, authority_app(answering, credentials))])
        self.url = ""
        self._remote: dict[str, RemoteAuthority] = {}

    def key(self, organisation: str) -> Ed25519PrivateKey:
        return self.town.platform._composer.signing_key(organisation)

    def credential(self, organisation: str) -> Credential:
        return Credential(organisation, self.key(organisation), RealClock().now)

    def as_(self, organisation: str) -> RemoteAuthority:
        """As this organisation asks."""
        if organisation not in self._remote:
            self._remote[organisation] = self.asking(self.credential(organisation))
        return self._remote[organisation]

    def asking(self, credential: Credential, url: str | None = None) -> RemoteAuthority:
        return RemoteAuthority(url or self.url, credential, clerks_commands(self.installation))

    def close(self) -> None:
        for remote in self._remote.values():
            remote.close()


@contextmanager
def served(town: Town) -> Iterator[ServedAuthority]:
    authority = ServedAuthority(town)
    with serving(authority.app) as port:
        authority.url = f"http://127.0.0.1:{port}{ADDRESS}/"
        yield authority
    authority.close()


# Servers that answer in ways of their own


Answered = Callable[[socket.socket], None]
"""What is done with a connection over which a question has come, whole."""


def saying(*parts: bytes, status: str = "200 OK", headers: str = "", length: int | None = None) -> Answered:
    """An answer of HTTP; ``length`` is what it says of its own length."""
    body = b"".join(parts)
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\n{headers}\r\n"
    return lambda connection: connection.sendall(head.encode() + body)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def nothing(_: socket.socket) -> None:
    """The connection is closed without an answer."""


@contextmanager
def answering(*how: Answered) -> Iterator[tuple[int, list[bytes]]]:
    """A server that treats its connections so, in turn, and further ones like the last; each is closed then. Gives its
    port and the questions that came."""
    asked: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    asked.append(_question(connection))
                    how[min(len(asked), len(how)) - 1](connection)

    threading.Thread(target=serve, daemon=True).start()
    yield int(listening.getsockname()[1]), asked
    listening.close()


def _question(connection: socket.socket) -> bytes:
    """The body of a request."""
    came = b""
    while b"\r\n\r\n" not in came:
        came += connection.recv(65536)
    head, _, body = came.partition(b"\r\n\r\n")
    (length,) = (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < length:
        body += connection.recv(65536)
    return body
