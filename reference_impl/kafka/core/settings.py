"""What a setting of Kafka is: a name, a type, a default, and the values that it may have.

Source: ConfigDef (parsing, validators and their texts) and observation of Kafka 3.9.2 and 4.3.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from reference_impl.kafka.errors import ErrorCode, Refused

Value = int | float | bool | str | tuple[str, ...] | None


class SettingType(IntEnum):
    """The config_type of DescribeConfigs."""

    UNKNOWN = 0
    BOOLEAN = 1
    STRING = 2
    INT = 3
    SHORT = 4
    LONG = 5
    DOUBLE = 6
    LIST = 7


_BITS = {SettingType.SHORT: 15, SettingType.INT: 31, SettingType.LONG: 63}

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FRACTION = re.compile(
    r"[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?)", re.ASCII
)
_THROTTLED_REPLICA = re.compile(r"[0-9]+:[0-9]+", re.ASCII)

_VERSION = re.compile(r"[0-9]+\.[0-9]+(\.[0-9]+)?(-IV[0-9]+)?", re.ASCII)

FORMAT_VERSION = "version"
"""The rule of settings that name a version of Kafka."""

THROTTLED_REPLICAS = "replicas"
"""The rule of lists of partition:broker, of which "*" means all."""


@dataclass(frozen=True)
class Setting:
    """One setting. `least` and `most` bound a number, `extra` is a number allowed beside them.

    `default` is None where there is none. `dynamic`: can be changed while the broker runs.
    """

    name: str
    type: SettingType
    default: str | None
    least: int | None = None
    most: int | None = None
    extra: int | None = None
    allowed: tuple[str, ...] = ()
    rule: str = ""
    dynamic: bool = True
    strict_lists: bool = True
    """Whether a list must not have empty values, and loses repeated ones (KIP-1161)."""

    def parse(self, text: str) -> Value:
        """Return the value that a text means. Raises Refused with INVALID_CONFIG."""
        text = text.strip()
        if self.type == SettingType.BOOLEAN:
            if text.lower() not in ("true", "false"):
                raise self._refused(text, "Expected value to be either true or false")
            return text.lower() == "true"
        if self.type == SettingType.LIST:
            return self._parse_list(text)
        if self.type == SettingType.STRING:
            self._check_allowed(text)
            if self.rule == FORMAT_VERSION and not _VERSION.fullmatch(text):
                raise self._refused(text, f"Version {text} is not a valid version")
            return text
        return self._parse_number(text)

    def _parse_list(self, text: str) -> tuple[str, ...]:
        values = [part.strip() for part in text.split(",")] if text else []
        if self.strict_lists:
            if "" in values:
                raise Refused(
                    ErrorCode.INVALID_CONFIG,
                    f"Configuration '{self.name}' values must not be empty.",
                )
            values = list(dict.fromkeys(values))
        for value in values:
            self._check_allowed(value)
        if self.rule == THROTTLED_REPLICAS and not (
            values == ["*"] or all(_THROTTLED_REPLICA.fullmatch(value) for value in values)
        ):
            raise self._refused(
                f"[{', '.join(values)}]",
                f"{self.name} must be the literal '*' or a list of replicas in the following "
                "format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
            )
        return tuple(values)

    def _parse_number(self, text: str) -> int | float:
        refused = self._refused(text, f"Not a number of type {self.type.name}")
        number: int | float
        if self.type == SettingType.DOUBLE:
            if not _FRACTION.fullmatch(text):
                raise refused
            number = float(text.rstrip("fFdD"))
        else:
            if not _WHOLE_NUMBER.fullmatch(text):
                raise refused
            number = int(text)
            bits = _BITS[self.type]
            if not -(2**bits) <= number < 2**bits:
                raise refused
        self._check_range(number)
        return number

    def _check_range(self, number: int | float) -> None:
        if self.extra is not None and number == self.extra:
            return
        if self.extra is not None and not (self.least or 0) <= number <= (self.most or 0):
            raise self._refused(
                number,
                f"Value must be between {self.least} and {self.most} or equal to {self.extra}",
            )
        if self.least is not None and number < self.least:
            raise self._refused(number, f"Value must be at least {self.least}")
        if self.most is not None and number > self.most:
            raise self._refused(number, f"Value must be no more than {self.most}")

    def _check_allowed(self, value: str) -> None:
        if self.allowed and value not in self.allowed:
            raise self._refused(value, f"String must be one of: {', '.join(self.allowed)}")

    def _refused(self, value: object, reason: str) -> Refused:
        text = f"Invalid value {value} for configuration {self.name}: {reason}"
        return Refused(ErrorCode.INVALID_CONFIG, text)


def shown(value: Value) -> str | None:
    """The text by which DescribeConfigs shows a value."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value)
    if value != value:
        return "NaN"
    return str(value)


def parse_rule(name: str, kind: str, default: str, rule: str) -> Setting:
    """Return the setting of a row of a table.

    `default` is "-" for the empty text, "null" for none, "max" for the largest of its type. `rule`
    is "" or "LEAST..MOST", of which each may be missing, "LEAST..MOST|EXTRA", "a|b|c", or
    one of the named rules above. "a|" allows only a.
    """
    type_ = SettingType[kind.upper()]
    largest = str(2 ** _BITS.get(type_, 0) - 1)
    texts: dict[str, str | None] = {"-": "", "null": None, "max": largest}
    least = most = extra = None
    allowed: tuple[str, ...] = ()
    if ".." in rule:
        bounds, _, other = rule.partition("|")
        low, _, high = bounds.partition("..")
        least, most = int(low) if low else None, int(high) if high else None
        extra = int(other) if other else None
    elif "|" in rule:
        allowed = tuple(filter(None, rule.split("|")))
    return Setting(
        name, type_, texts.get(default, default), least, most, extra, allowed,
        rule if rule in (THROTTLED_REPLICAS, FORMAT_VERSION) else "",
    )  # fmt: skip
