"""Random histories of transactions: several instances of the same ids, timeouts, two partitions.

The model knows who is current and what each transaction wrote, and nothing of epochs.
"""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reference_impl.kafka.core.transaction import ProducerIdentity
from reference_impl.kafka.errors import ErrorCode
from tests.reference_impl.kafka.writer import Writer
from tests.reference_impl.strategies import quick

IDS = ("x", "y")
TIMEOUT_MS = 1000


class Instance:
    """A client with an identity that may have been taken from it."""

    def __init__(self, name: str, producer: ProducerIdentity) -> None:
        self.name = name
        self.producer = producer
        self.sequences = [0, 0]


class Histories(RuleBasedStateMachine):
    """`pending` are the values of open transactions, by id and partition."""

    instances = Bundle("instances")
    new_clients = False

    def __init__(self) -> None:
        super().__init__()
        self.writer = Writer()
        self.current: dict[str, Instance] = {}
        self.started_ms: dict[str, int] = {}
        self.pending: dict[str, tuple[list[bytes], list[bytes]]] = {}
        self.committed: tuple[set[bytes | None], set[bytes | None]] = (set(), set())
        self.count = 0

    def _end(self, name: str, *, commit: bool) -> None:
        self.started_ms.pop(name, None)
        for committed, values in zip(self.committed, self.pending.pop(name, ()), strict=False):
            if commit:
                committed.update(values)

    def _is_current(self, instance: Instance) -> bool:
        return self.current.get(instance.name) is instance

    @rule(target=instances, name=st.sampled_from(IDS))
    def start(self, name: str) -> Instance:
        code, producer = self.writer.init(name, timeout_ms=TIMEOUT_MS)
        if code is ErrorCode.CONCURRENT_TRANSACTIONS:
            assert name in self.started_ms
            self._end(name, commit=False)
            code, producer = self.writer.init(name, timeout_ms=TIMEOUT_MS)
        assert code is ErrorCode.NONE
        assert name not in self.started_ms
        self.current[name] = Instance(name, producer)
        return self.current[name]

    @rule(instance=instances, partition=st.integers(0, 1))
    def write(self, instance: Instance, partition: int) -> None:
        self.count += 1
        value = b"%d" % self.count
        name, producer = instance.name, instance.producer
        if not self.new_clients:
            (added,) = self.writer.add(producer, partition, transactional_id=name)
            assert (added is ErrorCode.NONE) == self._is_current(instance)
        code, _ = self.writer.produce(
            producer,
            instance.sequences[partition],
            value,
            partition=partition,
            transactional_id=name,
            version=12 if self.new_clients else 9,
        )
        assert (code is ErrorCode.NONE) == self._is_current(instance)
        if code is ErrorCode.NONE:
            instance.sequences[partition] += 1
            self.started_ms.setdefault(name, self.writer.clock.now_ms())
            self.pending.setdefault(name, ([], []))[partition].append(value)

    @rule(instance=instances, commit=st.booleans())
    def end(self, instance: Instance, commit: bool) -> None:
        name = instance.name
        ends = self._is_current(instance) and name in self.started_ms
        code, after = self.writer.end(
            instance.producer,
            commit=commit,
            transactional_id=name,
            version=5 if self.new_clients else 3,
        )
        if ends:
            assert code is ErrorCode.NONE
            self._end(name, commit=commit)
        if self.new_clients and code is ErrorCode.NONE and self._is_current(instance):
            instance.producer, instance.sequences = after, [0, 0]

    @precondition(lambda self: self.started_ms)
    @rule(ms=st.sampled_from([TIMEOUT_MS // 2, TIMEOUT_MS]))
    def wait(self, ms: int) -> None:
        self.writer.clock.advance(ms)
        for name, started_ms in list(self.started_ms.items()):
            if started_ms + TIMEOUT_MS <= self.writer.clock.now_ms():
                self._end(name, commit=False)
                del self.current[name]

    @rule(instance=instances)
    def ask_again(self, instance: Instance) -> None:
        """Whoever lost its identity by a timeout may get a new one, if nobody else has."""
        name = instance.name
        code, producer = self.writer.init(name, timeout_ms=TIMEOUT_MS, expected=instance.producer)
        if code is ErrorCode.CONCURRENT_TRANSACTIONS:
            assert name in self.started_ms
            self._end(name, commit=False)
            del self.current[name]
        elif code is ErrorCode.NONE:
            assert name not in self.started_ms
            instance.producer, instance.sequences = producer, [0, 0]
            self.current[name] = instance
        else:
            assert not self._is_current(instance)

    @invariant()
    def only_what_was_committed_is_seen(self) -> None:
        for partition in (0, 1):
            seen = self.writer.committed_values(partition)
            assert len(seen) == len(set(seen))
            assert set(seen) <= self.committed[partition]
            if not self.started_ms:
                assert set(seen) == self.committed[partition]

    @invariant()
    def states_are_those_of_the_model(self) -> None:
        for name in self.current:
            ongoing = self.writer.describe(name)["transaction_state"] == "Ongoing"
            assert ongoing == (name in self.started_ms)


class HistoriesOfNewClients(Histories):
    """Produce adds partitions, and each transaction ends with a new epoch (KIP-890)."""

    new_clients = True


LONG_ENOUGH = settings(quick, max_examples=25, stateful_step_count=25)


@pytest.mark.slow
def test_histories_of_old_clients() -> None:
    run_state_machine_as_test(Histories, settings=LONG_ENOUGH)


@pytest.mark.slow
def test_histories_of_new_clients() -> None:
    run_state_machine_as_test(HistoriesOfNewClients, settings=LONG_ENOUGH)
