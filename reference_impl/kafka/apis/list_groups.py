"""ListGroups (16): all groups, or those in some states or of some types.

Source: GroupMetadataManager.listGroups; KIP-518, KIP-848.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.errors import ErrorCode

API_KEY = 16

CLASSIC = "classic"


def handle(request: Request) -> dict[str, Any]:
    """Answer with the groups; filters that are empty let all pass, and case does not count."""
    states = {state.strip().lower() for state in request.body["states_filter"]}
    types = {name.strip().lower() for name in request.body["types_filter"]}
    return {
        "error_code": ErrorCode.NONE,
        "groups": [
            {
                "group_id": group.id,
                "protocol_type": group.protocol_type or "",
                "group_state": group.state.value,
                "group_type": CLASSIC,
            }
            for group in request.broker.groups
            if (not states or group.state.value.lower() in states)
            and (not types or CLASSIC in types)
        ],
    }
