"""DescribeCluster (60): the cluster, its controller and its nodes.

Source: AuthHelper.computeDescribeClusterResponse; KIP-700, KIP-919.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.metadata import (
    CLUSTER_OPERATIONS,
    OPERATIONS_NOT_ASKED_FOR,
    cluster_name,
)
from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.errors import ErrorCode

API_KEY = 60

BROKERS, CONTROLLERS = 1, 2


def handle(request: Request) -> dict[str, Any]:
    """Describe the cluster to a client that talks to a broker."""
    body, node = request.body, request.broker.node
    if body["endpoint_type"] == CONTROLLERS:
        return _refused(
            ErrorCode.MISMATCHED_ENDPOINT_TYPE,
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of "
            "type CONTROLLER",
        )
    if body["endpoint_type"] != BROKERS:
        text = f"Unsupported endpoint type {body['endpoint_type']}"
        return _refused(ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, text)
    asked = body["include_cluster_authorized_operations"]
    return {
        "error_code": ErrorCode.NONE,
        "endpoint_type": BROKERS,
        "cluster_id": cluster_name(request.broker),
        "controller_id": node.id,
        "brokers": [{"broker_id": node.id, "host": node.host, "port": node.port}],
        "cluster_authorized_operations": CLUSTER_OPERATIONS if asked else OPERATIONS_NOT_ASKED_FOR,
    }


def _refused(code: ErrorCode, text: str) -> dict[str, Any]:
    return {"error_code": code, "error_message": text, "cluster_id": "", "brokers": []}
