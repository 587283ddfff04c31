"""One module for each API: API_KEY names it, `handle` takes a Request and gives an Answer.

Its versions stand in wire/versions.py. What has no module here is answered as Kafka answers an API
that it does not know: the connection is closed.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis import (
    add_offsets_to_txn,
    add_partitions_to_txn,
    alter_configs,
    api_versions,
    create_partitions,
    create_topics,
    delete_groups,
    delete_records,
    delete_topics,
    describe_cluster,
    describe_configs,
    describe_groups,
    describe_producers,
    describe_topic_partitions,
    describe_transactions,
    end_txn,
    fetch,
    find_coordinator,
    heartbeat,
    incremental_alter_configs,
    init_producer_id,
    join_group,
    leave_group,
    list_groups,
    list_offsets,
    list_transactions,
    metadata,
    offset_commit,
    offset_delete,
    offset_fetch,
    offset_for_leader_epoch,
    produce,
    sasl_authenticate,
    sasl_handshake,
    sync_group,
    txn_offset_commit,
)
from reference_impl.kafka.apis.request import Answer, Handler, Request
from reference_impl.kafka.wire.versions import API_NAMES, ELSEWHERE

__all__ = ["HANDLERS", "UNSERVED", "Answer", "Handler", "Request"]

_MODULES: tuple[Any, ...] = (
    add_offsets_to_txn,
    add_partitions_to_txn,
    alter_configs,
    api_versions,
    create_partitions,
    create_topics,
    delete_groups,
    delete_records,
    delete_topics,
    describe_cluster,
    describe_configs,
    describe_groups,
    describe_producers,
    describe_topic_partitions,
    describe_transactions,
    end_txn,
    fetch,
    find_coordinator,
    heartbeat,
    incremental_alter_configs,
    init_producer_id,
    join_group,
    leave_group,
    list_groups,
    list_offsets,
    list_transactions,
    metadata,
    offset_commit,
    offset_delete,
    offset_fetch,
    offset_for_leader_epoch,
    produce,
    sasl_authenticate,
    sasl_handshake,
    sync_group,
    txn_offset_commit,
)

HANDLERS: dict[int, Handler] = {module.API_KEY: module.handle for module in _MODULES}

UNSERVED = sorted(name for key, name in (API_NAMES | ELSEWHERE).items() if key not in HANDLERS)
"""APIs that Kafka serves and that have no handler here. Generated, so that it cannot lie."""
