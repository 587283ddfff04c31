"""AMQP addresses: what they may leave out, what they may contain, and what is refused."""

from __future__ import annotations

import pika
import pytest

from conformance.drivers.amqp.endpoint import Endpoint
from conformance.errors import UsageError
from conformance.targets.resolve import resolve
from conformance.targets.urls import parse_amqp_url, without_password


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("amqp://h", Endpoint("h", 5672)),
        ("amqp://h/", Endpoint("h", 5672)),
        ("amqp://h:1/", Endpoint("h", 1)),
        ("amqp://u:p@h:1/v", Endpoint("h", 1, "u", "p", "v")),
        ("amqp://u@h/v", Endpoint("h", 5672, "u", "guest", "v")),
        ("amqp://u:@h/v", Endpoint("h", 5672, "u", "", "v")),
        ("amqp://h/%2F", Endpoint("h", 5672)),
        ("amqp://h/a%2Fb", Endpoint("h", 5672, virtual_host="a/b")),
        ("amqp://h/%E2%82%AC%20x", Endpoint("h", 5672, virtual_host="€ x")),
        ("amqp://a%40b:p%3A%2F%40@h/", Endpoint("h", 5672, "a@b", "p:/@")),
        ("amqp://[::1]/", Endpoint("::1", 5672)),
        ("amqp://u:p@[fe80::1]:99/v", Endpoint("fe80::1", 99, "u", "p", "v")),
        ("amqp://127.0.0.1:65535", Endpoint("127.0.0.1", 65535)),
    ],
)
def test_parsed(url: str, endpoint: Endpoint) -> None:
    assert parse_amqp_url(url) == endpoint
    assert parse_amqp_url(endpoint.url) == endpoint, "an endpoint's URL means the endpoint"


def test_other_clients_read_the_url_of_an_endpoint_alike() -> None:
    endpoint = Endpoint("::1", 7, "a@b", "p:/@%", "v/€")
    parameters = pika.URLParameters(endpoint.url)
    assert (parameters.host, parameters.port) == ("::1", 7)
    assert parameters.credentials == pika.PlainCredentials("a@b", "p:/@%")
    assert parameters.virtual_host == "v/€"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("amqp://", "'amqp://' is not an AMQP address; write amqp://USER:PASSWORD@HOST:PORT/VHOST"),
        ("amqp:///vhost", "is not an AMQP address"),
        ("amqp://:5672", "is not an AMQP address"),
        ("http://h/", "is not an AMQP address"),
        ("amqp://h:port/", "is not a URL"),
        ("amqp://h:99999/", "is not a URL (Port out of range 0-65535)"),
        ("amqp://[::1/", "is not a URL (Invalid IPv6 URL)"),
        ("amqp://h/v?heartbeat=5", "has parameters after the virtual host"),
        ("amqp://h/v#x", "has parameters after the virtual host"),
    ],
)
def test_refused(url: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_amqp_url(url)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "amqp://bob:s3cret@h:port/",
        "amqp://bob:s3cret@[::1/",
        "amqp://bob:s3@cret@[::1/",
        "amqp://bob:s3cret@h/v?x=1",
        "amqps://bob:s3cret@h/",
        "kafka://bob:s3cret@h/",
    ],
)
def test_no_refusal_tells_the_password(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(text)
    assert "bob:***@" in str(caught.value)
    assert "s3" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("reference:4.0", "reference:4.0"),
        ("amqp://h/", "amqp://h/"),
        ("amqp://guest:guest@h/", "amqp://guest:guest@h/"),
        ("amqp://bob:guest@h/", "amqp://bob:***@h/"),
        ("amqp://bob:p%40@h:1/v", "amqp://bob:***@h:1/v"),
        ("amqp://bob@h/", "amqp://bob@h/"),
    ],
)
def test_what_may_be_published(text: str, published: str) -> None:
    assert without_password(text) == published
