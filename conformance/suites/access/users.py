"""Users with less than all permissions, created once for each broker."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from conformance.drivers.amqp.client import Connection
from conformance.drivers.amqp.endpoint import Endpoint
from conformance.drivers.amqp.tester import AmqpTester
from conformance.targets.model import Target


@dataclass(frozen=True)
class User:
    """A user and the patterns of what it may configure, write and read."""

    name: str
    password: str
    configure: str
    write: str
    read: str

    def connect(self, amqp: AmqpTester) -> Connection:
        """Connect as this user, who is created when first needed."""
        _created(amqp.target, self)
        return amqp.connect(username=self.name, password=self.password)


LETTERS = User(
    "tck-letters",
    "letters",
    configure=r"\.c[wr]*$",
    write=r"^amq\.default$|\.c?wr?$",
    read=r"\.c?w?r$",
)
"""What it may do with a resource stands at the end of the name, after a dot: c, w and r, in this
order. It may also write to the default exchange."""

NOBODY = User("tck-nobody", "nobody", configure="", write="^$", read="")
"""May enter the virtual host, and nothing else."""

_users: WeakKeyDictionary[Target, tuple[Endpoint, set[User]]] = WeakKeyDictionary()


def _created(target: Target, user: User) -> None:
    """Create the user unless this broker has it; a target that was started anew has lost it."""
    endpoint, users = _users.get(target, (None, set()))
    if endpoint != target.amqp:
        users = set()
        _users[target] = target.amqp, users
    if user not in users:
        target.create_user(user.name, user.password, user.configure, user.write, user.read)
        users.add(user)
