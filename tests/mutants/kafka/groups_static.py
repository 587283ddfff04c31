"""Mutants of static members (KIP-345)."""

from tests.mutants.mutant import Mutant

CHECK = "kafka.core.roster:Roster.check"
REPLACE = "kafka.core.groups:Group._replace"
WITHOUT_ID = "kafka.core.groups:Group._join_without_id"

MUTANTS = [
    Mutant(
        "static-members-need-an-id",
        WITHOUT_ID,
        "elif request.instance_id is None and request.known_id_required:",
        "elif request.known_id_required:",
        kills=("kafka.groups.static-needs-no-id",),
    ),
    Mutant(
        "static-leader-makes-a-rebalance",
        REPLACE,
        "elif self.members.vote() != self.protocol_name:",
        "elif self.members.leader == new_id:",
        kills=("kafka.groups.static-comes-back",),
    ),
    Mutant(
        "static-zombies-are-unknown",
        CHECK,
        "raise Refused(ErrorCode.FENCED_INSTANCE_ID)",
        "raise Refused(ErrorCode.UNKNOWN_MEMBER_ID)",
        kills=("kafka.groups.static-fenced",),
    ),
    Mutant(
        "static-waiting-zombie-is-forgotten",
        REPLACE,
        "self._answer_join(member, JoinResult(ErrorCode.FENCED_INSTANCE_ID, old_id))",
        "member.join_answer = None",
        kills=("kafka.groups.static-fenced-while-waiting",),
    ),
    Mutant(
        "static-removal-needs-the-member-id",
        "kafka.core.groups:Group.leave",
        'member_id = self.members.holder(instance_id) or ""',
        'member_id = ""',
        kills=("kafka.groups.static-removed-by-instance",),
    ),
]
