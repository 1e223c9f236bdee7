"""A record is a CloudEvent: the CloudEvents project's own library takes it as one, and loses nothing of it."""

from datetime import UTC, datetime

import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event
from cloudevents.core.v1.event import CloudEvent

from events.shared_log import Record, day_of, microseconds
from tests.conformance.cloud_event import cloud_event

SEALED = bytes(range(256))
MOMENT = datetime(2022, 11, 30, 21, 59, 59, 123456, UTC)


def over_http(attributes: dict[str, str], data: bytes) -> BaseCloudEvent:
    headers = {f"ce-{n}": v for n, v in attributes.items() if n != "datacontenttype"}
    return from_http_event(HTTPMessage(headers | {"content-type": attributes["datacontenttype"]}, data))


def over_kafka(attributes: dict[str, str], data: bytes) -> BaseCloudEvent:
    headers = {f"ce_{n}": v.encode() for n, v in attributes.items() if n != "datacontenttype"}
    content_type = {"content-type": attributes["datacontenttype"].encode()}
    return from_kafka_event(KafkaMessage(headers | content_type, attributes["subject"].encode(), data))


@pytest.mark.parametrize("binding", [over_http, over_kafka])
@pytest.mark.parametrize("moment", [MOMENT, datetime(2022, 11, 30, tzinfo=UTC)])
def test_the_cloud_events_library_reads_the_record(binding, moment: datetime) -> None:  # type: ignore[no-untyped-def]
    record = Record("1d" * 16, "c1" * 16, microseconds(moment), SEALED)
    event = binding(*cloud_event(record))
    assert isinstance(event, CloudEvent)
    assert (event.get_specversion(), event.get_id(), event.get_subject()) == ("1.0", record.id, record.subject)
    assert microseconds(event.get_time()) == record.time
    assert event.get_data() == SEALED


def test_type_and_source_tell_nothing() -> None:
    told = [cloud_event(Record(f"{n:032x}", f"{n:032x}", n, b""))[0] for n in (1, 2)]
    for attribute in ("type", "source", "datacontenttype"):
        assert told[0][attribute] == told[1][attribute]
    assert set(told[0]) == {"specversion", "id", "type", "source", "subject", "time", "datacontenttype"}


def test_the_day_of_a_record_is_the_day_in_finland() -> None:
    assert day_of(microseconds(MOMENT)).isoformat() == "2022-11-30"
    assert day_of(microseconds(MOMENT) + 1_000_000).isoformat() == "2022-12-01"  # midnight in Helsinki, 22:00 UTC
    summer = datetime(2022, 7, 1, 20, 59, 59, 999999, UTC)
    assert day_of(microseconds(summer)).isoformat() == "2022-07-01"
    assert day_of(microseconds(summer) + 1).isoformat() == "2022-07-02"
