"""The pytest plugin in users' own projects."""

from __future__ import annotations

import pytest

from conformance.targets.ports import free_ports
from tests.conformance.fake_broker import LOOPBACK, FakeBroker

pytest_plugins = ["pytester"]

TESTS = """
import pika

def test_round_trip(amqp_broker):
    connection = pika.BlockingConnection(pika.URLParameters(amqp_broker.url))
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_publish("", queue, b"hello")
    assert channel.basic_get(queue, auto_ack=True)[2] == b"hello"
    connection.close()

def test_the_same_broker(amqp_broker):
    assert amqp_broker.name == "reference"
    assert amqp_broker.url == f"amqp://guest:guest@{amqp_broker.host}:{amqp_broker.port}/%2F"
"""
KAFKA_TESTS = """
from kafka import KafkaConsumer, KafkaProducer

def test_round_trip(kafka_broker):
    servers = kafka_broker.bootstrap_servers
    assert servers == f"{kafka_broker.host}:{kafka_broker.port}"
    producer = KafkaProducer(bootstrap_servers=servers, enable_idempotence=False)
    producer.send("greetings", b"hello").get(10)
    producer.close()
    consumer = KafkaConsumer("greetings", bootstrap_servers=servers, auto_offset_reset="earliest",
                             consumer_timeout_ms=10000)
    assert next(consumer).value == b"hello"
    consumer.close()
"""
USES = "def test_uses(amqp_broker):\n    print(amqp_broker.url)\n"


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A user's project; the plugin is loaded from its entry point."""
    pytester.makeini("[pytest]\n")
    return pytester


def test_the_reference_by_default(project: pytest.Pytester) -> None:
    project.makepyfile(TESTS)
    result = project.runpytest_inprocess("-p", "no:unraisableexception")
    result.assert_outcomes(passed=2)
    assert "broker target" not in result.stdout.str()


@pytest.mark.slow
def test_kafka_on_the_reference(project: pytest.Pytester) -> None:
    project.makepyfile(KAFKA_TESTS)
    project.runpytest_inprocess("-p", "no:unraisableexception").assert_outcomes(passed=1)


def test_a_target_without_the_protocol(project: pytest.Pytester) -> None:
    project.makepyfile(USES)
    result = project.runpytest_inprocess("--broker-target=reference:kafka")
    result.assert_outcomes(errors=1)
    assert "target reference:kafka does not serve amqp" in result.stdout.str()


def test_the_help_names_the_option(project: pytest.Pytester) -> None:
    result = project.runpytest_inprocess("--help")
    assert "--broker-target=TARGET" in result.stdout.str()
    result = project.runpytest_inprocess("--fixtures")
    assert "An AMQP 0-9-1 broker that runs during the session." in result.stdout.str()


def test_a_durable_restart(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(amqp_broker):\n    amqp_broker.restart()\n")
    project.runpytest_inprocess().assert_outcomes(passed=1)
    project.makepyfile("def test_it(amqp_broker):\n    amqp_broker.restart(kill=True)\n")
    result = project.runpytest_inprocess("-rs")
    result.assert_outcomes(skipped=1)
    assert "target reference cannot be restarted" in result.stdout.str()


def test_a_broker_at_an_address(project: pytest.Pytester) -> None:
    project.makepyfile(USES)
    with FakeBroker() as broker:
        url = f"amqp://bob:s3cret@{LOOPBACK}:{broker.port}/v"
        result = project.runpytest_inprocess("-s", f"--broker-target={url}")
    result.assert_outcomes(passed=1)
    said = result.stdout.str()
    assert f"broker target: amqp://bob:***@{LOOPBACK}:{broker.port}/v" in said
    assert f"amqp://bob:s3cret@{LOOPBACK}:{broker.port}/v" in said, "the test is given all of it"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("rabit", "--broker-target: unknown target 'rabit'; choose one of these:"),
        ("reference:9", "--broker-target: RabbitMQ '9' is not emulated"),
        ("nowhere.toml", "--broker-target: no descriptor at nowhere.toml; check the path"),
    ],
)
def test_an_unknown_target_is_a_usage_error(
    project: pytest.Pytester, target: str, why: str
) -> None:
    project.makepyfile("def test_without_a_broker(): ...")
    result = project.runpytest_inprocess(f"--broker-target={target}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {why}" in result.stderr.str()
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_container_without_an_engine_is_skipped_with_the_reason(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://{LOOPBACK}:1")
    project.makepyfile(USES)
    result = project.runpytest_inprocess("-rs", "--broker-target=rabbitmq:4.3")
    result.assert_outcomes(skipped=1)
    assert (
        f"target rabbitmq:4.3 needs a container engine, and none answers at tcp://{LOOPBACK}:1; "
        "start Docker"
    ) in " ".join(result.stdout.str().split())


def test_a_broker_that_is_not_there_fails_with_a_sentence(project: pytest.Pytester) -> None:
    (port,) = free_ports(1)
    project.makepyfile(USES)
    result = project.runpytest_inprocess(f"--broker-target=amqp://{LOOPBACK}:{port}/")
    result.assert_outcomes(errors=1)
    said = result.stdout.str()
    assert f"nothing listens at {LOOPBACK}:{port} (Connection refused); start the broker" in said
    assert "Traceback" not in said
