"""Handlers and the specification: one for each method, with parameters named like its fields."""

from __future__ import annotations

import importlib
import inspect
import keyword
import pkgutil

import pytest

from reference_impl.amqp import methods
from reference_impl.amqp.channel_session import ChannelSession
from reference_impl.amqp.methods import CHANNEL_HANDLERS, CONNECTION_HANDLERS, UNSERVED
from reference_impl.amqp.wire.spec import METHODS, MethodSpec

HANDLERS = {**CONNECTION_HANDLERS, **CHANNEL_HANDLERS}
MODULES = {
    info.name: importlib.import_module(f"{methods.__name__}.{info.name}")
    for info in pkgutil.iter_modules(methods.__path__)
}


def parameter(field: str) -> str:
    """A field's name as a parameter: names that Python has taken end with an underscore."""
    return f"{field}_" if keyword.iskeyword(field) or field == "type" else field


def expected_parameters(method: MethodSpec) -> list[str]:
    return [parameter(name) for name, _ in method.fields]


@pytest.mark.parametrize("name", sorted(HANDLERS))
def test_parameters_are_the_fields(name: str) -> None:
    parameters = list(inspect.signature(HANDLERS[name]).parameters)
    receiver = "session" if name in CONNECTION_HANDLERS else "channel"
    assert parameters == [receiver, *expected_parameters(METHODS[name])]


def test_parameters_of_publish_are_the_fields() -> None:
    parameters = list(inspect.signature(ChannelSession._begin_publish).parameters)
    assert parameters == ["self", "payload", *expected_parameters(METHODS["basic.publish"])]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_module_is_named_after_its_method_and_says_what_it_is(name: str) -> None:
    module = MODULES[name]
    method = METHODS[module.METHOD]
    assert name == module.METHOD.replace(".", "_").replace("-", "_")
    lines = (module.__doc__ or "").splitlines()
    assert lines[0] == f"{method.name} ({method.class_id}.{method.method_id})"
    headings = [line.split()[0] for line in lines[2:] if line and not line.startswith(" ")]
    assert headings == ["Versions", "Behaviour", "Deviations", "Source"]


def test_every_client_method_is_handled_or_listed() -> None:
    elsewhere = {"basic.publish", "channel.close-ok"}
    from_clients = {name for name, method in METHODS.items() if method.sender != "server"}
    assert set(HANDLERS) | elsewhere | set(UNSERVED) == from_clients
    assert {module.METHOD for module in MODULES.values()} == set(HANDLERS)
