"""Mutants of groups: who joins, and what members are told."""

from tests.mutants.mutant import Mutant

JOIN = "kafka.core.coordinator:GroupCoordinator.join"
WITHOUT_ID = "kafka.core.groups:Group._join_without_id"

MUTANTS = [
    Mutant(
        "group-coordinator-on-another-port",
        "kafka.apis.find_coordinator:handle",
        '"port": broker.node.port}',
        '"port": broker.node.port + (request.version >= 4)}',
        kills=("kafka.groups.coordinator",),
    ),
    Mutant(
        "group-ids-are-names",
        "kafka.core.coordinator:GroupCoordinator._new_member_id",
        "self._new_id().hex()",
        "(b'0' * 16).hex()",
        kills=("kafka.groups.member-id-required",),
    ),
    Mutant(
        "group-given-id-is-changed",
        "kafka.core.groups:Group.join",
        "self._add(request.member_id, request, answer)",
        "self._add(new_member_id, request, answer)",
        kills=("kafka.groups.joins-with-the-given-id",),
    ),
    Mutant(
        "group-without-a-name",
        JOIN,
        "if not group_id:",
        "if group_id is None:",
        kills=("kafka.groups.empty-id",),
    ),
    Mutant(
        "group-session-has-no-upper-limit",
        JOIN,
        "<= request.session_timeout_ms <= largest_ms",
        "<= request.session_timeout_ms",
        kills=("kafka.groups.session-timeout",),
    ),
    Mutant(
        "group-first-protocol-must-fit",
        "kafka.core.roster:Roster.supports_one_of",
        "for name, _ in protocols",
        "for name, _ in protocols[:1]",
        kills=("kafka.groups.inconsistent-protocol",),
    ),
    Mutant(
        "group-of-mixed-types",
        "kafka.core.groups:Group._check_protocols",
        "fits = request.protocol_type == self.protocol_type",
        "fits = bool(request.protocol_type)",
        kills=("kafka.groups.protocol-type",),
    ),
    Mutant(
        "group-heartbeats-of-strangers",
        "kafka.apis.heartbeat:handle",
        'return {"error_code": refused.code}',
        'return {"error_code": ErrorCode.ILLEGAL_GENERATION}',
        kills=("kafka.groups.unknown-member",),
    ),
    Mutant(
        "group-all-are-told-the-members",
        "kafka.core.groups:Group._joined",
        "if leads and describe else",
        "if describe else",
        kills=("kafka.groups.one-generation",),
    ),
    Mutant(
        "group-leader-votes-alone",
        "kafka.core.roster:Roster.vote",
        "for member in self\n",
        "for member in list(self)[:1]\n",
        kills=("kafka.groups.protocol-of-all",),
    ),
]
