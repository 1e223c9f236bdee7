"""What others see on the topic: the CloudEvents project's library, kcat, and who goes by ``deploy/asyncapi.yaml``."""

import gzip
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft7Validator, ValidationError
from kafka import KafkaConsumer, TopicPartition

from consent.keys import LOCATOR_BYTES
from consent.sealing import FACT, NONCE_BYTES, SIZE_CLASSES, Envelope, Signer, record_id
from events.shared_log import Record, microseconds
from events.shared_log.kafka import KafkaSettings, KafkaSharedLog
from events.shared_log.kafka.topic import GROUP_PREFIX, configuration, groups_of
from tests.conformance.cloud_event import cloud_event
from tests.conformance.shared_log import everything

ROOT = Path(__file__).parents[2]
PERSONAL = ("Sirpa", "Virtanen", "010170-999R", "lääkäri", "orimattila-social")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TAG_BYTES = 16


def sealed(count: int = 40) -> list[Record]:
    """Facts about people, of every size that there is, as release seals them."""
    signer = Signer("orimattila-social", Ed25519PrivateKey.generate())
    told = " ".join(PERSONAL).encode()
    bodies = [told * (1 + size_class // len(told) // 2) for size_class in SIZE_CLASSES]
    batch = [
        Envelope(
            record_id(f"fact-{n}", 1), f"{n % 11:032x}", 1_669_788_000_000_000 + n, os.urandom(LOCATOR_BYTES), FACT,
            bodies[n % len(bodies)], TRACE if n % 2 else "",
        )
        for n in range(count)
    ]  # fmt: skip
    return signer.seal(batch, [os.urandom(32) for _ in batch])


@pytest.fixture
def appended(kafka_log: KafkaSharedLog) -> list[Record]:
    kafka_log.append(records := sealed())
    return records


@pytest.fixture
def messages(settings: KafkaSettings, appended: list[Record]) -> list[Any]:
    """As any client of Kafka gets them."""
    places = [TopicPartition(settings.topic, n) for n in range(settings.partitions)]
    with KafkaConsumer(bootstrap_servers=settings.bootstrap_servers, auto_offset_reset="earliest") as consumer:
        consumer.assign(places)
        found: list[Any] = []
        while len(found) < len(appended):
            found += [m for some in consumer.poll(1000).values() for m in some]
    return found


# The CloudEvents project's library


def test_the_cloud_events_library_reads_every_record(messages: list[Any], appended: list[Record]) -> None:
    by_id = {r.id: r for r in appended}
    assert len(messages) == len(by_id)
    for message in messages:
        event = from_kafka_event(KafkaMessage(dict(message.headers), message.key, message.value))
        record = by_id[event.get_id()]
        told = {name: value for name, value in event.get_attributes().items() if name not in ("partitionkey", "traceparent")}
        assert microseconds(told.pop("time")) == record.time
        expected, data = cloud_event(record)
        del expected["time"]
        assert (told, event.get_data()) == (expected, data)
        assert (event.get_extension("traceparent") or "") == record.trace


# kcat


def kcat(settings: KafkaSettings, *arguments: str) -> bytes:
    command = ["kcat", "-b", settings.bootstrap_servers, "-t", settings.topic, *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=True).stdout


def told_by_kcat(settings: KafkaSettings) -> dict[tuple[int, int], list[str]]:
    """By partition and offset: key, headers and length."""
    lines = kcat(settings, "-C", "-e", "-q", "-o", "beginning", "-f", "%p\\t%o\\t%k\\t%h\\t%S\\n").decode().splitlines()
    return {(int(p), int(o)): rest for p, o, *rest in (line.split("\t") for line in lines)}


def test_kcat_reads_the_same_records(settings: KafkaSettings, kafka_log: KafkaSharedLog, appended: list[Record]) -> None:
    expected = {}
    for p in everything(kafka_log):
        record, partition = p.record, int(kafka_log.partition_at(p.position))
        attributes, _ = cloud_event(record)
        names = {("content-type" if n == "datacontenttype" else f"ce_{n}"): v for n, v in attributes.items()}
        names["ce_time"] = names["ce_time"].replace("+00:00", ".000000+00:00") if record.time % 10**6 == 0 else names["ce_time"]
        names |= {"ce_traceparent": record.trace} if record.trace else {}
        headers = ",".join(f"{n}={v}" for n, v in names.items())
        expected[partition, p.position // 1024 - 1] = [record.subject, headers, str(len(record.data))]
    assert len(expected) == len(appended)
    assert told_by_kcat(settings) == expected


def test_nothing_of_a_person_is_to_be_seen(settings: KafkaSettings, appended: list[Record]) -> None:
    seen = kcat(settings, "-C", "-e", "-q", "-o", "beginning", "-f", "%k %h %s\n")
    assert len(seen) > sum(len(r.data) for r in appended)
    assert [word for word in PERSONAL if word.encode() in seen] == []


def test_what_kcat_appends_by_the_description_is_read(
    settings: KafkaSettings, kafka_log: KafkaSharedLog, tmp_path: Path
) -> None:
    """The partition is the one that Kafka's own clients choose."""
    records = sealed(8)
    for n, record in enumerate(records):
        (tmp_path / "data").write_bytes(record.data)
        attributes, _ = cloud_event(record)
        headers = [f"-Hce_{name}={value}" for name, value in attributes.items() if name != "datacontenttype"]
        headers += ["-Hcontent-type=application/octet-stream", *([f"-Hce_traceparent={record.trace}"] if record.trace else [])]
        kcat(settings, "-P", "-X", "topic.partitioner=murmur2", "-k", record.subject, *headers, str(tmp_path / "data"))
        assert kafka_log.first(record.id, record.subject, 0), n
    assert sorted(p.record.id for p in everything(kafka_log)) == sorted(r.id for r in records)


# deploy/asyncapi.yaml


@pytest.fixture(scope="module")
def document() -> Any:
    return yaml.safe_load((ROOT / "deploy" / "asyncapi.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def headers(document: Any) -> Draft7Validator:
    """What holds headers to the document."""
    return Draft7Validator({**document["components"]["schemas"]["headers"], "components": document["components"]})


def plain(message_headers: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    return {name: value.decode() for name, value in message_headers}


def test_the_description_is_asyncapi() -> None:
    document = yaml.safe_load((ROOT / "deploy" / "asyncapi.yaml").read_text(encoding="utf-8"))
    validator = Draft7Validator(json.loads(gzip.decompress((Path(__file__).parent / "asyncapi" / "3.0.0.json.gz").read_bytes())))
    assert [f"{e.json_path}: {e.message}" for e in validator.iter_errors(document)] == []
    del document["channels"]["log"]["address"]
    document["operations"]["append"]["action"] = "shout"
    assert list(validator.iter_errors(document))


def test_every_record_is_as_described(document: Any, headers: Draft7Validator, messages: list[Any]) -> None:
    schemas = document["components"]["schemas"]
    key = Draft7Validator(document["components"]["messages"]["sealed"]["bindings"]["kafka"]["key"])
    sizes = schemas["sealed"]["x-bytes"]
    assert sizes == [LOCATOR_BYTES + NONCE_BYTES + size_class + TAG_BYTES for size_class in SIZE_CLASSES]
    for message in messages:
        headers.validate(plain(message.headers))
        key.validate(message.key.decode())
        assert message.key.decode() == plain(message.headers)["ce_subject"]
        assert len(message.value) in sizes
    assert {len(m.value) for m in messages} == set(sizes)


@pytest.mark.parametrize(
    "change",
    [{"ce_type": "ActivityBegan"}, {"ce_source": "urn:orimattila-social"}, {"ce_subject": "Sirpa"}, {"ce_organisation": "x"},
     {"ce_time": "2022-11-30"}, {"ce_traceparent": "no trace"}],
)  # fmt: skip
def test_what_would_tell_more_is_not_as_described(headers: Draft7Validator, messages: list[Any], change: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        headers.validate(plain(messages[0].headers) | change)


def test_the_topic_is_as_described(document: Any) -> None:
    channel = document["channels"]["log"]
    kafka = channel["bindings"]["kafka"]
    defaults = KafkaSettings("127.0.0.1:1")
    assert (channel["address"], kafka["topic"], kafka["partitions"]) == (defaults.topic, defaults.topic, defaults.partitions)
    told = kafka["topicConfiguration"] | channel["x-configuration"]
    plainly = {n: ",".join(v) if isinstance(v, list) else str(v).lower() if isinstance(v, bool) else str(v) for n, v in told.items()}
    assert plainly == configuration(min_insync=2)
    pattern = document["operations"]["follow"]["bindings"]["kafka"]["groupId"]["pattern"]
    group = Draft7Validator({"type": "string", "pattern": pattern})
    group.validate(f"{groups_of('oma-polku')}.view")
    with pytest.raises(ValidationError):
        group.validate(GROUP_PREFIX)
