"""Heartbeat (12): a member is alive, and hears whether it has to join again.

Source: GroupCoordinatorService.heartbeat.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.members import Identity
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 12


def handle(request: Request) -> dict[str, Any]:
    """Answer with a code."""
    body = request.body
    who = Identity(body["member_id"], body["generation_id"], body["group_instance_id"])
    try:
        request.broker.groups.heartbeat(body["group_id"], who)
    except Refused as refused:
        return {"error_code": refused.code}
    return {"error_code": ErrorCode.NONE}
