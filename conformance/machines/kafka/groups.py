"""Members of classic groups that join, sync, leave and commit, and administrators that look.

Clients A and B are dynamic members, C and D both have the instance id i1. Each has a connection
for what may have to wait, joins and syncs; everything else is answered at once on another one.
A client says what it was told last, its id and its generation, or something wrong on purpose.

Where Kafka leaves things to chance, histories keep away from it:

- Members stand in a hash map, by ids that the broker makes up. When the leader leaves, any other
  may follow; so it does not while two others would stay. Lists of members are put in order.
- Of protocols with the same number of votes any may win; all members like "a" better than "b".
- Time: sessions and rebalances end long after a history has. A group of which nothing is left
  goes when the broker sweeps, every ten minutes; a history that meets a sweep may show a difference
  that does not come again.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from conformance.drivers.kafka.groups import LONG_MS
from conformance.machines.kafka.group_subject import CLIENTS
from conformance.machines.machine import DifferentialMachine, Drawn, drawn, mostly, weighted

NTH = st.integers(0, 7)
ON = st.sampled_from(list(CLIENTS))
GROUP = mostly(st.just("g1"), "g2", "g2", "")
MEMBER = mostly(st.none(), "unknown", "none", "previous")
INSTANCE = mostly(st.none(), "none", "i1", "i2")
GENERATION = weighted((3, st.none()), (2, st.sampled_from(["last", "next", "none"])))
"""None stands for the client's own."""

PROTOCOLS = mostly(st.sampled_from(["ab", "ab", "a"]), "b", "c", "")
METADATA = mostly(st.just("t1"), "t9", "?", "")
TYPE = mostly(st.just("consumer"), "connect", "connect", "")
SESSION_MS = mostly(st.just(LONG_MS), 1, 2**31 - 1)
JOIN_VERSION = st.sampled_from([9, 9, 9, 5, 8, 3])

JOIN = drawn(
    "join",
    nth=NTH,
    group="g1",
    version=JOIN_VERSION,
    member=None,
    instance=None,
    protocols=PROTOCOLS,
    metadata=METADATA,
    protocol_type="consumer",
    session_ms=LONG_MS,
)
ODD_JOIN = drawn(
    "join",
    on=ON,
    group=GROUP,
    version=JOIN_VERSION,
    member=MEMBER,
    instance=INSTANCE,
    protocols=PROTOCOLS,
    metadata=METADATA,
    protocol_type=TYPE,
    session_ms=SESSION_MS,
)
ASSIGNED = st.sampled_from(["x", "y"])
EXTENT = mostly(st.just("all"), "first", "stranger", "none")
SYNC = drawn(
    "sync",
    nth=NTH,
    group="g1",
    member=None,
    instance=None,
    generation=None,
    protocol=None,
    assigned=ASSIGNED,
    extent=EXTENT,
)
ODD_SYNC = drawn(
    "sync",
    on=ON,
    group=GROUP,
    member=MEMBER,
    instance=INSTANCE,
    generation=GENERATION,
    protocol=mostly(st.none(), "b", "none"),
    assigned=ASSIGNED,
    extent=EXTENT,
)
IDENTITY = {"group": GROUP, "member": MEMBER, "instance": INSTANCE, "generation": GENERATION}
HEARTBEAT = st.one_of(
    drawn("heartbeat", nth=NTH, group="g1", member=None, instance=None, generation=None),
    drawn("heartbeat", nth=NTH, **IDENTITY),
    drawn("heartbeat", on=ON, **IDENTITY),
)
LEAVE = drawn(
    "leave",
    group=GROUP,
    who=st.lists(
        st.sampled_from([*CLIENTS, *CLIENTS, "A/i1", "i1", "stranger"]), min_size=1, max_size=3
    ),
    version=st.sampled_from([5, 5, 4, 3, 1]),
)
PARTITIONS = st.lists(
    weighted((5, st.sampled_from(["t1-0", "t1-1"])), (1, st.sampled_from(["t1-9", "t9-0"]))),
    min_size=1,
    max_size=3,
    unique=True,
)
COMMIT = drawn(
    "commit",
    on=weighted((4, ON), (2, st.none())),
    **(IDENTITY | {"group": st.sampled_from(["g1", "g1", "g1", "g2"])}),
    version=st.sampled_from([None, 9, 8, 7, 5]),
    partitions=PARTITIONS,
    offset=st.integers(0, 3),
    metadata=mostly(st.sampled_from(["", "m"]), "long"),
)
ANY_GROUPS = st.lists(st.sampled_from(["g1", "g1", "g2", ""]), min_size=1, max_size=3)
FETCH = drawn(
    "fetch",
    groups=st.sampled_from([["g1"], ["g2"], ["g1", "g2"]]),
    partitions=st.none() | PARTITIONS,
    version=st.sampled_from([None, 9, 8]),
)
DESCRIBE = drawn(
    "describe",
    groups=ANY_GROUPS,
    version=st.sampled_from([0, 3, 5, 6, 6]),
    operations=st.booleans(),
)
STATES = st.lists(st.sampled_from(["Stable", "empty", "PreparingRebalance", "Odd"]), max_size=2)
LIST = drawn(
    "list",
    states=STATES,
    types=st.lists(st.sampled_from(["classic", "Consumer", "odd"]), max_size=2),
    version=5,
)
OPERATIONS = weighted(
    (8, JOIN),
    (3, ODD_JOIN),
    (6, SYNC),
    (3, ODD_SYNC),
    (3, HEARTBEAT),
    (2, LEAVE),
    (5, COMMIT),
    (1, FETCH),
    (2, drawn("delete_offsets", group=GROUP, partitions=PARTITIONS)),
    (1, drawn("delete_groups", groups=ANY_GROUPS)),
    (1, DESCRIBE),
    (1, LIST),
    (1, drawn("crash", on=ON, forgets=st.booleans())),
)


class GroupsMachine(DifferentialMachine):
    """Draws histories of `GroupsSubject`. One rule draws all operations, because of several rules
    Hypothesis leaves out about half in each history."""

    @rule(operation=OPERATIONS)
    def operate(self, operation: Drawn) -> None:
        """Anything, at any time."""
        self.draw(operation)

    def sweep(self) -> None:
        """Each client hears once more what it is to the group."""
        for client in CLIENTS:
            self.step(
                "heartbeat", on=client, group="g1", member=None, instance=None, generation=None
            )
