"""Settings of the broker: those that the reference heeds or that clients look at.

A value comes from the first of these that has it: set for this broker while it runs, set for all
brokers while they run, given at the start, default (KIP-226).

Source: KafkaConfig, DynamicBrokerConfig, ConfigHelper; names, types, defaults and which can be
changed were compared with DescribeConfigs of Kafka 3.9.2 and 4.3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import IntEnum

from reference_impl.errors import ConfigurationError
from reference_impl.kafka.core.configs import BROKER_NAME, topic_settings
from reference_impl.kafka.core.settings import Setting, SettingType, Value, parse_rule
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.versions import KafkaDialect

_TABLE = """
auto.create.topics.enable            boolean true
default.replication.factor           int     1
delete.topic.enable                  boolean true
fetch.max.bytes                      int     57671680   1024..
group.consumer.heartbeat.interval.ms int     5000       1..
group.consumer.max.heartbeat.interval.ms int 15000      1..
group.consumer.max.session.timeout.ms int    60000      1..
group.consumer.max.size              int     max        1..
group.consumer.min.heartbeat.interval.ms int 5000       1..
group.consumer.min.session.timeout.ms int    45000      1..
group.consumer.session.timeout.ms    int     45000      1..
group.initial.rebalance.delay.ms     int     3000
group.max.session.timeout.ms         int     1800000
group.max.size                       int     max        1..
group.min.session.timeout.ms         int     6000
log.cleaner.backoff.ms               long    15000      0..                   dynamic
log.cleaner.enable                   boolean true
log.flush.scheduler.interval.ms      long    max
log.initial.task.delay.ms            long    30000      0..
log.retention.check.interval.ms      long    300000     1..
log.retention.hours                  int     168
log.retention.minutes                int     null
log.roll.hours                       int     168        1..
log.roll.jitter.hours                int     0          0..
max.incremental.fetch.session.cache.slots int 1000      0..
max.request.partition.size.limit     int     2000       1..
num.partitions                       int     1          1..
offset.metadata.max.bytes            int     4096
offsets.retention.check.interval.ms  long    600000     1..
offsets.retention.minutes            int     10080      1..
offsets.topic.num.partitions         int     50         1..
offsets.topic.replication.factor     short   3          1..
producer.id.expiration.ms            int     86400000   1..                   dynamic
sasl.server.max.receive.size         int     524288
share.coordinator.state.topic.min.isr             short 2 1..
share.coordinator.state.topic.replication.factor  short 3 1..
socket.request.max.bytes             int     104857600  1..
transaction.abort.timed.out.transaction.cleanup.interval.ms int 10000 1..
transaction.max.timeout.ms           int     900000     1..
transaction.partition.verification.enable boolean true  .                     dynamic
transaction.state.log.min.isr        int     2          1..
transaction.state.log.num.partitions int     50         1..
transaction.state.log.replication.factor short 3        1..
transactional.id.expiration.ms       int     604800000  1..
"""
"""Name, type, default, rule (settings.parse_rule; "." for none), and which can be changed; besides
these there are those that give topics their defaults."""

HOUR_MS, MINUTE_MS = 3_600_000, 60_000

_STAND_INS = {
    "log.retention.ms": (("log.retention.minutes", MINUTE_MS), ("log.retention.hours", HOUR_MS)),
    "log.roll.ms": (("log.roll.hours", HOUR_MS),),
    "log.roll.jitter.ms": (("log.roll.jitter.hours", HOUR_MS),),
    "log.flush.interval.ms": (("log.flush.scheduler.interval.ms", 1),),
}
"""Where a setting without a value gets one from, and what that is multiplied with."""

ONLY_PER_BROKER = ("advertised.listeners", "listeners")


class Source(IntEnum):
    """The config_source of DescribeConfigs."""

    TOPIC = 1
    BROKER = 2
    CLUSTER = 3
    STATIC = 4
    DEFAULT = 5


def broker_settings(dialect: KafkaDialect) -> dict[str, Setting]:
    """Return every setting of brokers that is known, by name."""
    settings: dict[str, Setting] = {}
    for line in _TABLE.strip().splitlines():
        name, kind, text, *rest = line.split()
        rule = rest[0] if rest and rest[0] != "." else ""
        settings[name] = replace(parse_rule(name, kind, text, rule), dynamic=rest[1:] != [])
    for topic_name, setting in topic_settings(dialect).items():
        if topic_name in BROKER_NAME:
            name = BROKER_NAME[topic_name]
            fixed = name == "log.message.format.version"
            settings[name] = replace(
                setting,
                name=name,
                default=None if name in _STAND_INS else setting.default,
                dynamic=not fixed,
            )
    type_ = SettingType.LIST if dialect.listeners_are_lists else SettingType.STRING
    settings["listeners"] = Setting("listeners", type_, "PLAINTEXT://:9092")
    settings["advertised.listeners"] = Setting(
        "advertised.listeners", type_, None, dynamic=not dialect.listeners_are_lists
    )
    return dict(sorted(settings.items()))


class BrokerSettings:
    """The settings of a broker in their layers."""

    def __init__(self, dialect: KafkaDialect, given: Mapping[str, str]) -> None:
        """`given` is what a file of properties would hold. Raises ConfigurationError."""
        self._set_text = dialect.set_text
        self.known = broker_settings(dialect)
        self.static = dict(given)
        self.cluster: dict[str, str] = {}
        self.broker: dict[str, str] = {}
        if dialect.replicas_cluster_wide:
            self.cluster["min.insync.replicas"] = "1"
        unknown = sorted(set(given) - set(self.known))
        if unknown:
            raise ConfigurationError(
                f"there is no Kafka setting {', '.join(unknown)} here; known are "
                f"{', '.join(self.known)}"
            )
        try:
            self._values = self._merge(self.cluster, self.broker)
        except Refused as refused:
            raise ConfigurationError(f"Kafka settings: {refused.text}") from None
        if self.number("default.replication.factor") != 1:
            raise ConfigurationError("default.replication.factor must be 1: there is one broker")

    def _merge(self, cluster: Mapping[str, str], broker: Mapping[str, str]) -> dict[str, Value]:
        """Return the value of every setting. Raises Refused with INVALID_CONFIG."""
        texts = {**self.static, **cluster, **broker}
        values: dict[str, Value] = {}
        for name, setting in self.known.items():
            text = texts.get(name, setting.default)
            values[name] = None if text is None else setting.parse(text)
        return values

    def listens_at(self, address: str) -> None:
        """The server says where clients reach the broker, as "PLAINTEXT://host:port"."""
        self.static.update(dict.fromkeys(ONLY_PER_BROKER, address))
        self._values = self._merge(self.cluster, self.broker)

    # -- reading ----------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def number(self, name: str) -> int:
        """Return the value of a setting that is an integer and has one."""
        value = self._values[name]
        assert isinstance(value, int)
        return value

    def is_on(self, name: str) -> bool:
        """Return the value of a setting that is a boolean."""
        return self._values[name] is True

    def topic_defaults(self) -> dict[str, Value]:
        """Return what topics have that were not given anything else, by their names."""
        return {
            topic_name: self._standing_in(name)
            for topic_name, name in BROKER_NAME.items()
            if name in self.known
        }

    def _standing_in(self, name: str) -> Value:
        value = self._values[name]
        for other, factor in _STAND_INS.get(name, ()):
            if value is None and (instead := self._values[other]) is not None:
                assert isinstance(instead, int)
                value = instead * factor if instead >= 0 else instead
        return value

    def origins(self, name: str) -> list[tuple[str, str | None, Source]]:
        """Return where a setting has its value from: (name, text, source), the first one counts.

        Stand-ins are shown after the setting itself, and not without it.
        """
        names = [name, *(other for other, _ in _STAND_INS.get(name, ()))]
        defaults = {one: self.known[one].default for one in names if one in self.known}
        layers: list[tuple[Source, Mapping[str, str | None]]] = [
            (Source.BROKER, dict(self.broker)),
            (Source.CLUSTER, dict(self.cluster)),
            (Source.STATIC, dict(self.static)),
            (Source.DEFAULT, defaults),
        ]
        found = [
            (one, layer[one], source)
            for source, layer in layers
            for one in names
            if layer.get(one) is not None
        ]
        while found and found[0][0] != name:
            del found[0]
        return found

    # -- changing ---------------------------------------------------------------------------

    def layer(self, *, per_broker: bool) -> dict[str, str]:
        """The settings that were set while the broker runs: for it, or for all brokers."""
        return self.broker if per_broker else self.cluster

    def check(self, changed: Mapping[str, str], *, per_broker: bool) -> None:
        """Raise Refused unless a layer may be this. What is not known is accepted, as in Kafka,
        which keeps it for plug-ins."""
        fixed = [name for name in changed if name in self.known and not self.known[name].dynamic]
        if fixed:
            names = self._set_text.format(", ".join(fixed))
            raise Refused(
                ErrorCode.INVALID_REQUEST, f"Cannot update these configs dynamically: {names}"
            )
        misplaced = [name for name in changed if name in ONLY_PER_BROKER]
        if misplaced and not per_broker:
            names = self._set_text.format(", ".join(misplaced))
            raise Refused(
                ErrorCode.INVALID_REQUEST,
                "Cannot update these configs at default cluster level, broker id must be "
                f"specified: {names}",
            )
        try:
            self._merge(
                self.cluster if per_broker else changed, changed if per_broker else self.broker
            )
        except Refused as refused:
            raise Refused(ErrorCode.INVALID_REQUEST, refused.text) from None

    def change(self, changed: Mapping[str, str], *, per_broker: bool) -> None:
        """Put what was checked in place of a layer."""
        layer = self.layer(per_broker=per_broker)
        layer.clear()
        layer.update(changed)
        self._values = self._merge(self.cluster, self.broker)
