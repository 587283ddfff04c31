"""SyncGroup (14): the leader brings everybody's assignment, and each member gets its own.

Source: GroupCoordinatorService.syncGroup; KIP-345, KIP-559.
"""

from __future__ import annotations

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.members import Identity, SyncResult
from reference_impl.kafka.core.waiting import Later
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 14

FIRST_VERSION_WITH_PROTOCOL = 5


def handle(request: Request) -> Later:
    """Answer when the leader has decided."""
    body = request.body
    later = Later()

    def answer(result: SyncResult) -> None:
        later.answer(
            {
                "error_code": result.code,
                "protocol_type": result.protocol_type,
                "protocol_name": result.protocol_name,
                "assignment": result.assignment,
            }
        )

    try:
        named = request.version < FIRST_VERSION_WITH_PROTOCOL or None not in (
            body["protocol_type"],
            body["protocol_name"],
        )
        if not named:
            raise Refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        request.broker.groups.sync(
            body["group_id"],
            Identity(body["member_id"], body["generation_id"], body["group_instance_id"]),
            body["protocol_type"],
            body["protocol_name"],
            {one["member_id"]: bytes(one["assignment"]) for one in body["assignments"]},
            answer,
        )
    except Refused as refused:
        answer(SyncResult(refused.code))
    return later
