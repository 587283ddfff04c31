"""Mutants of what members of a group are assigned."""

from tests.mutants.mutant import Mutant

ASSIGN = "kafka.core.groups:Group._assign"
COMPLETE = "kafka.core.groups:Group._complete_join"

MUTANTS = [
    Mutant(
        "assignment-of-the-leader-for-all",
        ASSIGN,
        'assignments.get(member.id, b"")',
        'assignments.get(self.members.leader or "", b"")',
        kills=(
            "kafka.assignment.each-partition-once",
            "kafka.assignment.own-topics",
            "kafka.assignment.three-partitions",
            "kafka.assignment.scaling",
        ),
    ),
    Mutant(
        "assignment-of-another-member",
        ASSIGN,
        'member.assignment = assignments.get(member.id, b"")',
        "owners = sorted(assignments); "
        "member.assignment = assignments[owners[owners.index(member.id) - 1]]",
        kills=("kafka.assignment.range", "kafka.assignment.own-topics"),
    ),
    Mutant(
        "assignment-of-two-members-at-most",
        "kafka.core.groups:Group._joined",
        'self.members.described(self.protocol_name or "") if leads and describe else (),',
        'self.members.described(self.protocol_name or "")[:2] if leads and describe else (),',
        kills=("kafka.assignment.round-robin", "kafka.assignment.three-partitions"),
    ),
    Mutant(
        "assignment-to-the-dead",
        COMPLETE,
        "if member.join_answer is None and member.instance_id is None:",
        "if False:",
        kills=("kafka.assignment.after-a-crash",),
    ),
    Mutant(
        "assignment-stays-when-somebody-leaves",
        "kafka.core.groups:Group.left",
        "elif rebalance and not self.is_empty:",
        "elif False:",
        kills=("kafka.assignment.idle-takes-over",),
    ),
    Mutant(
        "assignment-of-the-first-partitions",
        "kafka.apis.metadata:_described",
        "for index in range(len(topic.partitions))",
        "for index in range(1 if len(topic.partitions) == 2 else len(topic.partitions))",
        kills=("kafka.assignment.new-partitions",),
    ),
]
