"""The broker as a whole: virtual hosts, users, alarms, the clock and everything that is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reference_impl.amqp.core.access import Permissions, User
from reference_impl.amqp.core.timers import Timers
from reference_impl.amqp.core.vhost import VirtualHost
from reference_impl.amqp.versions import Dialect
from reference_impl.clock import Clock

GUEST = User("guest", "guest", {"/": Permissions()})

ALARM_REASONS = {"memory": "low on memory", "disk": "low on disk"}
"""Resource alarms by name, with the reason that connection.blocked gives (docs: alarms)."""


class Broker:
    """One RabbitMQ-like broker: state only, no listeners.

    `new_id` must return a different name at each call, also after a restart of a durable broker.
    """

    def __init__(
        self,
        dialect: Dialect,
        clock: Clock,
        new_id: Callable[[], str],
        vhosts: Iterable[str] = ("/",),
        users: Iterable[User] = (GUEST,),
    ) -> None:
        self.dialect = dialect
        self.clock = clock
        self.timers = Timers(clock)
        self.new_id = new_id
        self.users = {user.name: user for user in users}
        self.vhosts = {name: VirtualHost(name, dialect, self.timers, new_id) for name in vhosts}
        self.alarms: dict[str, None] = {}
        self.alarm_listeners: list[Callable[[], None]] = []

    def set_alarm(self, name: str, active: bool) -> None:
        """Raise or clear the "memory" or "disk" alarm; publishers are blocked while one is set."""
        if name not in ALARM_REASONS:
            raise ValueError(f"no alarm {name!r}; choose one of {', '.join(ALARM_REASONS)}")
        if active:
            self.alarms[name] = None
        else:
            self.alarms.pop(name, None)
        for listener in list(self.alarm_listeners):
            listener()

    def alarm_reason(self) -> str:
        """The text of connection.blocked for the alarms that are set."""
        return " & ".join(ALARM_REASONS[name] for name in self.alarms)
