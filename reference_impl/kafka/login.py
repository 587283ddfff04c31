"""What a connection may do before its client has logged in: SASL with mechanism PLAIN.

    START ---- ApiVersions ----> VERSIONS_KNOWN
    START, VERSIONS_KNOWN ---- SaslHandshake 1 ----> TOKEN ---- SaslAuthenticate ----> DONE
                          ---- SaslHandshake 0 ----> RAW_TOKEN ---- octets alone ----> DONE

Anything else fails: the connection ends, after an answer where there is room for an error code.
Clients cannot log in again on the same connection, and are told so by a session without an end.

Source: SaslServerAuthenticator, PlainSaslServer; KIP-43, KIP-152; observed on Kafka 4.3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from reference_impl.kafka.apis.api_versions import API_KEY as API_VERSIONS
from reference_impl.kafka.apis.sasl_authenticate import API_KEY as SASL_AUTHENTICATE
from reference_impl.kafka.apis.sasl_handshake import API_KEY as SASL_HANDSHAKE
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.wire.schema import find_message
from reference_impl.kafka.wire.versions import API_NAMES

MECHANISMS = ("PLAIN",)


class Phase(Enum):
    """How far a client has come."""

    START = auto()
    VERSIONS_KNOWN = auto()
    TOKEN = auto()
    RAW_TOKEN = auto()
    DONE = auto()
    FAILED = auto()


_ALLOWED = {
    Phase.START: (API_VERSIONS, SASL_HANDSHAKE),
    Phase.VERSIONS_KNOWN: (SASL_HANDSHAKE,),
    Phase.TOKEN: tuple(API_NAMES),
}
"""APIs that are looked at; the answer to all but one of the last phase is a refusal."""


class Login:
    """One client on its way in. `users` are passwords by name."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = users
        self.phase = Phase.START

    def allows(self, api_key: int) -> bool:
        """Whether a request is looked at at all; otherwise the login has failed."""
        if api_key in _ALLOWED.get(self.phase, ()):
            return True
        self.phase = Phase.FAILED
        return False

    def versions_told(self) -> None:
        """ApiVersions was answered without an error."""
        self.phase = Phase.VERSIONS_KNOWN

    def answer(self, api_key: int, version: int, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the answer to a request that is allowed; None for none."""
        if self.phase != Phase.TOKEN:
            return self._shake_hands(version, body["mechanism"])
        if api_key == SASL_AUTHENTICATE:
            return self._authenticate(body["auth_bytes"])
        self.phase = Phase.FAILED
        fields = find_message(f"{API_NAMES[api_key]}Response").fields
        if any(field.name == "error_code" and version in field.versions for field in fields):
            return {"error_code": ErrorCode.ILLEGAL_SASL_STATE}
        return None

    def _shake_hands(self, version: int, mechanism: str) -> dict[str, Any]:
        if mechanism not in MECHANISMS:
            self.phase = Phase.FAILED
            code = ErrorCode.UNSUPPORTED_SASL_MECHANISM
            return {"error_code": code, "mechanisms": list(MECHANISMS)}
        self.phase = Phase.TOKEN if version >= 1 else Phase.RAW_TOKEN
        return {"error_code": ErrorCode.NONE, "mechanisms": list(MECHANISMS)}

    def _authenticate(self, token: bytes) -> dict[str, Any]:
        try:
            check_plain(token, self._users)
        except Refused as refused:
            self.phase = Phase.FAILED
            return {"error_code": refused.code, "error_message": refused.text}
        self.phase = Phase.DONE
        return {"error_code": ErrorCode.NONE, "error_message": ""}

    def accepts_raw(self, token: bytes) -> bool:
        """Take a token that came without a request."""
        try:
            check_plain(token, self._users)
        except Refused:
            self.phase = Phase.FAILED
            return False
        self.phase = Phase.DONE
        return True


def check_plain(token: bytes, users: Mapping[str, str]) -> None:
    """Raise Refused unless a token of PLAIN (RFC 4616) names a user and the password.

    An unknown user and a wrong password get the same text.
    """
    parts = token.decode("utf-8", "replace").split("\0")
    reason = None
    if len(parts) != 3:
        reason = f"Invalid SASL/PLAIN response: expected 3 tokens, got {len(parts)}"
        raise Refused(ErrorCode.SASL_AUTHENTICATION_FAILED, reason)
    acting_as, name, password = parts
    if not name:
        reason = "username not specified"
    elif not password:
        reason = "password not specified"
    elif users.get(name) != password:
        reason = "Invalid username or password"
    elif acting_as not in ("", name):
        reason = "Client requested an authorization id that is different from username"
    if reason is not None:
        raise Refused(ErrorCode.SASL_AUTHENTICATION_FAILED, f"Authentication failed: {reason}")
