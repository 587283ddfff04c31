"""One module for each API: API_KEY names it, `handle` takes a Request and gives an Answer.

Its versions stand in wire/versions.py. What has no module here is answered as Kafka answers an API
that it does not know: the connection is closed.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis import (
    alter_configs,
    api_versions,
    create_partitions,
    create_topics,
    delete_records,
    delete_topics,
    describe_cluster,
    describe_configs,
    describe_topic_partitions,
    fetch,
    incremental_alter_configs,
    list_offsets,
    metadata,
    produce,
    sasl_authenticate,
    sasl_handshake,
)
from reference_impl.kafka.apis.request import Answer, Handler, Request
from reference_impl.kafka.wire.versions import API_NAMES

__all__ = ["HANDLERS", "UNSERVED", "Answer", "Handler", "Request"]

_MODULES: tuple[Any, ...] = (
    alter_configs,
    api_versions,
    create_partitions,
    create_topics,
    delete_records,
    delete_topics,
    describe_cluster,
    describe_configs,
    describe_topic_partitions,
    fetch,
    incremental_alter_configs,
    list_offsets,
    metadata,
    produce,
    sasl_authenticate,
    sasl_handshake,
)

HANDLERS: dict[int, Handler] = {module.API_KEY: module.handle for module in _MODULES}

UNSERVED = sorted(name for key, name in API_NAMES.items() if key not in HANDLERS)
"""APIs whose messages are known and that have no handler here. Generated, so that it cannot lie."""
