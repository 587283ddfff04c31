"""ApiVersions (18): which APIs are served in which versions, and the features of the cluster.

Source: KIP-511, KIP-584; ApiVersionsRequest, KafkaApis.handleApiVersionsRequest.
"""

from __future__ import annotations

import re
from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.errors import ErrorCode
from reference_impl.kafka.wire.versions import ADVERTISED

API_KEY = 18

_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?", re.ASCII)


def handle(request: Request) -> dict[str, Any]:
    """Tell what is served."""
    body, dialect = request.body, request.broker.dialect
    if request.version >= 3 and not (
        _SOFTWARE.fullmatch(body["client_software_name"])
        and _SOFTWARE.fullmatch(body["client_software_version"])
    ):
        return {"error_code": ErrorCode.INVALID_REQUEST, "api_keys": []}
    return {
        "error_code": ErrorCode.NONE,
        "api_keys": [
            {"api_key": key, "min_version": versions.start, "max_version": versions.stop - 1}
            for key, versions in ADVERTISED[dialect.version].items()
        ],
        "supported_features": [
            {"name": name, "min_version": least, "max_version": most}
            for name, least, most, _ in dialect.features
            if least > 0 or request.version >= 4
        ],
        "finalized_features_epoch": 0,
        "finalized_features": [
            {"name": name, "max_version_level": level, "min_version_level": level}
            for name, _, _, level in dialect.features
            if level > 0
        ],
    }


def unsupported(kafka_version: str) -> dict[str, Any]:
    """The body, of version 0, for a version of this request that is not known (KIP-511)."""
    versions = ADVERTISED[kafka_version][API_KEY]
    return {
        "error_code": ErrorCode.UNSUPPORTED_VERSION,
        "api_keys": [
            {
                "api_key": API_KEY,
                "min_version": versions.start,
                "max_version": versions.stop - 1,
            }
        ],
    }
