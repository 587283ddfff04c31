"""The table of methods against pamqp's, which was generated from the same specification."""

from __future__ import annotations

import pytest
from pamqp import commands, constants

from reference_impl.amqp.fields import PROPERTY_NAMES, Properties
from reference_impl.amqp.wire import spec
from reference_impl.amqp.wire.spec import METHODS, METHODS_BY_KEY, MethodSpec
from tests.reference_impl.amqp.pamqp_names import COMMANDS, MISSING, field_name

METHODS_OF_RABBITMQ = (
    "access.request",
    "access.request-ok",
    "basic.nack",
    "connection.blocked",
    "connection.unblocked",
    "connection.update-secret",
    "connection.update-secret-ok",
    "confirm.select",
    "confirm.select-ok",
    "exchange.bind",
    "exchange.bind-ok",
    "exchange.unbind",
    "exchange.unbind-ok",
)
"""What RabbitMQ speaks beyond the AMQP 0-9-1 XML (docs: extensions)."""


def test_pamqp_lacks_only_the_access_class() -> None:
    assert set(METHODS) - set(COMMANDS) == MISSING
    assert set(COMMANDS) <= set(METHODS)


def test_extensions_are_there() -> None:
    assert set(METHODS_OF_RABBITMQ) <= set(METHODS)


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_method_agrees_with_pamqp(method: MethodSpec) -> None:
    if method.name in MISSING:
        assert (method.class_id, method.method_id) in ((30, 10), (30, 11))
        return
    command = COMMANDS[method.name]
    assert method.class_id << 16 | method.method_id == command.index
    assert [(field_name(method.name, name), kind) for name, kind in method.fields] == [
        (name, command.amqp_type(name)) for name in command.attributes()
    ]


def test_method_is_found_by_its_key() -> None:
    assert [METHODS_BY_KEY[method.key] for method in METHODS.values()] == list(METHODS.values())
    assert len(METHODS_BY_KEY) == len(METHODS)


def test_answers_come_from_the_other_side() -> None:
    for name, method in METHODS.items():
        if name.endswith("-ok"):
            request = METHODS.get(name.removesuffix("-ok"), METHODS["basic.get"])
            expected = {"client": "server", "server": "client", "both": "both"}[request.sender]
            assert method.sender == expected, name


def test_content_belongs_to_the_four_methods_that_carry_it() -> None:
    carrying = {method.name for method in METHODS.values() if method.has_content}
    assert carrying == {"basic.publish", "basic.return", "basic.deliver", "basic.get-ok"}


def test_constants_agree_with_pamqp() -> None:
    assert spec.FRAME_METHOD == constants.FRAME_METHOD
    assert spec.FRAME_HEADER == constants.FRAME_HEADER
    assert spec.FRAME_BODY == constants.FRAME_BODY
    assert spec.FRAME_HEARTBEAT == constants.FRAME_HEARTBEAT
    assert spec.FRAME_END == constants.FRAME_END
    assert spec.FRAME_OVERHEAD == constants.FRAME_HEADER_SIZE + 1
    assert commands.Basic.frame_id == spec.CLASS_BASIC


def test_properties_agree_with_pamqp() -> None:
    known = commands.Basic.Properties
    assert ["message_type" if n == "type" else n for n in PROPERTY_NAMES] == known.attributes()
    flags = [known.flags[name] for name in known.attributes()]
    assert flags == [1 << 15 - index for index in range(len(PROPERTY_NAMES))]
    assert all(getattr(Properties, name) is None for name in PROPERTY_NAMES)
