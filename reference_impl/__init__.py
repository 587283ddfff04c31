"""A message broker in pure Python: a reference for AMQP 0-9-1 as RabbitMQ speaks it.

It runs on the standard library alone, starts in milliseconds, and serves unmodified clients.
"""

from reference_impl.amqp.core.access import Permissions, User
from reference_impl.clock import Clock, ManualClock
from reference_impl.errors import (
    AddressInUse,
    BrokerError,
    ConfigurationError,
    DirectoryInUse,
    DirectoryNotUsable,
    JournalDamaged,
    StorageError,
    UnknownVersion,
)
from reference_impl.server.embedded import ReferenceBroker

__all__ = [
    "AddressInUse",
    "BrokerError",
    "Clock",
    "ConfigurationError",
    "DirectoryInUse",
    "DirectoryNotUsable",
    "JournalDamaged",
    "ManualClock",
    "Permissions",
    "ReferenceBroker",
    "StorageError",
    "UnknownVersion",
    "User",
]
