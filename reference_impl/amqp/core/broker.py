"""The broker as a whole: virtual hosts, users, alarms, the clock and everything that is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from reference_impl.amqp.core.access import Permissions, User
from reference_impl.amqp.core.store import MemoryStore
from reference_impl.amqp.core.vhost import VirtualHost
from reference_impl.amqp.versions import Dialect
from reference_impl.clock import Clock
from reference_impl.timers import Timers

GUEST = User("guest", "guest", {"/": Permissions()})

ALARMS = ("disk", "memory")
"""Resource alarms in the order in which connection.blocked names them (docs: alarms)."""


class Broker:
    """One RabbitMQ-like broker: state only, no listeners.

    `new_id` must return a different name at each call, also after a restart of a durable broker.
    `wake` is called when there is something to do that no session announces: a timer that is due
    earlier than all others, a record to be made durable.
    """

    def __init__(
        self,
        dialect: Dialect,
        clock: Clock,
        new_id: Callable[[], str],
        wake: Callable[[], None] = lambda: None,
        vhosts: Iterable[str] = ("/",),
        users: Iterable[User] = (GUEST,),
    ) -> None:
        self.dialect = dialect
        self.clock = clock
        self.wake = wake
        self.timers = Timers(clock, wake)
        self.new_id = new_id
        self.store = MemoryStore()
        self.users = {
            user.name: replace(user, permissions=dict(user.permissions)) for user in users
        }
        self._first_users = tuple(self.users.values())
        self.vhosts: dict[str, VirtualHost] = {}
        for name in vhosts:
            self.add_vhost(name)
        self.alarms: dict[str, None] = {}
        self.alarm_listeners: list[Callable[[], None]] = []

    def create_vhost(self, name: str) -> None:
        """Create a virtual host, unless it exists. The users that the broker was started with get
        all permissions in it."""
        if name not in self.vhosts:
            self.add_vhost(name)
            self.store.vhost_created(name)
            for user in self._first_users:
                user.permissions[name] = Permissions()

    def add_vhost(self, name: str) -> None:
        vhost = VirtualHost(name, self.dialect, self.timers, self.new_id)
        vhost.store = self.store
        self.vhosts[name] = vhost

    def set_store(self, store: MemoryStore) -> None:
        """From now on tell `store` about everything durable."""
        self.store = store
        for vhost in self.vhosts.values():
            vhost.store = store

    def set_alarm(self, name: str, active: bool) -> None:
        """Raise or clear the "memory" or "disk" alarm; publishers are blocked while one is set."""
        if name not in ALARMS:
            raise ValueError(f"no alarm {name!r}; choose one of {', '.join(ALARMS)}")
        if active:
            self.alarms[name] = None
        else:
            self.alarms.pop(name, None)
        for listener in list(self.alarm_listeners):
            listener()

    def alarm_reason(self) -> str:
        """The text of connection.blocked (rabbit_reader:blocked_by_message)."""
        return "low on " + " & ".join(name for name in ALARMS if name in self.alarms)
