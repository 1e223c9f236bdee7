"""What is Kafka's own nature: places, other people's messages, a topic that is not what it was, what failures tell."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.future import Future
from kafka.net import manager
from kafka.producer.producer_batch import ProducerBatch

from events.shared_log import LogUnavailable, Record
from events.shared_log.kafka import KafkaSettings, KafkaSharedLog, LogCut, TopicDiffers, log, mended
from events.shared_log.kafka import settings as limits
from events.shared_log.kafka.binding import headers, offset_after, partitioner, position_of
from events.shared_log.kafka.topic import administration, create_topic
from tests.conformance.log_reader import beginning, heads, many, read_on
from tests.conformance.shared_log import everything, of_client, record
from tests.servers import fresh_topic

CLIENT = "c1" * 16
NOBODYS = Record("", "", 0, b"data")


class Unreadable(str):
    """A header's name whose bytes are no UTF-8."""

    def encode(self, *_: str) -> bytes:  # type: ignore[override]
        return b"\xff\xfe\x80"


@pytest.fixture
def producer(settings: KafkaSettings) -> Iterator[Any]:
    with KafkaProducer(bootstrap_servers=settings.bootstrap_servers, acks="all") as producer:
        yield producer


def test_nobody_waits_for_ever_for_the_librarys_own_thread(
    settings: KafkaSettings, kafka_log: KafkaSharedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it waited for is lost there: the reader says that the log does not answer, and reads on with a new client."""
    kafka_log.append(many(3))
    with closing(kafka_log.reader()) as reader:
        assert len(list(read_on(reader, beginning(kafka_log)))) == 60
        consumer = reader._consumer

        async def lost() -> None:
            await Future()

        monkeypatch.setattr(consumer, "poll", lambda *_, **__: consumer._net.run(lost))
        monkeypatch.setattr(mended, "LONGEST_SECONDS", 0.3)
        with pytest.raises(LogUnavailable, match="KafkaTimeoutError"):
            reader.next(beginning(kafka_log), 10)
        monkeypatch.setattr(mended, "LONGEST_SECONDS", 30.0)
        assert len(list(read_on(reader, beginning(kafka_log)))) == 60
        assert reader._consumer is not consumer


# Places


def test_java_s_clients_find_the_same_partition() -> None:
    """The hashes that Kafka's own tests state of these keys."""
    stated = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "abc": 479470107}
    for partitions in (1, 6, 64, 1024):
        partition_of = partitioner(partitions)
        assert {k: partition_of(k) for k in stated} == {k: (v & 0x7FFFFFFF) % partitions for k, v in stated.items()}


def test_no_two_places_have_the_same_position() -> None:
    positions = {position_of(p, offset) for p in range(1024) for offset in (0, 1, 2, 10**9)}
    assert len(positions) == 4 * 1024 and min(positions) > 0
    for partition, offset in ((0, 0), (1, 0), (1023, 7), (5, 10**9)):
        position = position_of(partition, offset)
        assert offset_after(partition, position) == offset + 1
        assert offset_after(partition, position - 1) == offset
    assert offset_after(9, 0) == offset_after(9, 8) == offset_after(0, 0) == 0


def test_what_is_too_large_for_one_piece_goes_in_several(kafka_log: KafkaSharedLog) -> None:
    """About 6 MB of one client, and of another between."""
    records = [record(CLIENT if n % 3 else "c2" * 16, data=bytes([n]) * 250_000) for n in range(25)]
    positions = kafka_log.append(records)
    assert [p.record for p in sorted(everything(kafka_log), key=lambda p: positions.index(p.position))] == records
    assert of_client(kafka_log, CLIENT) == [r for r in records if r.subject == CLIENT]


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the library does with the pieces that go to CLIENT's partition, in the order it happens."""
    done: list[str] = []
    made, complete = ProducerBatch.__init__, ProducerBatch.complete

    def noted_made(self: Any, *arguments: Any, **named: Any) -> None:
        made(self, *arguments, **named)
        done.append("made")

    def noted_complete(self: Any, *arguments: Any) -> Any:
        done.append("acknowledged")
        return complete(self, *arguments)

    monkeypatch.setattr(ProducerBatch, "__init__", noted_made)
    monkeypatch.setattr(ProducerBatch, "complete", noted_complete)
    return done


