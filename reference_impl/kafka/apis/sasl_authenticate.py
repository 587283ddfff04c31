"""SaslAuthenticate (36): refused here, where clients come who are in already, as SaslHandshake is.

Source: KafkaApis.handleSaslAuthenticateRequest; KIP-152.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.errors import ErrorCode

API_KEY = 36


def handle(request: Request) -> dict[str, Any]:
    """Refuse."""
    return {
        "error_code": ErrorCode.ILLEGAL_SASL_STATE,
        "error_message": "SaslAuthenticate request received after successful authentication",
    }
