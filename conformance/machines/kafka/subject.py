"""A Kafka in a comparison: two clients, one that carries operations out and one that looks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.readiness import probe
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.transcript import Line
from conformance.errors import BrokenPromise, ConnectionClosed
from conformance.machines.operation import Operation
from conformance.machines.subject import Data, Subject
from conformance.targets.model import Target


class KafkaSubject(Subject):
    """Has partitions and symbols; subclasses have the operations. Partitions are taken from topics
    of several, because creating a topic takes a real broker longer than a history."""

    protocol = "kafka"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.identity = probe(target)
        unique = f"tck-{secrets.token_hex(4)}-"
        self.tester = KafkaTester(target, unique)
        self.looker = KafkaTester(target, unique)
        self.prefix = ""
        self._forget()

    def _forget(self) -> None:
        self._symbols: dict[str, str] = {}
        """By what the broker made up."""

    # -- life of a history ------------------------------------------------------------------

    def begin(self, prefix: str) -> None:
        self._forget()
        self.prefix = prefix
        self.tester.begin_example()
        self.looker.begin_example()

    def end(self) -> None:
        """Nobody else writes to the partitions of a history; topics go when all is over."""

    def close(self) -> None:
        self.looker.close()
        self.tester.close()

    # -- names ------------------------------------------------------------------------------

    def looking(self, partition: Partition) -> Partition:
        """The same partition, asked by the client that looks."""
        return Partition(self.looker, partition.topic, partition.topic_id, partition.index)

    def name_generated(self, value: object, letter: str) -> str:
        """The symbol of what the broker made up, such as a producer id; made if it is new."""
        taken = sum(symbol[0] == letter for symbol in self._symbols.values())
        return self._symbols.setdefault(str(value), f"{letter}{taken + 1}")

    def symbolic(self, value: Any) -> Data:
        if isinstance(value, bytes):
            return self.symbolic(value.decode(errors="backslashreplace"))
        if isinstance(value, str):
            return self._symbols.get(value, value).replace(self.prefix, "")
        if isinstance(value, Mapping):
            return {self.symbolic(key): self.symbolic(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.symbolic(item) for item in value]
        return value

    # -- operations -------------------------------------------------------------------------

    def failed(self, operation: Operation, error: BrokenPromise) -> Data:
        if isinstance(error, ConnectionClosed):
            return ["connection closed"]
        return ["broken", self.symbolic(str(error))]

    # -- observing --------------------------------------------------------------------------

    def settled(self) -> None:
        """Nothing arrives that was not asked for."""

    def lines(self) -> list[Line]:
        return self.tester.transcript.lines()
