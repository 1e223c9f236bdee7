"""Of several processes one has it, as long as its connection lives."""

import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import psycopg
import pytest

from events.postgres.datastore import Connection
from events.postgres.only_one import OnlyOne
from tests.proxy import Proxy
from tests.servers import fresh_database, postgres


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database(postgres()) as url:
        yield url


def test_one_has_it_until_it_lets_go(url: str) -> None:
    first, second, other = OnlyOne(url, "publisher"), OnlyOne(url, "publisher"), OnlyOne(url, "reactor")
    assert first.has_it() and first.has_it() and other.has_it()
    assert not second.has_it() and not second.has_it()
    first.let_go()
    assert second.has_it() and not first.has_it()
    for one in (first, second, other):
        one.let_go()


def test_looking_again_and_again_opens_nothing_more(url: str) -> None:
    first, second = OnlyOne(url, "publisher"), OnlyOne(url, "publisher")
    for _ in range(20):
        assert first.has_it() and not second.has_it()
    with psycopg.connect(url) as looking:
        row = looking.execute("SELECT sessions FROM pg_stat_database WHERE datname = current_database()").fetchone()
    assert row is not None and row[0] <= 5, "two, the test's own, and who made the database"
    first.let_go()
    second.let_go()


def test_a_connection_that_broke_has_it_no_more(url: str) -> None:
    server = urlsplit(url)
    with closing(Proxy(str(server.hostname), int(server.port or 0))) as way:
        far = OnlyOne(server._replace(netloc=f"{server.netloc.rpartition('@')[0]}@127.0.0.1:{way.port}").geturl(), "publisher")
        near = OnlyOne(url, "publisher")
        assert far.has_it()
        way.cut()
        assert not far.has_it()
        until = time.monotonic() + 10
        while not near.has_it():
            assert time.monotonic() < until
        way.mend()
        assert not far.has_it()
        near.let_go()
        assert far.has_it()
        far.let_go()


def test_whoever_is_not_answered_does_not_have_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = urlsplit(url)
    monkeypatch.setattr(Connection, "answer_seconds", 0.3)
    with closing(Proxy(str(server.hostname), int(server.port or 0))) as way:
        far = OnlyOne(server._replace(netloc=f"{server.netloc.rpartition('@')[0]}@127.0.0.1:{way.port}").geturl(), "publisher")
        assert far.has_it()
        way.hold()
        assert not far.has_it()
        way.mend()
        far.let_go()
