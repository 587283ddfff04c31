"""Mutants of committed offsets."""

from tests.mutants.mutant import Mutant

COMMIT = "kafka.core.coordinator:GroupCoordinator.commit"
CHECK = "kafka.core.groups:Group.check_commit"

MUTANTS = [
    Mutant(
        "offset-never-goes-back",
        "kafka.core.offsets:Offsets.commit",
        "= self._store(offset)",
        "= max(self._committed[group_id].get(partition, self._store(offset)), "
        "self._store(offset), key=lambda one: one.offset.offset)",
        kills=("kafka.offsets.last-commit-counts",),
    ),
    Mutant(
        "offset-metadata-is-lost-in-old-versions",
        "kafka.apis.offset_fetch:_partition",
        '"metadata": found.metadata,',
        '"metadata": found.metadata if request.version > 1 else "",',
        kills=("kafka.offsets.every-version",),
    ),
    Mutant(
        "offset-nothing-is-zero",
        "kafka.apis.offset_fetch:_partition",
        "offsets.get(group_id, (name, index)) or NOTHING",
        "offsets.get(group_id, (name, index)) or "
        "(NOTHING if offsets.has_some(group_id) else NOTHING._replace(offset=0))",
        kills=("kafka.offsets.nothing-committed",),
    ),
    Mutant(
        "offset-all-is-one-of-each-topic",
        "kafka.apis.offset_fetch:_everything",
        "found.setdefault(name, []).append(index)",
        "found[name] = [index]",
        kills=("kafka.offsets.all",),
    ),
    Mutant(
        "offset-commits-without-assignment",
        CHECK,
        "self.state is GroupState.COMPLETING",
        "self.state is GroupState.DEAD",
        kills=("kafka.offsets.member-commits",),
    ),
    Mutant(
        "offset-of-any-generation",
        CHECK,
        "member = self.check_generation(who)",
        "member = self.members.check(who.member_id, who.instance_id)",
        kills=("kafka.offsets.stale-commit",),
    ),
    Mutant(
        "offset-of-zombies",
        CHECK,
        "if who.generation < 0 and self.is_empty:",
        "if who.member_id not in self.members:",
        kills=("kafka.offsets.zombie-commit", "kafka.offsets.commit-of-nobody"),
    ),
    Mutant(
        "offset-one-unknown-refuses-all",
        COMMIT,
        "if not good:",
        "if len(good) < len(codes):",
        kills=("kafka.offsets.unknown-partition",),
    ),
    Mutant(
        "offset-metadata-counts-octets",
        "kafka.core.coordinator:GroupCoordinator._is_too_long",
        'sum(2 if letter > "\\uffff" else 1 for letter in offset.metadata)',
        "len(offset.metadata.encode())",
        kills=("kafka.offsets.metadata-too-large",),
    ),
    Mutant(
        "offset-goes-with-the-last-member",
        "kafka.core.coordinator:GroupCoordinator.leave",
        "group.left(rebalance=somebody_left)",
        "group.left(rebalance=somebody_left)\n"
        "    if group.is_empty:\n"
        "        self.delete(group_id)\n"
        "        self.create(group_id)",
        kills=("kafka.offsets.outlive-members",),
    ),
    Mutant(
        "offset-restart-keeps-the-first",
        COMMIT,
        "self._store().offset_committed(group_id, partition, offsets[partition])",
        "offsets[partition].metadata or "
        "self._store().offset_committed(group_id, partition, offsets[partition])",
        kills=("kafka.offsets.restart",),
    ),
]
