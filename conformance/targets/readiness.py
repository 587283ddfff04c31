"""Waiting until a broker lets clients in, whatever protocols it serves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from conformance.drivers.registry import DRIVERS
from conformance.errors import TargetError
from conformance.targets.model import Address, Target

START_WITHIN_S = 90.0
"""The slowest start seen was 14 s: RabbitMQ 3.10 beside two other nodes on two cores."""

RETRY_S = 0.1


def check_answers(target: Target) -> None:
    """Ask of each protocol that the target serves what no broker can be tested without.

    Raises TargetError if it cannot be reached or says nothing.
    """
    for protocol, endpoint in target.endpoints.items():
        DRIVERS[protocol].check_answers(target.name, endpoint)


def wait_ready(
    name: str,
    endpoints: Mapping[str, Address],
    is_alive: Callable[[], bool],
    failure: Callable[[], str],
    within_s: float = START_WITHIN_S,
) -> None:
    """Wait until a broker that was just started lets a client in at every endpoint.

    `is_alive` tells whether its process still runs, `failure` what it said at the end. Raises
    TargetError.
    """
    limit_s = time.monotonic() + within_s
    waiting = dict(endpoints)
    last: TargetError | None = None
    while waiting and time.monotonic() < limit_s:
        if not is_alive():
            raise TargetError(f"target {name}: the broker ended while starting: {failure()}")
        protocol, endpoint = next(iter(waiting.items()))
        try:
            DRIVERS[protocol].knock(name, endpoint)
        except TargetError as error:
            last = error
            time.sleep(RETRY_S)
        else:
            del waiting[protocol]
    if waiting:
        raise TargetError(
            f"target {name}: not ready within {within_s:g} s; the last attempt said: {last}"
        )
