"""LeaveGroup (13): members go, one in old versions and any number in later ones.

Source: GroupCoordinatorService.leaveGroup, LeaveGroupRequest.normalizedData; KIP-345, KIP-800.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 13

FIRST_VERSION_WITH_MEMBERS = 3


def handle(request: Request) -> dict[str, Any]:
    """Answer with a code for each member; the reasons that clients give go nowhere."""
    body = request.body
    many = request.version >= FIRST_VERSION_WITH_MEMBERS
    leaving = [
        (one["member_id"], one["group_instance_id"])
        for one in (body["members"] if many else [body | {"group_instance_id": None}])
    ]
    try:
        codes = request.broker.groups.leave(body["group_id"], leaving)
    except Refused as refused:
        return {"error_code": refused.code}
    if not many:
        return {"error_code": codes[0]}
    return {
        "error_code": ErrorCode.NONE,
        "members": [
            {"member_id": member_id, "group_instance_id": instance_id, "error_code": code}
            for (member_id, instance_id), code in zip(leaving, codes, strict=True)
        ],
    }
