"""DeleteGroups (42): empty groups go, with their offsets.

Source: GroupCoordinatorService.deleteGroups, ClassicGroup.validateDeleteGroup; KIP-229.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 42


def handle(request: Request) -> dict[str, Any]:
    """Answer with a code for each group; one that is named twice is answered once."""
    results = []
    for group_id in dict.fromkeys(request.body["groups_names"]):
        code = ErrorCode.NONE
        try:
            request.broker.groups.delete(group_id)
        except Refused as refused:
            code = refused.code
        results.append({"group_id": group_id, "error_code": code})
    return {"results": results}
