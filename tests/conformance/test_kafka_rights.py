"""The topic as it must be, and what an organisation's account may do with it: on a broker where only what is allowed is."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from typing import Any

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, ScramMechanism, UserScramCredentialUpsertion
from kafka.errors import KafkaError

from deploy.kafka.local.cluster import Cluster
from events.shared_log import LogUnavailable
from events.shared_log.kafka import KafkaSettings, KafkaSharedLog, TopicDiffers
from events.shared_log.kafka.topic import administration, allow, check_topic, create_topic, groups_of
from tests.conformance.log_reader import beginning, many, read_on
from tests.conformance.shared_log import everything, record

WORD = "its-word"
OTHER_TOPIC = "not-the-log"
ORGANISATIONS = ("oma", "oma-polku", "stranger")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("secured"), secured=True) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def administrator(cluster: Cluster) -> KafkaSettings:
    """Has made the log and another topic, and accounts: two organisations' and one that was allowed nothing."""
    client = cluster.client_settings()
    settings = KafkaSettings(
        client["bootstrap_servers"], partitions=6, timeout=3.0,
        security_protocol=client["security_protocol"], sasl_mechanism=client["sasl_mechanism"],
        sasl_username=client["sasl_plain_username"], sasl_password=client["sasl_plain_password"],
    )  # fmt: skip
    assert create_topic(settings, replication=1, min_insync=1)
    assert create_topic(replace(settings, topic=OTHER_TOPIC), replication=1, min_insync=1)
    with administration(settings) as admin:
        accounts = [UserScramCredentialUpsertion(name, ScramMechanism.SCRAM_SHA_256, WORD) for name in ORGANISATIONS]
        admin.alter_user_scram_credentials(accounts)
    for organisation in ORGANISATIONS[:2]:
        for _ in range(2):
            allow(settings, organisation, f"User:{organisation}")
    return settings


@pytest.fixture
def mine(administrator: KafkaSettings) -> KafkaSettings:
    return replace(administrator, sasl_username="oma-polku", sasl_password=WORD)


# The topic


def test_a_topic_is_made_once_and_found_as_it_must_be(administrator: KafkaSettings) -> None:
    assert not create_topic(administrator, replication=1, min_insync=1)
    check_topic(administrator, replication=1, min_insync=1)


def test_what_differs_is_named_and_left_as_it_is(administrator: KafkaSettings) -> None:
    other = replace(administrator, topic="log-of-another")
    with administration(administrator) as admin:
        admin.create_topics({other.topic: {"num_partitions": 3, "replication_factor": 1, "configs": {"retention.ms": "1000"}}})
    for asked in (create_topic, check_topic):
        with pytest.raises(TopicDiffers) as told:
            asked(other, replication=1, min_insync=1)
        assert "partitions is 3, not 6" in str(told.value) and "retention.ms is 1000, not -1" in str(told.value)
        assert "copies" not in str(told.value) and "min.insync" not in str(told.value)
    with administration(administrator) as admin:
        resource = ConfigResource(ConfigResourceType.TOPIC, other.topic)
        assert admin.describe_configs([resource])["topic"][other.topic]["retention.ms"]["value"] == "1000"


def test_a_topic_that_is_not_there_cannot_be_checked(administrator: KafkaSettings) -> None:
    with pytest.raises(LogUnavailable):
        check_topic(replace(administrator, topic="nowhere"), replication=1, min_insync=1)


# What an organisation may


def test_it_appends_and_reads_the_log(mine: KafkaSettings) -> None:
    with closing(KafkaSharedLog(mine)) as log, closing(log.reader()) as reader:
        before = len(everything(log))
        log.append(records := many(1))
        assert {r.id for r in records} <= {p.record.id for p in everything(log)}
        assert len(list(read_on(reader, beginning(log)))) == before + len(records)


@pytest.mark.parametrize("name", ["", ".projector", ".projector.new"])
def test_its_readers_share_the_partitions(mine: KafkaSettings, name: str) -> None:
    with closing(KafkaSharedLog(mine)) as log, closing(log.reader(groups_of("oma-polku") + name)) as reader:
        assert reader.next({}, 10) == {}
        assert list(reader.partitions()) == list(log.partitions())


# What it may not


