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
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.targets.model import Target

DEFAULT_TARGET = "reference"


class AmqpBroker:
    """A running broker, as tests see it."""

    def __init__(self, target: Target) -> None:
        self._target = target

    @property
    def name(self) -> str:
        """The target, as after --broker-target."""
        return self._target.name

    @property
    def url(self) -> str:
        """amqp://user:password@host:port/vhost"""
        return self._target.amqp.url

    @property
    def host(self) -> str:
        return self._target.amqp.host

    @property
    def port(self) -> int:
        return self._target.amqp.port

    def restart(self, *, kill: bool = False) -> None:
        """Restart the broker, or skip the test where the target cannot be restarted."""
        if not self._target.capabilities.has("kill" if kill else "restart"):
            pytest.skip(f"target {self.name} cannot be restarted")
        self._target.restart(kill=kill)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("brokertck", "message brokers")
    group.addoption(
        "--broker-target",
        default=DEFAULT_TARGET,
        metavar="TARGET",
        help="the broker behind the fixture amqp_broker: reference[:VERSION] (default), "
        "rabbitmq:VERSION, process:rabbitmq, an amqp:// URL or a descriptor file",
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
def amqp_broker(request: pytest.FixtureRequest) -> Iterator[AmqpBroker]:
    """An AMQP 0-9-1 broker that runs during the session."""
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
        yield AmqpBroker(target)
    finally:
        target.stop()
