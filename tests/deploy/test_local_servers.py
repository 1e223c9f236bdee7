"""The local servers: real ones, which die and come back as a test wants them to."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    NewTopic,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError

from deploy.kafka.local import jars
from deploy.kafka.local.cluster import Cluster
from deploy.local.processes import Process, ServerFailed, free_ports, wait_until
from deploy.postgres.local.server import Server
from tests import servers


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as it:
        yield it


def send(client: dict[str, str], topic: str, value: bytes) -> None:
    """Acknowledged by every copy in sync."""
    with KafkaProducer(**client, acks="all") as producer:
        producer.send(topic, value, partition=0).get(timeout=30)


def read(client: dict[str, str], topic: str, count: int) -> list[bytes]:
    with KafkaConsumer(**client, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        values: list[bytes] = []
        while len(values) < count:
            found = consumer.poll(timeout_ms=20_000)
            assert found, f"only {values} came"
            values += [record.value for records in found.values() for record in records]
    return values


def allowed(user: str, operation: ACLOperation, topic: str) -> ACL:
    return ACL(f"User:{user}", "*", operation, ACLPermissionType.ALLOW, ResourcePattern(ResourceType.TOPIC, topic))


def rows(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT word FROM kept").fetchall()


def keep_a_row(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('committed')")


def test_one_broker_keeps_what_it_acknowledged_and_lets_nobody_do_what_no_acl_allows(tmp_path: Path) -> None:
    with Cluster(tmp_path / "kafka", secured=True) as cluster:
        with cluster.admin() as admin:
            admin.create_topics([NewTopic("mine", 1, 1), NewTopic("yours", 1, 1)])
            account = UserScramCredentialUpsertion("reader", ScramMechanism.SCRAM_SHA_256, "its-word")
            assert admin.alter_user_scram_credentials([account]) == {"reader": None}
            admin.create_acls([allowed("reader", ACLOperation.READ, "mine")])
        send(cluster.client_settings(), "mine", b"kept")
        cluster.kill(1)
        cluster.start_broker(1)
        reader = cluster.client_settings("reader", "its-word")
        assert read(reader, "mine", 1) == [b"kept"]
        with pytest.raises(KafkaError, match="AuthorizationFailed"):
            send(reader, "mine", b"forged")
        with KafkaConsumer(**reader) as consumer:
            assert consumer.topics() == {"mine"}
        with pytest.raises(KafkaError):
            KafkaAdminClient(**cluster.client_settings("reader", "another"), bootstrap_timeout_ms=500)
    assert cluster.running() == []


def test_three_brokers_go_on_while_one_is_dead_or_does_not_answer(tmp_path: Path) -> None:
    with Cluster(tmp_path / "kafka", brokers=3) as cluster, ExitStack() as open_:
        client = cluster.client_settings()
        with cluster.admin() as admin:
            admin.create_topics([NewTopic("t", 1, 3)])
        # One for all: a new client that happens to ask the paused broker first asks no other.
        producer = open_.enter_context(KafkaProducer(**client, acks="all", request_timeout_ms=2000))
        producer.send("t", b"all three").get(timeout=30)
        cluster.kill(2)
        producer.send("t", b"one is dead").get(timeout=30)
        cluster.start_broker(2)
        cluster.wait_until_in_sync()
        cluster.pause(3)
        producer.send("t", b"one does not answer").get(timeout=30)
        cluster.resume(3)
        assert read(client, "t", 3) == [b"all three", b"one is dead", b"one does not answer"]


def test_postgres_keeps_what_is_committed_however_it_ends(server: Server) -> None:
    keep_a_row(server.url)
    server.restart()
    assert rows(server.url) == [("committed",)]
    server.kill()
    assert not server.running()
    server.start()
    assert rows(server.url) == [("committed",)]
    server.pause()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url, connect_timeout=2)
    server.resume()
    assert rows(server.url) == [("committed",)]


def test_postgres_tells_its_log_no_values_of_what_fails(server: Server) -> None:
    keep_a_row(server.url)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE UNIQUE INDEX only_once ON kept (word)")
        connection.execute("SET log_statement = 'all'")
        with pytest.raises(psycopg.errors.UniqueViolation, match="committed"):
            connection.execute("INSERT INTO kept VALUES (%s)", ("committed",))
    log = server.log.read_text(encoding="utf-8")
    assert "only_once" in log and "$1" in log
    assert "(committed)" not in log and "$1 = " not in log


def test_a_database_of_ones_own_is_empty_closed_to_others_and_goes(server: Server) -> None:
    with servers.fresh_database(server.url) as mine, servers.fresh_database(server.url) as yours:
        keep_a_row(mine)
        mine_as_you = yours.rpartition("/")[0] + "/" + mine.rpartition("/")[2]
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(mine_as_you)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(re.sub(":[^:@]+@", ":guessed@", mine))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(mine)


def test_the_run_shares_one_server_of_each(server: Server) -> None:
    assert servers.postgres() == servers.postgres() != server.url
    with KafkaConsumer(bootstrap_servers=servers.kafka()) as consumer:
        assert servers.fresh_topic() not in consumer.topics()


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ServerFailed, match=r"no java.*make needs"):
        Cluster(tmp_path / "kafka").start()
    monkeypatch.setattr(jars, "CACHE", tmp_path / "lib")
    with pytest.raises(ServerFailed, match=r"no mvn.*make needs"):
        jars.fetched()


def test_jars_that_cannot_be_had_are_told_in_mavens_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = tmp_path / "mvn"
    fails.write_text("#!/bin/sh\necho 'Could not find artifact'; exit 1\n", encoding="utf-8")
    fails.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(jars, "CACHE", tmp_path / "lib")
    with pytest.raises(ServerFailed, match=r"(?s)cannot be had.*Could not find artifact"):
        jars.fetched()


def test_a_broker_that_ends_early_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "kafka", settings={"log.retention.ms": "soon"})
    with pytest.raises(ServerFailed, match=r"(?s)log.retention.ms"):
        cluster.start()
    assert cluster.running() == []


def test_servers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    """However it ends: here it is killed."""
    program = (
        "import sys, time; from deploy.postgres.local.server import Server; s = Server(); s.start();"
        "print(s.folder, s._process.id, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=servers.ROOT)
    assert parent.stdout is not None
    folder, process = parent.stdout.readline().split()
    orphan = Process.found(int(process), tmp_path / "log", folder)
    assert orphan is not None and orphan.alive()
    parent.kill()
    parent.communicate()
    assert orphan.ended(15)
    wait_until(lambda: not Path(folder).exists(), "The guard", 15, [])


def test_from_the_command_line(tmp_path: Path) -> None:
    with Server() as own:  # its folder is one that the server's user can reach
        at = own.folder / "another"
        assert said("deploy/postgres/local/server.py", "start", at).startswith("postgresql://")
        assert said("deploy/postgres/local/server.py", "status", at).startswith("postgresql://")
        assert said("deploy/postgres/local/server.py", "stop", at) == "not running\n"
    assert said("deploy/kafka/local/cluster.py", "status", tmp_path / "kafka") == "brokers running: none\n"


def said(program: str, command: str, folder: Path) -> str:
    line = [sys.executable, program, command, "--folder", str(folder)]
    done = subprocess.run(line, cwd=servers.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ports_are_free_and_not_those_of_outgoing_connections() -> None:
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    ports = free_ports(20)
    assert len(set(ports)) == 20 and max(ports) < low
