"""Measuring two brokers: the figures, their arithmetic, and what cannot be measured."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from conformance.bench import compare as module
from conformance.bench import subject as subjects
from conformance.bench.compare import compare
from conformance.bench.load import Load, Sample
from conformance.bench.workloads import Client, client_for
from conformance.cli import main
from conformance.errors import TargetError, UsageError
from conformance.targets.served import ServedReferenceTarget
from reference_impl import ReferenceBroker


@pytest.mark.slow
def test_a_tiny_comparison_gives_all_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bench.json"
    small = ["--rounds", "2", "--messages", "300", "--round-trips", "20", "--json", str(path)]
    assert main(["bench", "--target", "reference", "--vs", "process:reference", *small]) == 0
    said = capsys.readouterr()
    assert "round 2 of 2" in said.err
    content = json.loads(path.read_text())
    assert (content["a"], content["b"], content["rounds"]) == ("reference", "process:reference", 2)
    assert content["load"] == {
        "messages": 300,
        "round_trips": 20,
        "body_size": 100,
        "persistent": False,
    }
    labels = [figure["label"] for figure in content["figures"]]
    assert len(set(labels)) == len(labels) == 9
    assert {"publish, msg/s", "broker CPU, consume, µs/msg", "start, s"} <= set(labels)
    for figure in content["figures"]:
        assert figure["label"] in said.out
        if "CPU" not in figure["label"]:  # clock ticks of 10 ms may all fall elsewhere
            assert figure["a"] > 0
            assert figure["b"] > 0
        assert figure["ratio_min"] <= figure["ratio"] <= figure["ratio_max"]


class FakeSubject:
    """A broker with made-up figures."""

    def __init__(self, speed: float) -> None:
        self.name = "the same name"
        self.start_s = speed
        self.speed = speed
        self.target = self
        self.protocols = ("amqp",)

    def stop(self) -> None:
        """Nothing runs."""


def test_rounds_alternate_and_ratios_are_taken_round_by_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sides = iter([FakeSubject(1.0), FakeSubject(2.0)])
    order: list[tuple[float, int]] = []

    def measure(subject: FakeSubject, load: Load) -> Sample:
        order.append((subject.speed, load.messages))
        return {"publish, msg/s": subject.speed * len(order)}

    monkeypatch.setattr(module.subjects, "measurable", lambda _: FakeSubject(0.0))
    monkeypatch.setattr(module.subjects, "start", lambda _: next(sides))
    monkeypatch.setattr(module, "client_for", lambda *_: Client("amqp", measure))
    told: list[str] = []
    figures = compare("x", "x", Load(messages=100), 3, told.append)
    warm_up = [(1.0, 10), (2.0, 10)]
    assert order == [
        *warm_up,
        (1.0, 100),
        (2.0, 100),
        (2.0, 100),
        (1.0, 100),
        (1.0, 100),
        (2.0, 100),
    ]
    assert told == ["round 1 of 3", "round 2 of 3", "round 3 of 3"]
    publish = figures[0]
    assert (publish.a, publish.b) == (6.0, 10.0)
    assert publish.ratio_min == pytest.approx(3 / 8)
    assert publish.ratio == pytest.approx(7 / 16)
    assert publish.ratio_max == pytest.approx(6 / 10)
    assert (figures[-1].label, figures[-1].ratio) == ("start, s", 0.5)


@pytest.mark.parametrize("text", ["amqp://127.0.0.1:1/", "amqp://bob:s3cret@127.0.0.1:1/"])
def test_a_broker_whose_process_is_not_found_cannot_be_measured(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        compare("reference", text, Load(), 1, print)
    assert str(caught.value) == (
        "cannot measure amqp://127.0.0.1:1: no process of this machine that may be looked at "
        "listens there; use an address of a broker that runs here, reference, or a target that "
        "the kit starts"
    )


def test_a_broker_that_runs_here_is_found_by_its_port() -> None:
    with ReferenceBroker() as broker:
        target = subjects.measurable(broker.amqp_url)
        assert subjects.pid_of(target) == os.getpid()
    with pytest.raises(TargetError, match="does not listen any more"):
        subjects.pid_of(target)


def test_the_reference_is_measured_as_a_process_of_its_own() -> None:
    target = subjects.measurable("reference:4.0")
    assert isinstance(target, ServedReferenceTarget)
    assert target.name == "process:reference:4.0"


def test_the_client_speaks_what_both_serve() -> None:
    both, amqp, kafka = ("amqp", "kafka"), ("amqp",), ("kafka",)
    assert client_for(None, both, amqp) == client_for("pika", both, both)
    assert client_for(None, both, kafka) == client_for("kafka-python", kafka, kafka)
    with pytest.raises(UsageError, match="'pika' cannot measure these two: both serve kafka; cho"):
        client_for("pika", both, kafka)
    with pytest.raises(UsageError, match="no client can measure these two: both serve nothing"):
        client_for(None, amqp, kafka)
