"""Mutants of what administrators are told of groups, and of deleting them."""

from tests.mutants.mutant import Mutant

DELETE = "kafka.core.coordinator:GroupCoordinator.delete"

MUTANTS = [
    Mutant(
        "group-admin-states-have-case",
        "kafka.apis.list_groups:handle",
        "group.state.value.lower() in states",
        "group.state.value in states",
        kills=("kafka.group-admin.list",),
    ),
    Mutant(
        "group-admin-metadata-of-the-first-protocol",
        "kafka.apis.describe_groups:_described",
        "_member(member, protocol, assigned) for member in group.members",
        "_member(member, protocol, assigned) for member in list(group.members)[:1]",
        kills=("kafka.group-admin.describe",),
    ),
    Mutant(
        "group-admin-unknown-is-empty",
        "kafka.apis.describe_groups:_unknown",
        "GroupState.DEAD.value",
        "GroupState.EMPTY.value",
        kills=("kafka.group-admin.describe-unknown",),
    ),
    Mutant(
        "group-admin-unknown-is-no-error",
        "kafka.apis.describe_groups:_unknown",
        "if version >= FIRST_VERSION_WITH_NOT_FOUND:",
        "if version > FIRST_VERSION_WITH_NOT_FOUND:",
        kills=("kafka.group-admin.describe-unknown-is-told",),
    ),
    Mutant(
        "group-admin-deleted-group-leaves-offsets",
        DELETE,
        "if other_id == group_id:",
        "if other_id == group_id and partition is None:",
        kills=("kafka.group-admin.delete",),
    ),
    Mutant(
        "group-admin-deletes-live-groups",
        DELETE,
        "if not group.is_empty:",
        "if not group.is_empty and not group.members:",
        kills=("kafka.group-admin.delete-refused",),
    ),
]
