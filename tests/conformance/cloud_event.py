"""A record as CloudEvents 1.0 has it, said once more in plain words: what each binding is held to."""

from datetime import UTC, datetime

from events.shared_log import CONTENT_TYPE, SOURCE, TYPE, Record


def cloud_event(record: Record) -> tuple[dict[str, str], bytes]:
    """Its attributes and its data."""
    moment = datetime.fromtimestamp(record.time // 1_000_000, UTC).replace(microsecond=record.time % 1_000_000)
    attributes = {
        "specversion": "1.0",
        "id": record.id,
        "type": TYPE,
        "source": SOURCE,
        "subject": record.subject,
        "time": moment.isoformat(),
        "datacontenttype": CONTENT_TYPE,
    }
    return attributes, record.data
