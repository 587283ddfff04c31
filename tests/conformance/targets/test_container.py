"""Containers of the kit: what an interrupted run left behind, and what Ctrl-C leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from requests.exceptions import ReadTimeout

from conformance.errors import EngineMissing, TargetError, UsageError
from conformance.targets.container import LABEL, ContainerTarget, connect_engine, owner, sweep
from conformance.targets.rabbitmqctl import RabbitMqControl
from conformance.targets.resolve import resolve

pytestmark = pytest.mark.slow

WITHIN_S = 60
MINE = "io.github.brokertck.test"


@pytest.fixture(scope="module")
def image() -> str:
    """An image of a broker that is here; nothing is pulled for a test."""
    target = resolve("rabbitmq:4.3")
    try:
        engine = connect_engine(target.name)
    except EngineMissing as error:
        pytest.skip(str(error))
    names = [tag for image in engine.images.list() for tag in image.tags]
    found = [name for name in names if name in target.images]  # type: ignore[attr-defined]
    if not found:
        pytest.skip(f"none of the images of {target.name} is here")
    return str(found[0])


@pytest.fixture
def engine(image: str) -> Iterator[Any]:
    """The container engine; what a test created in it is removed."""
    client = connect_engine("test")
    yield client
    for container in client.containers.list(all=True, filters={"label": MINE}):
        container.remove(force=True, v=True)
    client.close()


def test_containers_whose_owner_is_gone_are_swept(engine: Any, image: str) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()

    def create(label: str) -> str:
        labels = {LABEL: label, MINE: "1"}
        return str(engine.containers.create(image, "true", labels=labels).id)

    orphan, mine = create(owner(gone.pid)), create(owner(os.getpid()))
    foreign = create(f"another-host:{gone.pid}")
    assert sweep(engine) >= 1
    left = {c.id for c in engine.containers.list(all=True, filters={"label": LABEL})}
    assert {mine, foreign} <= left
    assert orphan not in left


def test_two_workers_sweep_at_once(engine: Any, image: str) -> None:
    """What one removes while the other looks at it is no error of either."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    labels = {LABEL: owner(gone.pid), MINE: "1"}
    for _ in range(4):
        engine.containers.create(image, "true", labels=labels)
    together = threading.Barrier(4)

    def work(_number: int) -> int:
        together.wait(timeout=30)
        return sweep(engine)

    with ThreadPoolExecutor(4) as workers:
        removed = sum(workers.map(work, range(4)))
    assert removed >= 4
    assert not engine.containers.list(all=True, filters={"label": f"{LABEL}={owner(gone.pid)}"})


def test_a_version_that_cannot_be_had(image: str) -> None:
    target = resolve("rabbitmq:0.0.1")
    with pytest.raises(UsageError) as caught:
        target.check()
    assert "none of the images brokertck/rabbitmq:0.0.1, rabbitmq:0.0.1 is here or can be" in str(
        caught.value
    )


class Container:
    """A container that ends when it is told, or never."""

    id = "c0ffee"

    def __init__(self, *, ends: bool) -> None:
        self.ends = ends
        self.started = 0

    def get_wrapped_container(self) -> Container:
        return self

    def wait(self, timeout: float) -> None:
        if not self.ends:
            raise ReadTimeout(f"nothing within {timeout} s")

    def start(self) -> None:
        self.started += 1


@pytest.fixture
def restarting(monkeypatch: pytest.MonkeyPatch) -> ContainerTarget:
    """A RabbitMQ in whose container rabbitmqctl dies without a word."""

    def killed(_: RabbitMqControl, *arguments: str) -> str:
        raise TargetError(f"target rabbitmq:4.3: rabbitmqctl {arguments[0]} failed: ")

    target = resolve("rabbitmq:4.3")
    assert isinstance(target, ContainerTarget)
    monkeypatch.setattr(RabbitMqControl, "run", killed)
    monkeypatch.setattr(target, "_wait_ready", lambda: None)
    return target


def test_the_end_of_a_container_may_take_rabbitmqctl_along(restarting: ContainerTarget) -> None:
    container = restarting._container = Container(ends=True)
    restarting.restart()
    assert container.started == 1


def test_a_container_that_does_not_end_is_told(restarting: ContainerTarget) -> None:
    container = restarting._container = Container(ends=False)
    with pytest.raises(TargetError, match="rabbitmqctl stop failed: ; it still runs after 30 s"):
        restarting.restart()
    assert container.started == 0


def test_ctrl_c_while_a_broker_starts_leaves_no_container(
    engine: Any, image: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "conformance", "run", "-t", "rabbitmq:4.3", "--no-allure"]
    command += ["-o", str(tmp_path), "--select", "amqp.routing.topic-hash-matches-empty-key"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        label = f"{LABEL}={owner(process.pid)}"
        starts = {"label": label, "event": "start"}
        until = int(time.time()) + WITHIN_S
        next(engine.events(filters=starts, since=until - WITHIN_S, until=until))
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 130, complaints
    assert b"Traceback" not in complaints
    assert engine.containers.list(all=True, filters={"label": label}) == []
