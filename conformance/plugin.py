"""The pytest plugin for users' own tests: one switch runs them on the reference or a real broker.

    def test_orders(amqp_broker):
        connection = pika.BlockingConnection(pika.URLParameters(amqp_broker.url))
        ...

    pytest                                      # the reference, in this process
    pytest --broker-target=rabbitmq:4.3         # RabbitMQ in a container
    pytest --broker-target=amqp://127.0.0.1/    # a broker that is already running

Without an engine for a container target the tests are skipped, and the skip says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, TypeVar

import pytest

if TYPE_CHECKING:
    from conformance.targets.model import Target

DEFAULT_TARGET = "reference"

B = TypeVar("B", bound="RunningBroker")


class RunningBroker:
    """A running broker, as tests see it."""

    protocol: ClassVar[str]

    def __init__(self, target: Target) -> None:
        self._target = target

    @property
    def name(self) -> str:
        """The target, as after --broker-target."""
        return self._target.name

    @property
    def host(self) -> str:
        return str(self._target.endpoint(self.protocol).host)

    @property
    def port(self) -> int:
        return int(self._target.endpoint(self.protocol).port)

    def restart(self, *, kill: bool = False) -> None:
        """Restart the broker, or skip the test where the target cannot be restarted."""
        if not self._target.capabilities.has("kill" if kill else "restart"):
            pytest.skip(f"target {self.name} cannot be restarted")
        self._target.restart(kill=kill)


class AmqpBroker(RunningBroker):
    """A broker for clients of AMQP 0-9-1."""

    protocol = "amqp"

    @property
    def url(self) -> str:
        """amqp://user:password@host:port/vhost"""
        return self._target.amqp.url


class KafkaBroker(RunningBroker):
    """A broker for clients of Kafka."""

    protocol = "kafka"

    @property
    def bootstrap_servers(self) -> str:
        """host:port, as clients want it."""
        return self._target.kafka.address


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("brokertck", "message brokers")
    group.addoption(
        "--broker-target",
        default=DEFAULT_TARGET,
        metavar="TARGET",
        help="the broker behind the fixtures amqp_broker and kafka_broker: reference (default), "
        "reference:VERSION, reference:kafka:VERSION, rabbitmq:VERSION, kafka:VERSION, "
        "process:rabbitmq, process:kafka, an amqp:// or kafka:// URL or a descriptor file",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a target that does not exist before anything runs."""
    name = config.getoption("--broker-target")
    if name != DEFAULT_TARGET:
        from conformance.errors import UsageError
        from conformance.targets.resolve import resolve

        try:
            resolve(name)
        except UsageError as error:
            raise pytest.UsageError(f"--broker-target: {error}") from error


def pytest_report_header(config: pytest.Config) -> str | None:
    target = config.getoption("--broker-target")
    if target == DEFAULT_TARGET:
        return None
    from conformance.targets.urls import without_password

    return f"broker target: {without_password(target)}"


@pytest.fixture(scope="session")
def broker_target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The target of the session, started; behind the fixtures of the protocols."""
    from conformance.errors import EngineMissing, KitError
    from conformance.targets.readiness import check_answers
    from conformance.targets.resolve import resolve

    target = resolve(request.config.getoption("--broker-target"))
    try:
        target.check()
        target.start()
        check_answers(target)
    except EngineMissing as error:
        pytest.skip(str(error))
    except KitError as error:
        target.stop()
        pytest.fail(str(error), pytrace=False)
    try:
        yield target
    finally:
        target.stop()


@pytest.fixture(scope="session")
def amqp_broker(broker_target: Target) -> AmqpBroker:
    """An AMQP 0-9-1 broker that runs during the session."""
    return _serving(AmqpBroker(broker_target), broker_target)


@pytest.fixture(scope="session")
def kafka_broker(broker_target: Target) -> KafkaBroker:
    """A Kafka broker that runs during the session."""
    return _serving(KafkaBroker(broker_target), broker_target)


def _serving(broker: B, target: Target) -> B:
    if broker.protocol not in target.protocols:
        pytest.fail(f"target {target.name} does not serve {broker.protocol}", pytrace=False)
    return broker
