"""JoinGroup (11): become a member, and be told when the next generation has begun.

Source: GroupCoordinatorService.joinGroup, JoinGroupResponse; KIP-62, KIP-345, KIP-394, KIP-814.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.members import JoinRequest, JoinResult
from reference_impl.kafka.core.waiting import Later
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 11

FIRST_VERSION_WITH_REBALANCE_TIMEOUT = 1
FIRST_VERSION_WITH_KNOWN_IDS = 4
FIRST_VERSION_WITHOUT_PROTOCOL = 7
FIRST_VERSION_WITH_SKIPPING = 9

NAMELESS = (ErrorCode.GROUP_MAX_SIZE_REACHED, ErrorCode.UNKNOWN_SERVER_ERROR)
"""Refusals that do not repeat the member id."""


def handle(request: Request) -> Later:
    """Answer when the group goes on; nobody waits for one that has gone, but it is a member."""
    body = request.body
    later = Later()

    def answer(result: JoinResult) -> None:
        later.answer(_answered(result, request.version))

    try:
        request.broker.groups.join(body["group_id"], _join_request(request), answer)
    except Refused as refused:
        answer(JoinResult(refused.code, "" if refused.code in NAMELESS else body["member_id"]))
    return later


def client_host(request: Request) -> str:
    """The client's address as Java writes it."""
    return f"/{request.peer.host}"


def _join_request(request: Request) -> JoinRequest:
    body = request.body
    session_timeout_ms = body["session_timeout_ms"]
    own = request.version >= FIRST_VERSION_WITH_REBALANCE_TIMEOUT
    return JoinRequest(
        member_id=body["member_id"],
        instance_id=body["group_instance_id"],
        client_id=request.client_id,
        client_host=client_host(request),
        session_timeout_ms=session_timeout_ms,
        rebalance_timeout_ms=body["rebalance_timeout_ms"] if own else session_timeout_ms,
        protocol_type=body["protocol_type"],
        protocols=tuple((one["name"], bytes(one["metadata"])) for one in body["protocols"]),
        known_id_required=request.version >= FIRST_VERSION_WITH_KNOWN_IDS,
        can_skip_assignment=request.version >= FIRST_VERSION_WITH_SKIPPING,
    )


def _answered(result: JoinResult, version: int) -> dict[str, Any]:
    protocol_name = result.protocol_name
    if protocol_name is None and version < FIRST_VERSION_WITHOUT_PROTOCOL:
        protocol_name = ""
    return {
        "error_code": result.code,
        "generation_id": result.generation,
        "protocol_type": result.protocol_type,
        "protocol_name": protocol_name,
        "leader": result.leader,
        "skip_assignment": result.skip_assignment,
        "member_id": result.member_id,
        "members": [
            {
                "member_id": member.member_id,
                "group_instance_id": member.instance_id,
                "metadata": member.metadata,
            }
            for member in result.members
        ],
    }
