"""The broker as a program of its own: `python -m reference_impl`, `brokertck serve`.

When it is ready it prints one JSON line with the addresses; SIGTERM and SIGINT end it cleanly.
Exit codes: 0 ended by a signal, 2 unusable arguments or environment, 3 storage failed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from reference_impl.amqp.core.access import User
from reference_impl.amqp.core.broker import GUEST
from reference_impl.amqp.versions import DEFAULT_VERSION, DIALECTS
from reference_impl.config import Config, parse_address, parse_setting, user
from reference_impl.errors import BrokerError, ConfigurationError, StorageError
from reference_impl.kafka.versions import DEFAULT_VERSION as DEFAULT_KAFKA_VERSION
from reference_impl.kafka.versions import DIALECTS as KAFKA_DIALECTS
from reference_impl.server.loops import new_event_loop
from reference_impl.server.runner import BrokerServer

OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""Messages make no reference cycles, sessions few, so that the collector seldom finds anything;
with Python's 700 it took a fifth of the time of a publish."""

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_FAILURE = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `serve` to a parser."""
    parser.add_argument(
        "--amqp",
        metavar="HOST:PORT",
        default="127.0.0.1:0",
        help="where to listen for AMQP 0-9-1; port 0 picks a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--rabbitmq",
        metavar="VERSION",
        default=DEFAULT_VERSION,
        help=f"RabbitMQ version to emulate: {', '.join(DIALECTS)} (default: %(default)s)",
    )
    parser.add_argument(
        "--kafka",
        metavar="HOST:PORT",
        default="127.0.0.1:0",
        help="where to listen for Kafka; port 0 picks a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--kafka-version",
        metavar="VERSION",
        default=DEFAULT_KAFKA_VERSION,
        help=f"Kafka version to emulate: {', '.join(KAFKA_DIALECTS)} (default: %(default)s)",
    )
    parser.add_argument(
        "--kafka-sasl",
        action="store_true",
        help="Kafka's clients must log in as one of the users (SASL PLAIN)",
    )
    parser.add_argument(
        "--kafka-setting",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a setting of the Kafka broker by Kafka's name; may be given several times",
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        help="keep durable entities and persistent messages in this directory "
        "(default: memory only)",
    )
    parser.add_argument(
        "--fsync",
        action="store_true",
        help="with --data, survive the loss of power too, not only of the process",
    )
    parser.add_argument(
        "--user",
        metavar="NAME:PASSWORD",
        action="append",
        default=[],
        help="a user with all permissions, beside guest; may be given several times",
    )
    parser.add_argument(
        "--vhost",
        metavar="NAME",
        action="append",
        default=[],
        help="a virtual host beside '/'; may be given several times",
    )


def config_from(arguments: argparse.Namespace) -> Config:
    """Turn parsed options into a configuration. Raises ConfigurationError."""
    vhosts = ("/", *arguments.vhost)
    users: list[User] = [user(GUEST.name, GUEST.password, vhosts)]
    for text in arguments.user:
        name, colon, password = text.partition(":")
        if not name or not colon:
            raise ConfigurationError(f"--user {text!r} is not of the form NAME:PASSWORD")
        users.append(user(name, password, vhosts))
    return Config(
        rabbitmq=arguments.rabbitmq,
        amqp=parse_address(arguments.amqp),
        kafka_version=arguments.kafka_version,
        kafka=parse_address(arguments.kafka),
        kafka_sasl=arguments.kafka_sasl,
        kafka_settings=dict(parse_setting(text) for text in arguments.kafka_setting),
        data=arguments.data,
        fsync=arguments.fsync,
        vhosts=vhosts,
        users=tuple(users),
    )


def serve(config: Config) -> int:
    """Run a broker until a signal ends it; return the exit code."""
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    loop = new_event_loop()
    try:
        return loop.run_until_complete(_serve(config))
    finally:
        loop.close()


async def _serve(config: Config) -> int:
    server = BrokerServer(config)
    await server.start()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.request_stop)
    if server.torn_bytes:
        print(
            f"the journal ended in an incomplete record of {server.torn_bytes} octets, which was "
            "cut off; it had been confirmed to nobody",
            file=sys.stderr,
        )
    assert server.kafka_address is not None
    host, port = server.kafka_address
    ready = {
        "amqp": server.amqp_url,
        "rabbitmq": config.rabbitmq,
        "kafka": f"{host}:{port}",
        "kafka_version": config.kafka_version,
        "pid": os.getpid(),
    }
    print(json.dumps(ready), flush=True)
    await server.stopped.wait()
    if server.failure is not None:
        print(server.failure, file=sys.stderr)
        return EXIT_FAILURE
    return EXIT_OK


def run(arguments: argparse.Namespace) -> int:
    """Run `serve` with parsed options; errors become one sentence and an exit code."""
    try:
        return serve(config_from(arguments))
    except StorageError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    except BrokerError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code. Unusable options end it with SystemExit(2)."""
    parser = argparse.ArgumentParser(
        prog="python -m reference_impl", description="Run the brokertck reference broker."
    )
    add_arguments(parser)
    return run(parser.parse_args(argv))
