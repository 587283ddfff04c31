"""The exact set of public names."""

from __future__ import annotations

import inspect

import reference_impl

PUBLIC = {
    "AddressInUse",
    "BrokerError",
    "Clock",
    "ConfigurationError",
    "DirectoryInUse",
    "DirectoryNotUsable",
    "JournalDamaged",
    "ManualClock",
    "Permissions",
    "ReferenceBroker",
    "StorageError",
    "UnknownVersion",
    "User",
}


def test_public_names_are_exactly_these() -> None:
    assert set(reference_impl.__all__) == PUBLIC
    assert len(reference_impl.__all__) == len(PUBLIC)
    assert all(hasattr(reference_impl, name) for name in PUBLIC)


def test_every_public_method_says_what_it_does() -> None:
    for name in PUBLIC:
        subject = getattr(reference_impl, name)
        assert inspect.getdoc(subject), name
        for method, function in vars(subject).items():
            if not method.startswith("_") and callable(function):
                assert inspect.getdoc(getattr(subject, method)), f"{name}.{method}"


def test_options_of_the_broker_are_exactly_these() -> None:
    parameters = inspect.signature(reference_impl.ReferenceBroker).parameters
    assert list(parameters) == [
        "rabbitmq",
        "kafka",
        "clock",
        "data",
        "fsync",
        "amqp_port",
        "kafka_port",
        "kafka_sasl",
        "kafka_settings",
        "vhosts",
        "users",
    ]
    assert {p.kind for p in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}


def test_controls_of_the_broker_are_exactly_these() -> None:
    controls = {name for name in vars(reference_impl.ReferenceBroker) if not name.startswith("_")}
    assert controls == {
        "amqp_address",
        "amqp_url",
        "create_user",
        "create_vhost",
        "kafka_address",
        "set_alarm",
        "start",
        "stop",
    }
