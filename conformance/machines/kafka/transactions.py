"""Transactions on two transactional ids, each with two instances of which one becomes a zombie.

An instance "x1" is somebody who writes under the transactional id x and knows what it was told; its
requests may also claim to come from others (`who`). Partitions are "a" and "b", groups "g1" and
"g2".

Where Kafka leaves things to chance, histories keep away from it, so that what remains must be
equal:

- EndTxn is answered before the markers are written: each observation waits until they are.
- Transactions have far more time than a history takes.
- Records without a transaction come only from who was given the identity: with a larger epoch they
  keep the markers of the open transaction out of the log for ever.
- Before 4.0 nobody writes in a larger epoch than was given: a log where the transaction is open
  takes it, then refuses the marker, and the coordinator tries again for ever.
- How many partitions __consumer_offsets has is a setting: both groups are in the same one.
- Which aborted transactions a fetch lists beyond the records that it returns is open: where the log
  is cut for a fetch depends on its index.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from conformance.machines.kafka.transaction_subject import (
    IDS,
    INSTANCES,
    NONE_SUCH,
    PARTITIONS,
    WHO,
)
from conformance.machines.machine import DifferentialMachine, Drawn, drawn, mostly, weighted

B = st.booleans()
NTH = st.integers(0, 7)
ON = st.sampled_from(["x1", "x2", *INSTANCES])
ANYBODY = weighted((3, st.just("own")), (2, st.sampled_from(WHO)))
BEFORE = weighted((3, st.just("own")), (2, st.just("earlier")), (3, st.sampled_from(WHO)))
P = st.sampled_from(["a", *PARTITIONS])
G = st.sampled_from(["g1", "g1", "g2"])
STATES = st.sampled_from(
    [[], [], ["Ongoing"], ["Empty", "CompleteAbort"], ["CompleteCommit", "Nowhere"]]
)

INIT_VERSIONS = st.sampled_from([4, 4, 5, 3, 2, 1, 0])
ADD_VERSIONS = st.sampled_from([3, 3, 2, 1, 0])
PRODUCE_VERSIONS = st.sampled_from([11, 11, 12, 12, 12, 13, 9, 5])
END_VERSIONS = st.sampled_from([4, 4, 5, 5, 5, 3, 1])
OFFSET_VERSIONS = st.sampled_from([4, 4, 5, 5, 5, 3, 2])


def _asked(name: str, **arguments: Any) -> st.SearchStrategy[Drawn]:
    """What somebody who has a transaction asks for, or anybody."""
    return weighted(
        (3, drawn(name, nth=NTH, who="own", **arguments)),
        (2, drawn(name, on=ON, who=ANYBODY, **arguments)),
    )


_BATCH: dict[str, Any] = {
    "count": st.integers(1, 2),
    "sequence": st.sampled_from(["next"] * 5 + ["repeat", "gap", "zero"]),
    "version": PRODUCE_VERSIONS,
    "transactional": mostly(st.just(True), False),
}
TIMEOUTS_MS = mostly(st.just(60_000), 50_000, 900_001, 0)

AGAIN = st.sampled_from([True, True, False])

INIT = weighted(
    (
        1,
        drawn(
            "init_producer",
            on=ON,
            who="",
            timeout_ms=TIMEOUTS_MS,
            version=INIT_VERSIONS,
            again=AGAIN,
        ),
    ),
    (
        1,
        drawn(
            "init_producer",
            on=ON,
            who=BEFORE,
            timeout_ms=60_000,
            version=st.sampled_from([4, 4, 3, 5]),
            again=AGAIN,
        ),
    ),
)
ADD_PARTITIONS_OPERATION = _asked(
    "add_partitions",
    partitions=mostly(
        st.sampled_from([["a"], ["b"], ["a", "b"]]), [NONE_SUCH], ["a", NONE_SUCH], []
    ),
    version=ADD_VERSIONS,
)
PRODUCE_OPERATION = weighted(
    (3, drawn("produce", nth=NTH, who="own", **_BATCH)),
    (3, drawn("produce", on=ON, who=ANYBODY, partition=mostly(P, NONE_SUCH), **_BATCH)),
)
COMMIT_OFFSET = _asked(
    "commit_offset",
    group=mostly(G, ""),
    partition=mostly(P, NONE_SUCH),
    offset=st.integers(0, 3),
    member=mostly(st.just(["", -1]), ["m", 1], ["m", -1], ["", 0]),
    version=OFFSET_VERSIONS,
)
OPERATIONS = weighted(
    (8, PRODUCE_OPERATION),
    (5, COMMIT_OFFSET),
    (4, ADD_PARTITIONS_OPERATION),
    (4, INIT),
    (1, drawn("describe_producers", partition=P)),
    (1, drawn("read", partition=P, offset=st.integers(0, 9), committed=B)),
    (1, drawn("list_transactions", states=STATES)),
    (1, drawn("commit_outside", group=G, partition=P, offset=st.integers(4, 6))),
    (3, _asked("add_offsets", group=G, version=st.sampled_from([3, 4, 1, 0]))),
    (5, _asked("end_txn", commit=B, version=END_VERSIONS)),
)
"""Hypothesis draws the first and the last of many more often than the others."""

FIRST_INSTANCES = st.sampled_from([["x1", "x2"], ["x1", "x2", "y1"], ["x1", "y1"], ["x1"]])


class TransactionsMachine(DifferentialMachine):
    """Draws histories of `TransactionsSubject`. One rule draws all operations, because of several
    rules Hypothesis leaves out about half in each history."""

    @initialize(instances=FIRST_INSTANCES)
    def build(self, instances: list[str]) -> None:
        """Two partitions, two groups, and who writes."""
        self.step("build")
        for instance in instances:
            self._begin(instance)

    def _begin(self, instance: str) -> None:
        self.step("init_producer", on=instance, who="", timeout_ms=60_000, version=4, again=True)

    @rule(operation=OPERATIONS)
    def operate(self, operation: Drawn) -> None:
        """Anything, at any time."""
        self.draw(operation)

    def sweep(self) -> None:
        """What is open ends by new instances; then all that can be read."""
        for letter in IDS:
            self._begin(f"{letter}1")
        self.step("list_transactions", states=[])
        for partition in PARTITIONS:
            for committed in (True, False):
                self.step("read", partition=partition, offset=0, committed=committed)
            self.step("describe_producers", partition=partition)
