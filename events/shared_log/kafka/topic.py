"""The topic and who may do what with it: for whoever runs the Kafka, not for the organisations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    ResourcePattern,
    ResourceType,
    UserScramCredentialUpsertion,
)
from kafka.errors import TopicAlreadyExistsError

from events.shared_log import LogUnavailable
from events.shared_log.kafka.clients import TopicDiffers, answers, opened
from events.shared_log.kafka.settings import KafkaSettings

MAX_MESSAGE_BYTES = 1_048_576
"""The largest size class of ``consent.sealing`` four times over, and more than ``BATCH_BYTES``."""

GROUP_PREFIX = "palvelupolku."
MECHANISM = "SCRAM-SHA-256"
ITERATIONS = 8192


def configuration(min_insync: int) -> dict[str, str]:
    """Kept for ever, nothing compacted, no acknowledged record given up for a leader. Stored uncompressed, whatever a
    writer sends: a reader that lacks the codec could not go on."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "min.insync.replicas": str(min_insync),
        "unclean.leader.election.enable": "false",
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
        "compression.type": "uncompressed",
        "message.timestamp.type": "CreateTime",
    }


def create_topic(settings: KafkaSettings, replication: int = 3, min_insync: int = 2) -> bool:
    """True if it was made, False if it is there as it must be. Raises ``TopicDiffers``, which changes nothing, and
    ``LogUnavailable``."""
    made = True
    with administration(settings) as admin, answers():
        wanted = {
            "num_partitions": settings.partitions,
            "replication_factor": replication,
            "configs": configuration(min_insync),
        }
        try:
            admin.create_topics({settings.topic: wanted})
        except TopicAlreadyExistsError:
            made = False
        admin.wait_for_topics([settings.topic], timeout_ms=int(settings.timeout * 1000))
    check_topic(settings, replication, min_insync)
    return made


def check_topic(settings: KafkaSettings, replication: int = 3, min_insync: int = 2) -> None:
    """Raises ``TopicDiffers`` naming all that differs, and ``LogUnavailable``."""
    with administration(settings) as admin, answers():
        (told,) = admin.describe_topics([settings.topic])
        resource = ConfigResource(ConfigResourceType.TOPIC, settings.topic)
        configs = admin.describe_configs([resource], config_filter="all")["topic"][settings.topic]
    if told["error_code"] or not configs:
        raise LogUnavailable(f"there is no topic {settings.topic}, or it is not to be seen")
    found = {"partitions": str(len(told["partitions"]))}
    found |= {"copies": "/".join(sorted({str(len(p["replica_nodes"])) for p in told["partitions"]}))}
    found |= {name: configs[name]["value"] for name in configuration(min_insync)}
    wanted = {"partitions": str(settings.partitions), "copies": str(replication), **configuration(min_insync)}
    differs = [f"{name} is {found[name]}, not {value}" for name, value in wanted.items() if found[name] != value]
    if differs:
        raise TopicDiffers(f"the topic {settings.topic} is not as it must be: " + "; ".join(differs))


def groups_of(organisation: str) -> str:
    """What the names of an organisation's reader groups begin with."""
    return f"{GROUP_PREFIX}{organisation}"


def create_account(settings: KafkaSettings, name: str, password: str) -> None:
    """An account that signs in with ``MECHANISM``; one that is there gets the password. Until ``allow`` it may do
    nothing. Only what proves the password is sent. Raises ``LogUnavailable``."""
    account = UserScramCredentialUpsertion(name, MECHANISM, password, iterations=ITERATIONS)
    with administration(settings) as admin, answers():
        (refused,) = admin.alter_user_scram_credentials([account]).values()
    if refused:
        raise LogUnavailable("the account was not taken")


def allow(settings: KafkaSettings, organisation: str, principal: str) -> None:
    """Let an organisation's account (``User:name``) read and write the log and share out its own reading: no more, so no
    topic is made, changed or removed by it. May be repeated. Raises ``LogUnavailable``."""
    with administration(settings) as admin, answers():
        made = admin.create_acls(list(_allowed(settings.topic, organisation, principal)))
    if made["failed"]:
        raise LogUnavailable(f"the rights were not taken ({made['failed'][0].__name__})")


def _allowed(topic: str, organisation: str, principal: str) -> Iterator[ACL]:
    log = ResourcePattern(ResourceType.TOPIC, topic)
    # The dot: oma may not have part in the groups of oma-polku.
    own, with_more = groups_of(organisation), f"{groups_of(organisation)}."
    groups = [
        ResourcePattern(ResourceType.GROUP, own),
        ResourcePattern(ResourceType.GROUP, with_more, ACLResourcePatternType.PREFIXED),
    ]
    operations = [(log, o) for o in (ACLOperation.READ, ACLOperation.WRITE, ACLOperation.DESCRIBE)]
    operations += [(group, ACLOperation.READ) for group in groups]
    for resource, operation in operations:
        yield ACL(principal, "*", operation, ACLPermissionType.ALLOW, resource)


@contextmanager
def administration(settings: KafkaSettings) -> Iterator[Any]:
    """The library's administration client. Raises ``LogUnavailable`` where Kafka does not answer."""
    with answers():
        admin = opened(KafkaAdminClient, **settings.client())
    try:
        yield admin
    finally:
        with answers():
            admin.close()
