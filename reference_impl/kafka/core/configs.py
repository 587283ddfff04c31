"""Settings of topics: names, types, defaults, and what values are allowed.

What a topic was not given comes from the broker's setting of the same meaning. Names, defaults and
rules were compared with DescribeConfigs and CreateTopics of Kafka 3.9.2 and 4.3.1.

Source: TopicConfig, LogConfig, ServerTopicConfigSynonyms; KIP-226 (where values come from).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reference_impl.kafka.core.settings import Setting, Value, parse_rule
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.record.batches import COMPRESSIONS, CREATE_TIME, LOG_APPEND_TIME
from reference_impl.kafka.versions import UNLIMITED, KafkaDialect

_TABLE = """
cleanup.policy                           list     delete      compact|delete
compression.gzip.level                   int      -1          1..9|-1
compression.lz4.level                    int      9           1..17
compression.type                         string   producer    codec
compression.zstd.level                   int      3           -131072..22
delete.retention.ms                      long     86400000    0..
file.delete.delay.ms                     long     60000       0..
flush.messages                           long     max         1..
flush.ms                                 long     max         0..
follower.replication.throttled.replicas  list     -           replicas
index.interval.bytes                     int      4096        0..
leader.replication.throttled.replicas    list     -           replicas
local.retention.bytes                    long     -2          -2..
local.retention.ms                       long     -2          -2..
max.compaction.lag.ms                    long     max         1..
max.message.bytes                        int      1048588     0..
message.downconversion.enable            boolean  true
message.format.version                   string   3.0-IV1     version
message.timestamp.after.max.ms           long     max         0..
message.timestamp.before.max.ms          long     max         0..
message.timestamp.difference.max.ms      long     max         0..
message.timestamp.type                   string   CreateTime  timestamp
min.cleanable.dirty.ratio                double   0.5         0..1
min.compaction.lag.ms                    long     0           0..
min.insync.replicas                      int      1           1..
preallocate                              boolean  false
remote.log.copy.disable                  boolean  false
remote.log.delete.on.disable             boolean  false
remote.storage.enable                    boolean  false
retention.bytes                          long     -1
retention.ms                             long     604800000   -1..
segment.bytes                            int      1073741824  14..
segment.index.bytes                      int      10485760    4..
segment.jitter.ms                        long     0           0..
segment.ms                               long     604800000   1..
unclean.leader.election.enable           boolean  false
"""
"""Name, type, default and rule (settings.parse_rule)."""

_BROKER_NAMES = """
cleanup.policy                       log.cleanup.policy
compression.gzip.level               compression.gzip.level
compression.lz4.level                compression.lz4.level
compression.type                     compression.type
compression.zstd.level               compression.zstd.level
delete.retention.ms                  log.cleaner.delete.retention.ms
file.delete.delay.ms                 log.segment.delete.delay.ms
flush.messages                       log.flush.interval.messages
flush.ms                             log.flush.interval.ms
index.interval.bytes                 log.index.interval.bytes
local.retention.bytes                log.local.retention.bytes
local.retention.ms                   log.local.retention.ms
max.compaction.lag.ms                log.cleaner.max.compaction.lag.ms
max.message.bytes                    message.max.bytes
message.downconversion.enable        log.message.downconversion.enable
message.format.version               log.message.format.version
message.timestamp.after.max.ms       log.message.timestamp.after.max.ms
message.timestamp.before.max.ms      log.message.timestamp.before.max.ms
message.timestamp.difference.max.ms  log.message.timestamp.difference.max.ms
message.timestamp.type               log.message.timestamp.type
min.cleanable.dirty.ratio            log.cleaner.min.cleanable.ratio
min.compaction.lag.ms                log.cleaner.min.compaction.lag.ms
min.insync.replicas                  min.insync.replicas
preallocate                          log.preallocate
retention.bytes                      log.retention.bytes
retention.ms                         log.retention.ms
segment.bytes                        log.segment.bytes
segment.index.bytes                  log.index.size.max.bytes
segment.jitter.ms                    log.roll.jitter.ms
segment.ms                           log.roll.ms
unclean.leader.election.enable       unclean.leader.election.enable
"""
"""Settings of topics, and the broker's that stand in for them."""

