"""Mutants of what consumers of committed records see."""

from tests.mutants.mutant import Mutant

STABLE = "kafka.core.log:PartitionLog.stable_offset"
READABLE = "kafka.core.log:PartitionLog.readable_end"
READ = "kafka.core.log:PartitionLog.read"
REMEMBER = "kafka.core.log:PartitionLog._remember"
MARKER = "kafka.core.log:PartitionLog.append_marker"
WRITE_MARKER = "kafka.core.broker:KafkaBroker.write_marker"
READ_ONE = "kafka.apis.fetch:_Attempt._read_one"

MUTANTS = [
    Mutant(
        "isolation-open-is-delivered",
        READABLE,
        "self.stable_offset if committed else self.end_offset",
        "self.end_offset",
        kills=("kafka.isolation.open-is-withheld", "kafka.isolation.list-offsets"),
    ),
    Mutant(
        "isolation-all-is-withheld",
        READABLE,
        "self.stable_offset if committed else self.end_offset",
        "self.stable_offset",
        kills=("kafka.isolation.uncommitted-sees-all", "kafka.isolation.list-offsets"),
    ),
    Mutant(
        "isolation-stable-after-the-latest",
        STABLE,
        "first = min(self._open.values())",
        "first = max(self._open.values())",
        kills=("kafka.isolation.earliest-decides", "kafka.isolation.histories"),
    ),
    Mutant(
        "isolation-stable-at-the-latest-batch",
        REMEMBER,
        "self._open.setdefault(header.producer_id, header.base_offset)",
        "self._open[header.producer_id] = header.base_offset",
        kills=("kafka.isolation.earliest-decides",),
    ),
    Mutant(
        "isolation-stable-one-too-late",
        REMEMBER,
        "self._open.setdefault(header.producer_id, header.base_offset)",
        "self._open.setdefault(header.producer_id, header.last_offset)",
        kills=("kafka.isolation.stable-offset", "kafka.isolation.histories"),
    ),
    Mutant(
        "isolation-plain-counts-as-open",
        REMEMBER,
        "if header.is_transactional:",
        "if header.producer_id >= 0:",
        kills=("kafka.isolation.idempotent-is-not-withheld",),
    ),
    Mutant(
        "isolation-stays-open",
        MARKER,
        "self._open.pop(header.producer_id, None)",
        "self._open.pop(header.producer_id if not commit else -5, None)",
        kills=("kafka.isolation.committed-is-delivered",),
    ),
    Mutant(
        "isolation-aborts-are-forgotten",
        MARKER,
        "first is not None and not commit",
        "first is not None and commit",
        kills=("kafka.isolation.aborted-is-hidden", "kafka.isolation.committed-is-delivered"),
    ),
    Mutant(
        "isolation-one-abort-for-each-producer",
        MARKER,
        "self.aborted.append(aborted)",
        "self.aborted = [one for one in self.aborted if one.producer_id != header.producer_id]\n"
        "        self.aborted.append(aborted)",
        kills=("kafka.isolation.aborted-list", "kafka.isolation.same-producer-later"),
    ),
    Mutant(
        "isolation-list-leaves-out-what-began-before",
        READ,
        "one.last_offset >= offset and one.first_offset <= last",
        "one.first_offset >= offset and one.first_offset <= last",
        kills=("kafka.isolation.aborted-list",),
    ),
    Mutant(
        "isolation-list-of-all",
        READ,
        "one.last_offset >= offset and one.first_offset <= last",
        "one.last_offset >= 0",
        kills=("kafka.isolation.aborted-list",),
    ),
    Mutant(
        "isolation-one-transaction-in-the-list",
        READ,
        "return ReadResult(found, aborted)",
        "return ReadResult(found, aborted[:1])",
        kills=("kafka.isolation.one-fetch", "kafka.isolation.histories"),
    ),
    Mutant(
        "isolation-list-only-in-new-versions",
        READ_ONE,
        '"aborted_transactions": aborted if self._committed else None,',
        '"aborted_transactions": aborted if self._request.version > 10 else None,',
        kills=("kafka.isolation.every-version",),
    ),
    Mutant(
        "isolation-markers-the-other-way-round",
        WRITE_MARKER,
        "COMMIT if commit else ABORT",
        "ABORT if commit else COMMIT",
        kills=("kafka.isolation.markers",),
    ),
]
