"""Where a Kafka broker is found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KafkaEndpoint:
    """Where one broker of a cluster listens; clients find the others through it."""

    host: str
    port: int

    @property
    def address(self) -> str:
        """host:port, with an IPv6 host in brackets: what clients call a bootstrap server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