_RULES = {
    "codec": "uncompressed|zstd|lz4|snappy|gzip|producer",
    "timestamp": "CreateTime|LogAppendTime",
}

ONLY_BEFORE_4 = (
    "message.downconversion.enable",
    "message.format.version",
    "message.timestamp.difference.max.ms",
)

_PAIRS = [line.split() for line in _BROKER_NAMES.strip().splitlines()]

BROKER_NAME = {pair[0]: pair[1] for pair in _PAIRS}
"""The broker's setting that gives topics their default."""


def topic_settings(dialect: KafkaDialect) -> dict[str, Setting]:
    """Return every setting that topics have in this version, in the order of their names."""
    settings = {}
    for line in _TABLE.strip().splitlines():
        name, kind, default, *rest = line.split()
        rule = rest[0] if rest else ""
        setting = parse_rule(name, kind, default, _RULES.get(rule, rule))
        setting = replace(setting, strict_lists=dialect.strict_lists)
        if name == "message.timestamp.after.max.ms":
            setting = replace(setting, default=str(dialect.timestamp_after_max_ms))
        if name == "segment.bytes":
            setting = replace(setting, least=dialect.least_segment_bytes)
        if name not in ONLY_BEFORE_4 or dialect.old_topic_settings:
            settings[name] = setting
    return settings


class TopicSettings:
    """The settings of one topic: those that were given, and defaults for all others."""

    def __init__(
        self,
        known: Mapping[str, Setting],
        given: Mapping[str, str],
        defaults: Mapping[str, Value] | None = None,
    ) -> None:
        """`defaults` are the broker's, by the topic's names. Raises Refused, INVALID_CONFIG."""
        self.known = known
        self.given = dict(given)
        for name in self.given:
            if name not in known:
                raise Refused(ErrorCode.INVALID_CONFIG, f"Unknown topic config name: {name}")
        self._values: dict[str, Value] = {}
        for name, setting in known.items():
            if name in self.given:
                self._values[name] = setting.parse(self.given[name])
            elif defaults is not None and name in defaults:
                self._values[name] = defaults[name]
            else:
                self._values[name] = setting.parse(setting.default or "")
        self._check_together()
        policies = self._values["cleanup.policy"]
        assert isinstance(policies, tuple)
        self.compacted = "compact" in policies
        self.deleted = "delete" in policies
        self.max_message_octets = self.number("max.message.bytes")
        log_append = self._values["message.timestamp.type"] == "LogAppendTime"
        self.timestamp_type = LOG_APPEND_TIME if log_append else CREATE_TIME
        self.before_max_ms, self.after_max_ms = self._timestamp_bounds()
        codec = str(self._values["compression.type"])
        self.compression = {"producer": None, "uncompressed": 0}.get(
            codec, COMPRESSIONS.index(codec) if codec in COMPRESSIONS else None
        )
        """Index in COMPRESSIONS of what batches are stored with; None keeps the producer's."""

    def _check_together(self) -> None:
        shortest, longest = "min.compaction.lag.ms", "max.compaction.lag.ms"
        if self.number(shortest) > self.number(longest):
            raise Refused(
                ErrorCode.INVALID_CONFIG,
                f"conflict topic config setting {shortest} ({self.number(shortest)}) > "
                f"{longest} ({self.number(longest)})",
            )
        if self._values["remote.storage.enable"]:
            raise Refused(
                ErrorCode.INVALID_CONFIG,
                "Tiered Storage functionality is disabled in the broker. Topic cannot be "
                "configured with remote log storage.",
            )

    def _timestamp_bounds(self) -> tuple[int, int]:
        """How far a record's timestamp may lie before and after the present. The deprecated setting
        counts for whichever of the two has its default (LogConfig of 3.9)."""
        bounds = [self.number(f"message.timestamp.{side}.max.ms") for side in ("before", "after")]
        old = self._values.get("message.timestamp.difference.max.ms")
        if isinstance(old, int):
            bounds = [old if bound == UNLIMITED else bound for bound in bounds]
        return bounds[0], bounds[1]

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def number(self, name: str) -> int:
        """Return the value of a setting that is an integer."""
        value = self._values[name]
        assert isinstance(value, int)
        return value

    def fraction(self, name: str) -> float:
        """Return the value of a setting that is a fraction."""
        value = self._values[name]
        assert isinstance(value, float)
        return value
