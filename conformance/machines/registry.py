"""The machines by name: what carries the operations out, and what draws them."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.machines.amqp.delivery import DeliveryMachine, DeliverySubject
from conformance.machines.amqp.topology import TopologyMachine, TopologySubject
from conformance.machines.kafka.group_subject import GroupsSubject
from conformance.machines.kafka.groups import GroupsMachine
from conformance.machines.kafka.idempotence import IdempotenceMachine, IdempotenceSubject
from conformance.machines.kafka.log import LogMachine, LogSubject
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
    "log": Kind(LogSubject, LogMachine),
    "idempotence": Kind(IdempotenceSubject, IdempotenceMachine),
    "groups": Kind(GroupsSubject, GroupsMachine),
    "transactions": Kind(TransactionsSubject, TransactionsMachine),
}
