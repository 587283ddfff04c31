"""What a broker can be asked to be."""

from __future__ import annotations

import pytest

from reference_impl.amqp.core.access import Permissions
from reference_impl.config import Config, parse_address, user
from reference_impl.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("5672", ("127.0.0.1", 5672)),
        (":0", ("127.0.0.1", 0)),
        ("0.0.0.0:65535", ("0.0.0.0", 65535)),
        ("localhost:1", ("localhost", 1)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "host", "host:", "host:-1", "host:65536", "host:x", "1 2", "host:\u00b2", "h:\u0663"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not an address; write HOST:PORT") as error:
        parse_address(text)
    assert repr(text) in str(error.value)


def test_defaults_are_a_free_port_on_loopback_and_memory() -> None:
    config = Config()
    assert config.amqp == ("127.0.0.1", 0)
    assert config.data is None
    assert config.vhosts == ("/",)
    assert [guest.name for guest in config.users] == ["guest"]


def test_user_has_all_permissions_where_asked_for() -> None:
    made = user("name", "password", ("/", "v"))
    assert made.permissions == {"/": Permissions(), "v": Permissions()}
    assert made.permissions["v"].unrestricted
