"""Where a broker is found."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Endpoint:
    """Where a broker listens for AMQP, and whom it lets in."""

    host: str
    port: int
    username: str = "guest"
    password: str = "guest"
    virtual_host: str = "/"

    @property
    def address(self) -> str:
        """host:port, with an IPv6 host in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """amqp://user:password@host:port/vhost, percent-encoded where it must be."""
        names = (self.username, self.password, self.virtual_host)
        user, password, vhost = (quote(name, safe="") for name in names)
        return f"amqp://{user}:{password}@{self.address}/{vhost}"
