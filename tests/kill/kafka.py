"""One round: produce with acks=all, transactions and offsets at full speed; SIGKILL and restart in
the middle of it, while the clients go on; check what they were told against what is there."""

from __future__ import annotations

import random
import threading
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from conformance.history import Anomaly, History, check
from conformance.targets.embedded import emulation
from conformance.targets.served import ServedReferenceTarget
from tests.kill.outcome import Round

PATIENCE_S = 20.0
"""For a client that has to find a broker again; it takes about a second."""

BURST = 40
LEGS = 2
"""Partitions that each transaction writes to."""
GROUP = "group"


def run_round(seed: int) -> Round:
    """Run one round on a new broker; the seed decides when it dies and which transactions abort."""
    random_source = random.Random(seed)
    target = ServedReferenceTarget(emulation("kafka"))
    target.start()
    try:
        settings = {"bootstrap.servers": target.kafka.address, "log_level": 0}
        admin = AdminClient(settings)
        for topic, partitions in (("log", 1), ("ledger", LEGS)):
            admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(PATIENCE_S)
        killer = threading.Timer(
            random_source.uniform(0.1, 0.5), target.restart, kwargs={"kill": True}
        )
        clients = _Clients(settings, random_source)
        killer.start()
        while killer.is_alive():
            clients.work()
        killer.join()
        clients.finish()
        return _checked(settings, clients)
    finally:
        target.stop()


class _Clients:
    """A producer, a transactional producer, and a group that commits; and what they were told."""

    def __init__(self, settings: dict[str, Any], random_source: random.Random) -> None:
        self._settings = settings
        self._random = random_source
        self._plain = Producer({**settings, "acks": "all", "enable.idempotence": True})
        self._member = Consumer({**settings, "group.id": GROUP, "enable.auto.commit": False})
        self._bank = self._new_bank()
        self.history = History()
        self.transactions: dict[int, str] = {}
        self.committed_offset = 0
        self._sent = self._tried_offset = 0

    def _new_bank(self) -> Producer:
        bank = Producer({**self._settings, "transactional.id": "bank"})
        bank.init_transactions(PATIENCE_S)
        return bank

    def work(self) -> None:
        """A burst of records, a transaction, an offset."""
        for _ in range(BURST):
            value = f"m{self._sent}"
            self._sent += 1
            self._plain.produce("log", value, on_delivery=self._delivered)
        self._plain.poll(0)
        self._transact()
        self._commit()

    def _delivered(self, error: Any, message: Any) -> None:
        outcome = "unknown" if error else "ok"
        self.history.sent("producer", "log", message.value().decode(), outcome)

    def _transact(self) -> None:
        number = len(self.transactions)
        self.transactions[number] = "unknown"
        commits = self._random.random() < 0.7
        try:
            self._bank.begin_transaction()
            for leg in range(LEGS):
                self._bank.produce("ledger", f"t{number}", partition=leg)
            if commits:
                self._bank.commit_transaction(PATIENCE_S)
            else:
                self._bank.flush(PATIENCE_S)
                self._bank.abort_transaction(PATIENCE_S)
            self.transactions[number] = "ok" if commits else "fail"
        except KafkaException:
            self._bank = self._new_bank()

    def _commit(self) -> None:
        self._tried_offset += 1
        try:
            offsets = [TopicPartition("log", 0, self._tried_offset)]
            self._member.commit(offsets=offsets, asynchronous=False)
            self.committed_offset = self._tried_offset
        except KafkaException:
            pass  # it may have arrived all the same

    def finish(self) -> None:
        """Wait until everything is decided."""
        self._transact()
        left = self._plain.flush(PATIENCE_S)
        assert left == 0, f"{left} records without an outcome"
        self._member.close()


def _checked(settings: dict[str, Any], clients: _Clients) -> Round:
    history = clients.history
    for _, value in _everything(settings, "log", 1):
        history.received("reader", "log", value)
    anomalies = check(history, ("lost", "phantom", "duplicated"))
    seen = _everything(settings, "ledger", LEGS)
    for number, outcome in clients.transactions.items():
        legs = sum(value == f"t{number}" for _, value in seen)
        right = {"ok": (LEGS,), "fail": (0,), "unknown": (0, LEGS)}[outcome]
        if legs not in right:
            anomalies.append(
                Anomaly("torn", "ledger", (f"t{number}",), f"{outcome}, and {legs} legs are there")
            )
    reader = Consumer({**settings, "group.id": GROUP})
    (found,) = reader.committed([TopicPartition("log", 0)], PATIENCE_S)
    reader.close()
    if found.offset < clients.committed_offset:
        text = f"{clients.committed_offset} was committed, {found.offset} is there"
        anomalies.append(Anomaly("offset went back", "log", (), text))
    acknowledged = sum(operation.outcome == "ok" for operation in history.of_kind("send"))
    decided = sum(outcome != "unknown" for outcome in clients.transactions.values())
    counts = {
        "acknowledged": acknowledged,
        "transactions decided": decided,
        "in doubt": len(clients.transactions) - decided,
        "offset": clients.committed_offset,
    }
    return Round(counts, acknowledged + decided, anomalies)


def _everything(settings: dict[str, Any], topic: str, partitions: int) -> list[tuple[int, str]]:
    """Everything that a reader of committed records sees, up to the end."""
    reader = Consumer(
        {**settings, "group.id": "reader", "isolation.level": "read_committed"}
        | {"enable.partition.eof": True}
    )
    reader.assign([TopicPartition(topic, index, 0) for index in range(partitions)])
    found: list[tuple[int, str]] = []
    ended: set[int] = set()
    while len(ended) < partitions:
        message = reader.poll(PATIENCE_S)
        assert message is not None, f"no end of {topic} within {PATIENCE_S:g} s"
        if message.error():
            ended.add(message.partition())
        else:
            found.append((message.partition(), message.value().decode()))
    reader.close()
    return found