@pytest.mark.parametrize("group", ["palvelupolku.oma-polku.projector", "palvelupolku.oma-polku", "palvelupolku.omat", "else"])
def test_it_has_no_part_in_another_s_groups(mine: KafkaSettings, group: str) -> None:
    settings = replace(mine, sasl_username="oma")
    with closing(KafkaSharedLog(settings)) as log, closing(log.reader(group)) as reader:
        with pytest.raises(LogUnavailable, match="GroupAuthorizationFailed"):
            reader.next({}, 10)
        assert reader.partitions() == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda admin: admin.create_topics({"mine": {"num_partitions": 1, "replication_factor": 1}}),
        lambda admin: admin.delete_topics(["palvelupolku.log"]),
        lambda admin: admin.create_partitions({"palvelupolku.log": 7}),
        lambda admin: refused_in(admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, "palvelupolku.log", {"retention.ms": "1"})])),
        lambda admin: admin.delete_records({TopicPartition("palvelupolku.log", 0): 1}),
        lambda admin: refused_in(admin.alter_user_scram_credentials([UserScramCredentialUpsertion("oma", ScramMechanism.SCRAM_SHA_256, "x")])),
    ],
)  # fmt: skip
def test_it_changes_nothing(mine: KafkaSettings, administrator: KafkaSettings, change: Callable[[Any], object]) -> None:
    with closing(KafkaSharedLog(mine)) as log:
        log.append(many(1))
    with administration(mine) as admin, pytest.raises((KafkaError, ValueError)) as refused:
        change(admin)
    assert re.search("[Aa]uthoriz|permission|Unrecognized", f"{type(refused.value)} {refused.value}")
    check_topic(administrator, replication=1, min_insync=1)
    with closing(KafkaSharedLog(mine)) as log:
        assert log.read("0", 0, 1)


def refused_in(result: dict[str, Any]) -> None:
    """These calls of the library tell a refusal among what they return."""
    raise ValueError(str(result))


def test_it_grants_nothing(mine: KafkaSettings) -> None:
    with pytest.raises(LogUnavailable, match="Authorization"):
        allow(mine, "stranger", "User:stranger")


def test_it_neither_reads_nor_writes_another_topic(mine: KafkaSettings) -> None:
    with closing(KafkaSharedLog(replace(mine, topic=OTHER_TOPIC))) as log, closing(log.reader()) as reader:
        for asked in (lambda: log.append([record()]), lambda: log.head("0"), lambda: reader.next(beginning(log), 1)):
            with pytest.raises(LogUnavailable):
                asked()


def test_it_has_no_transactions(mine: KafkaSettings) -> None:
    """Their marks would stand between the records."""
    with KafkaProducer(**mine.producer() | {"transactional_id": "mine", "linger_ms": 0}) as producer, pytest.raises(KafkaError):
        producer.init_transactions()


# Who has no account, or nothing


@pytest.mark.parametrize("who", [("oma-polku", "another-word"), ("nobody", WORD), ("stranger", WORD)])
def test_who_is_not_let_in_is_told_in_time_and_leaves_no_password_in_words(
    mine: KafkaSettings, who: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    name, word = who
    with closing(KafkaSharedLog(replace(mine, sasl_username=name, sasl_password=word))) as log, closing(log.reader()) as reader:
        for asked in (lambda: log.append([record()]), lambda: log.head("0"), lambda: reader.next(beginning(log), 1)):
            with pytest.raises(LogUnavailable) as told:
                asked()
            assert word not in str(told.value)
    assert word not in caplog.text


def test_who_is_let_in_later_needs_no_restart(administrator: KafkaSettings) -> None:
    """The library would remember the refusal for good."""
    late = replace(administrator, sasl_username="late", sasl_password=WORD)
    with closing(KafkaSharedLog(late)) as log, closing(log.reader(groups_of("late"))) as reader:
        for asked in (lambda: log.append([record()]), lambda: log.head("0"), lambda: reader.next({}, 1)):
            with pytest.raises(LogUnavailable):
                asked()
        with administration(administrator) as admin:
            admin.alter_user_scram_credentials([UserScramCredentialUpsertion("late", ScramMechanism.SCRAM_SHA_256, WORD)])
        allow(administrator, "late", "User:late")
        sent = False
        while not sent:
            with suppress(LogUnavailable):
                sent = bool(log.append([record()]))
        assert log.head(log.partition_of("c1" * 16))
        while not reader.partitions():
            with suppress(LogUnavailable):
                reader.next({}, 1)
