"""Mutants of where consumers begin and go on."""

from tests.mutants.mutant import Mutant

FIND = "kafka.apis.list_offsets:_find"
GET = "kafka.core.offsets:Offsets.get"
COMMIT = "kafka.core.offsets:Offsets.commit"

MUTANTS = [
    Mutant(
        "consumers-earliest-is-zero",
        FIND,
        "return Found(log.start_offset, -1, log.leader_epoch)",
        "return Found(0, -1, log.leader_epoch)",
        kills=("kafka.consumers.reset-earliest",),
    ),
    Mutant(
        "consumers-latest-is-the-last-record",
        FIND,
        "return Found(log.readable_end(committed=committed), -1, log.leader_epoch)",
        "return Found(max(0, log.readable_end(committed=committed) - 1), -1, log.leader_epoch)",
        kills=("kafka.consumers.reset-latest", "kafka.consumers.seek-to-the-ends"),
    ),
    Mutant(
        "consumers-nothing-committed-is-an-offset",
        "kafka.apis.offset_fetch:_partition",
        "found = offsets.get(group_id, (name, index)) or NOTHING",
        "found = offsets.get(group_id, (name, index)) or NOTHING._replace(offset=1)",
        kills=("kafka.consumers.reset-none", "kafka.consumers.failed-record"),
    ),
    Mutant(
        "consumers-commits-are-forgotten",
        GET,
        "return None if stored is None else stored.offset",
        "return None",
        kills=("kafka.consumers.committed-wins", "kafka.consumers.resumes"),
    ),
    Mutant(
        "consumers-offsets-only-grow",
        COMMIT,
        "self._committed.setdefault(group_id, {})[partition] = self._store(offset)",
        "group = self._committed.setdefault(group_id, {}); "
        "group[partition] = max(group.get(partition, self._store(offset)), self._store(offset), "
        "key=lambda one: one.offset.offset)",
        kills=("kafka.consumers.altered-offset",),
    ),
    Mutant(
        "consumers-are-not-told-of-aborts",
        "kafka.core.log:PartitionLog.read",
        "if one.last_offset >= offset and one.first_offset <= last",
        "if one.last_offset > last",
        kills=("kafka.consumers.polls-go-forward",),
    ),
    Mutant(
        "consumers-sessions-take-nothing-in",
        "kafka.core.fetch_sessions:FetchSession.update",
        "self.partitions[key] = partition",
        "pass",
        kills=("kafka.consumers.pause",),
    ),
]
