"""Settings of topics: names, types, defaults, and what values are allowed.

Source: TopicConfig and LogConfig of Kafka 3.9.2 and 4.3.1; ConfigDef for how texts are parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.record.batches import COMPRESSIONS, CREATE_TIME, LOG_APPEND_TIME
from reference_impl.kafka.versions import DIALECTS, KafkaDialect

LONG_MAX = 2**63 - 1

Value = int | float | bool | str | tuple[str, ...]

_TABLE = """
cleanup.policy                           list     delete      compact|delete
compression.gzip.level                   int      -1          -1
compression.lz4.level                    int      9           1
compression.type                         string   producer    a|codec
compression.zstd.level                   int      3           -131072
delete.retention.ms                      long     86400000    0
file.delete.delay.ms                     long     60000       0
flush.messages                           long     max         1
flush.ms                                 long     max         0
follower.replication.throttled.replicas  list     -
index.interval.bytes                     int      4096        0
leader.replication.throttled.replicas    list     -
local.retention.bytes                    long     -2          -2
local.retention.ms                       long     -2          -2
max.compaction.lag.ms                    long     max         1
max.message.bytes                        int      1048588     0
message.downconversion.enable            boolean  true        3.9
message.format.version                   string   3.0-IV1     3.9
message.timestamp.after.max.ms           long     max         0
message.timestamp.before.max.ms          long     max         0
message.timestamp.difference.max.ms      long     max         3.9
message.timestamp.type                   string   CreateTime  CreateTime|LogAppendTime
min.cleanable.dirty.ratio                double   0.5         0
min.compaction.lag.ms                    long     0           0
min.insync.replicas                      int      1           1
preallocate                              boolean  false
remote.copy.disable                      boolean  false
remote.log.delete.on.disable             boolean  false
remote.storage.enable                    boolean  false
retention.bytes                          long     -1
retention.ms                             long     604800000   -1
segment.bytes                            int      1073741824  14
segment.index.bytes                      int      10485760    4
segment.jitter.ms                        long     0           0
segment.ms                               long     604800000   1
unclean.leader.election.enable           boolean  false
"""
"""Name, type, default, and the least value, the allowed ones, or the only version."""


@dataclass(frozen=True)
class Setting:
    """One setting of topics. `least` is the smallest number allowed."""

    name: str
    type: str
    default: str
    least: int | None = None
    allowed: tuple[str, ...] = ()

    def parse(self, text: str) -> Value:
        """Return the value that a text means. Raises Refused with INVALID_CONFIG."""
        if self.type == "boolean":
            if text.strip().lower() not in ("true", "false"):
                raise self._refused(text, "Expected value to be either true or false")
            return text.strip().lower() == "true"
        if self.type == "list":
            values = tuple(part.strip() for part in text.split(",")) if text.strip() else ()
            for value in values:
                self._check_allowed(value)
            return values
        if self.type == "string":
            self._check_allowed(text)
            return text
        return self._parse_number(text)

    def _parse_number(self, text: str) -> int | float:
        try:
            number = float(text) if self.type == "double" else int(text.strip())
        except ValueError:
            raise self._refused(text, f"Not a number of type {self.type.upper()}") from None
        bits = {"int": 31, "long": 63}.get(self.type)
        if bits is not None and not -(2**bits) <= number < 2**bits:
            raise self._refused(text, f"Not a number of type {self.type.upper()}")
        if self.least is not None and number < self.least:
            raise self._refused(text, f"Value must be at least {self.least}")
        return number

    def _check_allowed(self, value: str) -> None:
        if self.allowed and value not in self.allowed:
            raise self._refused(value, f"String must be one of: {', '.join(self.allowed)}")

    def _refused(self, value: str, reason: str) -> Refused:
        text = f"Invalid value {value} for configuration {self.name}: {reason}"
        return Refused(ErrorCode.INVALID_CONFIG, text)


def topic_settings(dialect: KafkaDialect) -> dict[str, Setting]:
    """Return every setting that topics have in this version, in the order of their names."""
    settings = {}
    for line in _TABLE.strip().splitlines():
        name, kind, default, *rest = line.split()
        rule = rest[0] if rest else ""
        if rule in DIALECTS and rule != dialect.version:
            continue
        allowed = tuple(rule.split("|")) if "|" in rule else ()
        if allowed == ("a", "codec"):
            allowed = ("producer", "uncompressed", *COMPRESSIONS[1:])
        least = int(rule) if rule and not allowed and rule not in DIALECTS else None
        default = {"-": "", "max": str(LONG_MAX)}.get(default, default)
        settings[name] = Setting(name, kind, default, least, allowed)
    _adjust(settings, "message.timestamp.after.max.ms", default=dialect.timestamp_after_max_ms)
    _adjust(settings, "segment.bytes", least=dialect.least_segment_bytes)
    return settings


def _adjust(
    settings: dict[str, Setting], name: str, *, default: int | None = None, least: int | None = None
) -> None:
    old = settings[name]
    settings[name] = Setting(
        name,
        old.type,
        old.default if default is None else str(default),
        old.least if least is None else least,
        old.allowed,
    )


class TopicSettings:
    """The settings of one topic: those that were given, and defaults for all others."""

    def __init__(self, known: Mapping[str, Setting], given: Mapping[str, str]) -> None:
        """Raises Refused with INVALID_CONFIG."""
        self.known = known
        self.given = dict(given)
        self._values: dict[str, Value] = {}
        for name, text in self.given.items():
            if name not in known:
                raise Refused(ErrorCode.INVALID_CONFIG, f"Unknown topic config name: {name}")
            self._values[name] = known[name].parse(text)
        for name, setting in known.items():
            if name not in self._values:
                self._values[name] = setting.parse(setting.default)
        policies = self._values["cleanup.policy"]
        assert isinstance(policies, tuple)
        self.compacted = "compact" in policies
        self.deleted = "delete" in policies
        self.max_message_octets = self.number("max.message.bytes")
        log_append = self._values["message.timestamp.type"] == "LogAppendTime"
        self.timestamp_type = LOG_APPEND_TIME if log_append else CREATE_TIME
        self.before_max_ms = self.number("message.timestamp.before.max.ms")
        self.after_max_ms = self.number("message.timestamp.after.max.ms")
        codec = self._values["compression.type"]
        self.compression = {"producer": None, "uncompressed": 0}.get(
            str(codec), COMPRESSIONS.index(str(codec)) if codec in COMPRESSIONS else None
        )
        """Index in COMPRESSIONS of what batches are stored with; None keeps the producer's."""

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def number(self, name: str) -> int:
        """Return the value of a setting that is an integer."""
        value = self._values[name]
        assert isinstance(value, int)
        return value

    def text(self, name: str) -> str:
        """Return the value as it is shown: what was given, or the default."""
        return self.given.get(name, self.known[name].default)
