"""DescribeGroups (15): the state of groups, and their members.

Source: GroupMetadataManager.describeGroups, ClassicGroupMember.describe; KIP-1043.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.groups import Group, GroupState
from reference_impl.kafka.core.members import Member
from reference_impl.kafka.errors import ErrorCode
from reference_impl.kafka.versions import KafkaDialect

API_KEY = 15

FIRST_VERSION_WITH_NOT_FOUND = 6


def handle(request: Request) -> dict[str, Any]:
    """Answer with a description of each group."""
    groups = []
    for group_id in request.body["groups"]:
        group = request.broker.groups.find(group_id)
        if group is None:
            described = _unknown(group_id, request.version)
        else:
            described = _described(group, request.broker.dialect)
        operations = request.broker.dialect.group_operations
        if request.body["include_authorized_operations"] and not described["error_code"]:
            described["authorized_operations"] = sum(1 << number for number in operations)
        groups.append(described)
    return {"groups": groups}


def _unknown(group_id: str, version: int) -> dict[str, Any]:
    """Older clients are told that it is dead, without an error."""
    described = {
        "error_code": ErrorCode.NONE,
        "group_id": group_id,
        "group_state": GroupState.DEAD.value,
    }
    if version >= FIRST_VERSION_WITH_NOT_FOUND:
        described["error_code"] = ErrorCode.GROUP_ID_NOT_FOUND
        described["error_message"] = f"Group {group_id} not found."
    return described


def _described(group: Group, dialect: KafkaDialect) -> dict[str, Any]:
    """Protocol and metadata are told of a stable group only, assignments in newer versions of any
    group."""
    stable = group.state is GroupState.STABLE
    assigned = stable or dialect.new_group_coordinator
    protocol = (group.protocol_name or "") if stable else ""
    return {
        "error_code": ErrorCode.NONE,
        "group_id": group.id,
        "group_state": group.state.value,
        "protocol_type": group.protocol_type or "",
        "protocol_data": protocol,
        "members": [_member(member, protocol, assigned) for member in group.members],
    }


def _member(member: Member, protocol: str, assigned: bool) -> dict[str, Any]:
    return {
        "member_id": member.id,
        "group_instance_id": member.instance_id,
        "client_id": member.client_id,
        "client_host": member.client_host,
        "member_metadata": member.metadata(protocol) if protocol else b"",
        "member_assignment": member.assignment if assigned else b"",
    }