def test_what_is_for_one_partition_goes_in_one_piece(
    kafka_log: KafkaSharedLog, pieces: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it or nothing is on the log, however long it takes to hand it over."""

    def slowly(one: Record) -> Any:
        time.sleep(0.002)
        return headers(one)

    monkeypatch.setattr(log, "headers", slowly)
    kafka_log.append([record(CLIENT) for _ in range(200)])
    assert pieces == ["made", "acknowledged"]


def test_no_piece_is_made_before_the_one_before_is_acknowledged(kafka_log: KafkaSharedLog, pieces: list[str]) -> None:
    """Else a later one might get there, and the one before not."""
    kafka_log.append([record(CLIENT, data=bytes(200_000)) for _ in range(13)])
    assert pieces == ["made", "acknowledged"] * 4


def test_a_record_that_no_topic_takes_is_a_mistake_and_no_outage(kafka_log: KafkaSharedLog) -> None:
    with pytest.raises(ValueError, match="larger"):
        kafka_log.append([record(), record(data=bytes(1_000_001))])
    kafka_log.append([one := record()])
    assert one in of_client(kafka_log, one.subject)


def test_an_append_that_was_held_up_is_not_sent_in_pieces(kafka_log: KafkaSharedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would begin to send by itself, and a client's later records might get there without the earlier."""
    with monkeypatch.context() as patch:
        patch.setattr(limits, "LINGER", 0.0)
        with pytest.raises(LogUnavailable, match="held up"):
            kafka_log.append([record(), record()])
    kafka_log.append(sent := [record(), record()])
    assert [p.record for p in everything(kafka_log)][-2:] == sent


# Other people's messages


def others(partition: int) -> list[dict[str, Any]]:
    """Messages that are not as ours are, each in one way."""
    good = headers(Record("1d" * 16, CLIENT, 1_669_788_000_000_001, b"data"))
    elsewhere = "c2" * 16  # of another partition than CLIENT, of six

    def without(name: str) -> list[tuple[str, bytes]]:
        return [h for h in good if h[0] != name]

    def instead(name: str, value: bytes | None) -> list[tuple[str, Any]]:
        return [*without(name), (name, value)]

    with_headers: list[list[tuple[str, Any]]] = [
        [], [("note", b"hello")], [(Unreadable("x"), b"1")], *(without(n) for n, _ in good[:-1]),
        instead("ce_specversion", b"0.3"), instead("ce_type", b"palvelupolku.sealed.v2"), instead("ce_source", b"urn:else"),
        instead("ce_id", b""), instead("ce_id", "ä".encode()), instead("ce_id", b"\xff"), instead("ce_subject", b"\xff"),
        instead("ce_id", b"1d\x00"), instead("ce_id", b"1" * 201), instead("ce_traceparent", b"00-\x00"),
        instead("ce_subject", elsewhere.encode()), instead("ce_time", b"yesterday"), instead("ce_time", b"2022-11-30T10:00:00"),
        instead("ce_time", b"9999-12-31T23:59:60Z"), instead("ce_time", b"2022-11-30T10:00:00." + b"1" * 40 + b"Z"),
    ]  # fmt: skip
    made: list[dict[str, Any]] = [{"key": CLIENT.encode(), "value": b"data", "headers": h} for h in with_headers]
    made.append({"key": None, "value": b"data", "headers": good})
    made.append({"key": elsewhere.encode(), "value": b"data", "headers": good})
    for mark in ("\0", "\n", " "):  # where they belong, but more than a database might take
        subject = next(s for n in range(100) if partitioner(6)(s := f"c1{mark}{n}") == partition)
        made.append({"key": subject.encode(), "value": b"data", "headers": headers(Record("1d" * 16, subject, 1, b"data"))})
    misplaced = headers(Record("1d" * 16, elsewhere, 1, b"data"))
    made.append({"key": elsewhere.encode(), "value": b"data", "headers": misplaced})
    return [{"partition": partition, **m} for m in made]


def test_other_messages_come_as_nobody_s_and_stop_nobody(
    kafka_log: KafkaSharedLog, settings: KafkaSettings, producer: Any
) -> None:
    home = kafka_log.partition_of(CLIENT)
    assert kafka_log.partition_of("c2" * 16) != home
    strange = others(int(home))
    kafka_log.append([before := record(CLIENT)])
    for message in strange:
        producer.send(settings.topic, **message).get(10)
    kafka_log.append([after := record(CLIENT)])
    expected = [before, *[NOBODYS] * len(strange), after]
    assert [p.record for p in kafka_log.read(home, 0, 100)] == expected
    with closing(kafka_log.reader()) as reader:
        found = list(read_on(reader, beginning(kafka_log), 7))
    assert [p.record for p in found] == expected
    assert [p.position for p in found] == [position_of(int(home), n) for n in range(len(expected))]
    assert kafka_log.first(after.id, CLIENT, 0) == found[-1].position


def test_of_a_message_without_a_value_there_are_no_bytes(kafka_log: KafkaSharedLog, settings: KafkaSettings, producer: Any) -> None:
    sent = headers(Record("1d" * 16, CLIENT, 1, b""))
    producer.send(settings.topic, None, CLIENT.encode(), sent, int(kafka_log.partition_of(CLIENT))).get(10)
    assert [p.record for p in everything(kafka_log)] == [Record("", "", 0, b"")]


def test_whatever_a_writer_compresses_with_is_read(kafka_log: KafkaSharedLog, settings: KafkaSettings) -> None:
    """The topic stores it plain: a reader needs no codec."""
    one = Record("1d" * 16, CLIENT, 1, b"data" * 100)
    with KafkaProducer(bootstrap_servers=settings.bootstrap_servers, compression_type="gzip") as compressing:
        compressing.send(settings.topic, one.data, CLIENT.encode(), headers(one)).get(10)
    assert [p.record for p in everything(kafka_log)] == [one]


def test_ours_with_more_headers_and_in_another_order_is_ours(
    kafka_log: KafkaSharedLog, settings: KafkaSettings, producer: Any
) -> None:
    one = Record("1d" * 16, CLIENT, 1_669_788_000_000_001, b"data")
    sent = [("ce_extension", b"more"), *reversed(headers(one)), (Unreadable("x"), b"y")]
    producer.send(settings.topic, one.data, CLIENT.encode(), sent, int(kafka_log.partition_of(CLIENT))).get(10)
    for moment in (b"2022-11-30T08:00:00.000001+02:00", b"2022-11-30T06:00:00.000001Z"):
        sent = [h for h in headers(one) if h[0] != "ce_time"] + [("ce_time", moment)]
        producer.send(settings.topic, one.data, CLIENT.encode(), sent, int(kafka_log.partition_of(CLIENT))).get(10)
    assert [p.record for p in everything(kafka_log)] == [one] * 3


# A log that is not what it was


def test_a_log_cut_at_its_beginning_is_told(kafka_log: KafkaSharedLog, settings: KafkaSettings) -> None:
    kafka_log.append([record(CLIENT) for _ in range(10)])
    home = kafka_log.partition_of(CLIENT)
    with administration(settings) as admin:
        admin.delete_records({TopicPartition(settings.topic, int(home)): 4})
    with pytest.raises(LogCut):
        kafka_log.read(home, 0, 10)
    with closing(kafka_log.reader()) as reader:
        for _ in range(2):
            with pytest.raises(LogCut):
                reader.next(beginning(kafka_log), 10)
    assert len(kafka_log.read(home, position_of(int(home), 3), 10)) == 6


def test_a_log_that_was_replaced_is_told(kafka_log: KafkaSharedLog, settings: KafkaSettings) -> None:
    """A reader that stands behind the new log's end would wait, and then miss what comes before where it stands."""
    kafka_log.append(many())
    at = heads(kafka_log)
    with closing(kafka_log.reader()) as reader:
        assert reader.next(at, 10) == {}
        with administration(settings) as admin:
            admin.delete_topics([settings.topic])
        create_anew(settings)
        until_it_answers(kafka_log)
        with pytest.raises(LogCut):
            while True:
                try:
                    reader.next(at, 10)
                except LogUnavailable:
                    continue
        with pytest.raises(LogCut):
            reader.next(beginning(kafka_log), 10)
    with closing(kafka_log.reader()) as another, pytest.raises(LogCut):
        another.next(at, 10)
    home = kafka_log.partition_of(CLIENT)
    assert kafka_log.read(home, at[home] - 1, 1) == []


def create_anew(settings: KafkaSettings) -> None:
    """A topic that was removed goes in its own time."""
    while True:
        try:
            create_topic(settings, replication=1, min_insync=1)
        except (LogUnavailable, TopicDiffers):
            continue
        return


def until_it_answers(log: KafkaSharedLog) -> None:
    while True:
        try:
            assert log.append([record(CLIENT)])
        except LogUnavailable:
            continue
        return


def test_another_number_of_partitions_is_refused(settings: KafkaSettings) -> None:
    for asked in (lambda log: log.head("0"), lambda log: log.append([record()]), lambda log: log.reader().next({"0": 0}, 1)):
        with closing(KafkaSharedLog(replace(settings, partitions=5))) as log, pytest.raises(TopicDiffers, match="6 partitions"):
            asked(log)


def test_a_topic_that_grew_meanwhile_is_refused(settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_now = KafkaSettings.client
    monkeypatch.setattr(KafkaSettings, "client", lambda self: settings_now(self) | {"metadata_max_age_ms": 300})
    with closing(KafkaSharedLog(settings)) as log, closing(log.reader()) as reader:
        log.append(many(1))
        reader.next(heads(log), 1)
        with administration(settings) as admin:
            admin.create_partitions({settings.topic: 7})
        for asked in (lambda: log.append([record()]), lambda: log.head("0"), lambda: reader.next(heads(log), 1)):
            with pytest.raises(TopicDiffers, match="7 partitions"):
                while True:
                    asked()


def test_a_topic_that_is_not_there_is_not_made(settings: KafkaSettings) -> None:
    missing = replace(settings, topic=fresh_topic("missing"), timeout=1.5)
    with closing(KafkaSharedLog(missing)) as log, closing(log.reader()) as reader:
        for asked in (lambda: log.head("0"), lambda: log.append([record()]), lambda: reader.next({"0": 0}, 1)):
            with pytest.raises(LogUnavailable):
                asked()
    with administration(settings) as admin:
        assert missing.topic not in admin.list_topics()


# What is told, and what stays behind


def test_the_password_is_not_told() -> None:
    settings = KafkaSettings("127.0.0.1:1", sasl_username="oma-polku", sasl_password="its-word")
    assert "its-word" not in repr(settings) and "its-word" not in str(settings)
    assert "oma-polku" in repr(settings)


@pytest.mark.parametrize("wrong", [{"partitions": 0}, {"partitions": 1025}, {"timeout": 0.5}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        KafkaSettings("127.0.0.1:1", **wrong)


def test_nothing_of_a_record_is_written_to_the_process_log(
    kafka_log: KafkaSharedLog, settings: KafkaSettings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kafka_log.append([one := record(CLIENT, data=b"what-it-says")])
    for reader in (kafka_log.reader(), kafka_log.reader(f"palvelupolku.{settings.topic}")):
        with closing(reader):
            list(read_on(reader, beginning(kafka_log)))
    with pytest.raises(ValueError) as refused:
        kafka_log.append([record(CLIENT, data=b"what-it-says" * 100_000)])
    for told in (caplog.text, str(refused.value)):
        assert not [word for word in ("what-it-says", CLIENT, one.id) if word in told]


def test_a_server_that_says_nothing_keeps_nobody_from_the_others(settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections as one that stands still does, and is asked first."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        both = replace(settings, bootstrap_servers=f"{settings.bootstrap_servers},127.0.0.1:{port}", timeout=2.0)
        asked = []

        def first_the_silent_one(servers: list[Any]) -> Any:
            asked.append(min(servers, key=lambda s: (s.port == port) == bool(asked)))
            return asked[-1]

        monkeypatch.setattr(manager.random, "choice", first_the_silent_one)
        with closing(KafkaSharedLog(both)) as log:
            log.append(many(1))
        assert [s.port == port for s in asked[:2]] == [True, False]


def test_who_cannot_be_reached_leaves_no_thread_and_no_socket_behind() -> None:
    before = threading.active_count()
    nowhere = KafkaSharedLog(KafkaSettings("127.0.0.1:1", timeout=1.0))
    with closing(nowhere), closing(nowhere.reader()) as reader, closing(nowhere.reader("palvelupolku.x")) as grouped:
        for asked in (
            lambda: nowhere.head("0"), lambda: nowhere.append([record()]), lambda: nowhere.first("1", CLIENT, 0),
            lambda: reader.next({"0": 0}, 1), lambda: grouped.next({"0": 0}, 1),
        ):  # fmt: skip
            with pytest.raises(LogUnavailable):
                asked()
        for waiting in (reader, grouped):
            start = time.monotonic()
            waiting.wait(0.3)
            assert 0.25 < time.monotonic() - start < 0.8
        assert list(nowhere.partitions()) == [str(n) for n in range(64)] and grouped.partitions() == ()
    assert threading.active_count() == before


def test_what_is_closed_says_so(kafka_log: KafkaSharedLog) -> None:
    reader = kafka_log.reader()
    kafka_log.append([record()])
    reader.close()
    with pytest.raises(LogUnavailable, match="closed"):
        reader.next(beginning(kafka_log), 1)
    kafka_log.close()
    for asked in (lambda: kafka_log.head("0"), lambda: kafka_log.append([record()])):
        with pytest.raises(LogUnavailable, match="closed"):
            asked()


def test_an_acknowledgement_that_tells_no_place_is_none(kafka_log: KafkaSharedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the library makes of a duplicate that the broker remembers only as such."""
    kafka_log.append([record()])
    complete = ProducerBatch.complete
    monkeypatch.setattr(ProducerBatch, "complete", lambda self, _, time: complete(self, -1, time))
    with pytest.raises(LogUnavailable, match="where"):
        kafka_log.append([record()])
