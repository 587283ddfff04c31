"""SaslHandshake (17): refused here, where clients come who are in already; login.py lets them in.

Source: KafkaApis.handleSaslHandshakeRequest; KIP-43.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.errors import ErrorCode

API_KEY = 17


def handle(request: Request) -> dict[str, Any]:
    """Refuse."""
    return {"error_code": ErrorCode.ILLEGAL_SASL_STATE, "mechanisms": []}
