"""Users, passwords and permissions (docs: access control)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reference_impl.errors import AccessRefused


@dataclass(frozen=True)
class Permissions:
    """Regular expressions over resource names; the empty pattern and "^$" match no name.

    They are anchored nowhere by themselves, as RabbitMQ uses them with `re:run`.
    """

    configure: str = ".*"
    write: str = ".*"
    read: str = ".*"

    @property
    def unrestricted(self) -> bool:
        """Whether everything is allowed; then nothing needs to be checked."""
        return self.configure == self.write == self.read == ".*"

    def allow(self, operation: str, name: str) -> bool:
        """Tell whether "configure", "write" or "read" of a resource of this name is allowed."""
        pattern = getattr(self, operation) or "^$"
        return re.search(pattern, name) is not None


@dataclass(frozen=True)
class User:
    """One user: password and permissions by virtual host."""

    name: str
    password: str
    permissions: dict[str, Permissions] = field(default_factory=dict)
    may_impersonate: bool = False


def check_access(user: User, vhost: str, kind: str, name: str, operation: str) -> None:
    """Raise AccessRefused unless `user` may configure, write or read the named resource."""
    permissions = user.permissions.get(vhost)
    checked = name or ("amq.default" if kind == "exchange" else name)
    if permissions is None or not permissions.allow(operation, checked):
        shown = "amq.default" if kind == "exchange" and name == "" else name
        raise AccessRefused(
            f"{operation} access to {kind} '{shown}' in vhost '{vhost}' refused for user "
            f"'{user.name}'"
        )
