"""The machines by name: what carries the operations out, and what draws them."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.machines.amqp.delivery import DeliveryMachine, DeliverySubject
from conformance.machines.amqp.topology import TopologyMachine, TopologySubject
from conformance.machines.kafka.transaction_subject import TransactionsSubject
from conformance.machines.kafka.transactions import TransactionsMachine
from conformance.machines.machine import DifferentialMachine
from conformance.machines.subject import Subject


@dataclass(frozen=True)
class Kind:
    """One machine. Its protocol is that of the subject."""

    subject: type[Subject]
    rules: type[DifferentialMachine]


MACHINES: dict[str, Kind] = {
    "topology": Kind(TopologySubject, TopologyMachine),
    "delivery": Kind(DeliverySubject, DeliveryMachine),
    "transactions": Kind(TransactionsSubject, TransactionsMachine),
}
