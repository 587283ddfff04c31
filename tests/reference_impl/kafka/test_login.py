"""Logging in with SASL PLAIN, and what is refused before; compared with Kafka 4.3.1."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reference_impl.kafka.client import Client, new_broker

SOFTWARE = {"client_software_name": "x", "client_software_version": "1"}
PLAIN = {"mechanism": "PLAIN"}
TOKEN = {"auth_bytes": b"\0guest\0secret"}


@pytest.fixture
def client() -> Client:
    return Client(new_broker(users={"guest": "secret", "admin": "other"}))


def failed(client: Client) -> bool:
    """Whether the connection ended without an answer."""
    return client.closed and client.session.data_to_send() == b""


def test_versions_handshake_and_token(client: Client) -> None:
    assert client.call("ApiVersions", SOFTWARE)["error_code"] == 0
    assert client.call("SaslHandshake", PLAIN) == {"error_code": 0, "mechanisms": ["PLAIN"]}
    answered = client.call("SaslAuthenticate", TOKEN)
    assert (answered["error_code"], answered["session_lifetime_ms"]) == (0, 0)
    assert client.call("Metadata", {"topics": None})["topics"] == []
    assert client.call("SaslHandshake", PLAIN) == {"error_code": 34, "mechanisms": []}
    assert client.call("SaslAuthenticate", TOKEN)["error_code"] == 34
    assert not client.closed


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (b"\0guest\0wrong", "Authentication failed: Invalid username or password"),
        (b"\0nobody\0secret", "Authentication failed: Invalid username or password"),
        (b"\0\xff\0secret", "Authentication failed: Invalid username or password"),
        (b"admin\0guest\0secret", "Authentication failed: Client requested an authorization id "
         "that is different from username"),
        (b"", "Invalid SASL/PLAIN response: expected 3 tokens, got 1"),
        (b"\0guest\0secret\0", "Invalid SASL/PLAIN response: expected 3 tokens, got 4"),
        (b"\0\0secret", "Authentication failed: username not specified"),
        (b"\0guest\0", "Authentication failed: password not specified"),
    ],
)  # fmt: skip
def test_tokens_that_are_refused(client: Client, token: bytes, text: str) -> None:
    client.call("SaslHandshake", PLAIN)
    answered = client.call("SaslAuthenticate", {"auth_bytes": token})
    assert (answered["error_code"], answered["error_message"]) == (58, text)
    assert client.closed


def test_one_may_act_as_oneself(client: Client) -> None:
    client.call("SaslHandshake", PLAIN)
    assert (
        client.call("SaslAuthenticate", {"auth_bytes": b"guest\0guest\0secret"})["error_code"] == 0
    )


@pytest.mark.parametrize("mechanism", ["", "plain", "SCRAM-SHA-256"])
def test_mechanisms_that_are_not_there(client: Client, mechanism: str) -> None:
    answered = client.call("SaslHandshake", {"mechanism": mechanism})
    assert answered == {"error_code": 33, "mechanisms": ["PLAIN"]}
    assert client.closed


@pytest.mark.parametrize(
    "requests",
    [
        [("Metadata", {"topics": None})],
        [("SaslAuthenticate", TOKEN)],
        [("ApiVersions", SOFTWARE), ("ApiVersions", SOFTWARE)],
        [("ApiVersions", SOFTWARE), ("Produce", {"acks": 1, "timeout_ms": 1, "topic_data": []})],
    ],
)
def test_what_ends_the_connection_without_a_word(
    client: Client, requests: list[tuple[str, dict[str, Any]]]
) -> None:
    for api, body in requests[:-1]:
        client.call(api, body)
    client.send(*requests[-1])
    assert failed(client)


@pytest.mark.parametrize(
    ("api", "body"), [("ApiVersions", SOFTWARE), ("SaslHandshake", PLAIN), ("Fetch", {})]
)
def test_what_comes_instead_of_a_token_is_told_so(
    client: Client, api: str, body: dict[str, Any]
) -> None:
    client.call("SaslHandshake", PLAIN)
    if api == "Fetch":
        body = {"max_wait_ms": 0, "min_bytes": 0, "topics": [], "forgotten_topics_data": []}
    assert client.call(api, body)["error_code"] == 34
    assert client.closed


def test_versions_may_be_asked_again_after_a_refusal(client: Client) -> None:
    spaces = {"client_software_name": " ", "client_software_version": "1"}
    assert client.call("ApiVersions", spaces)["error_code"] == 42
    assert client.call("ApiVersions", SOFTWARE)["error_code"] == 0


def test_a_token_alone_after_the_first_version_of_the_handshake(client: Client) -> None:
    assert client.call("SaslHandshake", PLAIN, 0)["error_code"] == 0
    client.send_octets(TOKEN["auth_bytes"])
    assert client.session.data_to_send() == bytes(4)
    assert client.call("Metadata", {"topics": None})["topics"] == []


def test_a_wrong_token_alone_gets_no_answer(client: Client) -> None:
    client.call("SaslHandshake", PLAIN, 0)
    client.send_octets(b"\0guest\0wrong")
    assert failed(client)


def test_tokens_have_a_size(client: Client) -> None:
    client.call("SaslHandshake", PLAIN)
    client.send("SaslAuthenticate", {"auth_bytes": bytes(600_000)})
    assert failed(client)


def test_without_users_nobody_logs_in() -> None:
    client = Client(new_broker())
    assert client.call("SaslHandshake", PLAIN)["error_code"] == 34
    assert client.call("SaslAuthenticate", TOKEN)["error_code"] == 34
