"""What belongs to one client connection: user, virtual host, channels, exclusive queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.access import User, check_access

if TYPE_CHECKING:
    from reference_impl.amqp.core.channel import Channel
    from reference_impl.amqp.core.vhost import VirtualHost


class Connection:
    """An open connection to one virtual host.

    `writable` is False while the client does not read what it is sent; its consumers get nothing
    more then. `capabilities` are the names that the client announced as true.
    """

    def __init__(self, vhost: VirtualHost, user: User, capabilities: frozenset[str]) -> None:
        self.vhost = vhost
        self.user = user
        self.capabilities = capabilities
        self.writable = True
        self.channels: dict[int, Channel] = {}
        permissions = user.permissions.get(vhost.name)
        vhost.connections[self] = None
        self._unrestricted = permissions is not None and permissions.unrestricted

    def check_access(self, kind: str, name: str, operation: str) -> None:
        """Raise AccessRefused unless the user may "configure", "write" or "read" the resource."""
        if not self._unrestricted:
            check_access(self.user, self.vhost.name, kind, name, operation)

    def set_writable(self, writable: bool) -> None:
        """Stop or resume deliveries to every consumer of this connection."""
        self.writable = writable
        if writable:
            for channel in list(self.channels.values()):
                channel.room_changed()

    def close(self) -> None:
        """Close all channels, which requeues what they hold, and delete exclusive queues."""
        self.vhost.connections.pop(self, None)
        for channel in list(self.channels.values()):
            channel.close()
        for queue in [q for q in self.vhost.queues.values() if q.owner is self]:
            self.vhost.delete_queue(queue)
