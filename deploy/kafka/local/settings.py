"""What a broker of a local cluster is told: its ``server.properties``."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

ADMIN = "admin"

FOR_TESTS = {
    # A dead or paused broker is found out in 4 s (9 by default), and a new group's first member does not wait for others.
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "4000",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # Small: 50 partitions of an internal topic take seconds to make here, and the cleaner's 128 MB do not fit the heap.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
    "log.cleaner.dedupe.buffer.size": "8388608",
    "auto.create.topics.enable": "false",
}


class Broker(TypedDict):
    """What is remembered of a broker between commands. ``process`` is 0 while none was started."""

    id: int
    port: int
    controller_port: int
    directory: str
    process: int


class Way(NamedTuple):
    """A second address of a broker's: clients that come by ``advertised`` are told of no other, and are brought from there
    to where the broker ``listens``."""

    advertised: int
    listens: int


def _replication(brokers: int) -> dict[str, str]:
    copies, in_sync = (3, 2) if brokers == 3 else (1, 1)
    return {
        "default.replication.factor": str(copies),
        "min.insync.replicas": str(in_sync),
        "offsets.topic.replication.factor": str(copies),
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.min.isr": str(in_sync),
        "share.coordinator.state.topic.replication.factor": str(copies),
        "share.coordinator.state.topic.min.isr": str(in_sync),
    }


def _listeners(broker: Broker, password: str | None, way: Way | None) -> dict[str, str]:
    clients, protocol = ("SASL_PLAINTEXT", "SASL_PLAINTEXT") if password else ("PLAINTEXT", "PLAINTEXT")
    addresses = f"{clients}://127.0.0.1:{broker['port']},CONTROLLER://127.0.0.1:{broker['controller_port']}"
    return {
        "listeners": addresses + (f",FAR://127.0.0.1:{way.listens}" if way else ""),
        "advertised.listeners": addresses + (f",FAR://127.0.0.1:{way.advertised}" if way else ""),
        "inter.broker.listener.name": clients,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": f"{clients}:{protocol},CONTROLLER:{protocol},FAR:{protocol}",
    }


def _secured(password: str) -> dict[str, str]:
    """Clients and brokers sign in with SCRAM; controllers, which must agree before any such account is known, with PLAIN."""
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
    account = f'username="{ADMIN}" password="{password}"'
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN}",
        "allow.everyone.if.no.acl.found": "false",
        "sasl.enabled.mechanisms": "SCRAM-SHA-256",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-256",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config": f"{scram} required {account};",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": f'{plain} required {account} user_{ADMIN}="{password}";',
    }


def properties(
    broker: Broker, all_of_them: Sequence[Broker], data: Path, password: str | None, way: Way | None = None
) -> dict[str, str]:
    """``password`` is the admin's in a secured cluster, None in a plain one."""
    return {
        "process.roles": "broker,controller",
        "node.id": str(broker["id"]),
        "controller.quorum.bootstrap.servers": ",".join(f"127.0.0.1:{b['controller_port']}" for b in all_of_them),
        "log.dirs": str(data),
        **_listeners(broker, password, way),
        **_replication(len(all_of_them)),
        **FOR_TESTS,
        **(_secured(password) if password else {}),
    }


def written(settings: dict[str, str], path: Path) -> None:
    path.touch(mode=0o600)
    path.write_text("".join(f"{k}={v}\n" for k, v in settings.items()), encoding="utf-8")
