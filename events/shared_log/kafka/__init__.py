"""The shared log on Apache Kafka: one topic, a client's records in one partition, found by the client_ref as key."""

from events.shared_log.kafka.clients import LogCut, TopicDiffers
from events.shared_log.kafka.log import KafkaSharedLog
from events.shared_log.kafka.settings import KafkaSettings

__all__ = ["KafkaSettings", "KafkaSharedLog", "LogCut", "TopicDiffers"]
