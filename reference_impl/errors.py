"""Every error of the reference implementation, as one tree.

    BrokerError                       anything this package raises on purpose
    +-- ConfigurationError            an argument or an environment that cannot work: fix and retry
    |   +-- UnknownVersion            no such product version in the version table
    |   +-- AddressInUse              a listener's port is taken
    +-- StorageError                  the data directory cannot be used
    |   +-- DirectoryInUse            another process holds it
    |   +-- DirectoryNotUsable        it is not a directory, or not readable or writable
    |   +-- JournalDamaged            a record before the torn tail does not check out
    +-- ConnectionDropped             input that ends a connection of RabbitMQ without a reply
    +-- Refusal                       a rule of the protocol: becomes a reply, never a traceback
        +-- ChannelRefusal            soft: closes the channel
        |   +-- AccessRefused 403, NotFound 404, ResourceLocked 405, PreconditionFailed 406
        +-- ConnectionRefusal         hard: closes the connection
            +-- ConnectionForced 320, FrameError 501, SyntaxRefused 502, CommandInvalid 503,
                ChannelError 504, UnexpectedFrame 505, ResourceError 506, NotAllowed 530,
                NotImplementedByBroker 540, InternalError 541

A `Refusal` is raised where the rule is checked and caught in exactly one place, the session, which
turns it into `channel.close` or `connection.close` (see docs/adr/0003). Its text is the text that
RabbitMQ sends after "NAME - ". Codes: AMQP 0-9-1 XML, `constant` elements.
"""

from __future__ import annotations


class BrokerError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigurationError(BrokerError):
    """The caller asked for something that cannot work; the message says what to change."""


class UnknownVersion(ConfigurationError):
    """The version table has no such product version."""


class AddressInUse(ConfigurationError):
    """A listener could not be bound."""


class StorageError(BrokerError):
    """The data directory cannot be used."""


class DirectoryInUse(StorageError):
    """Another process holds the lock of this data directory."""


class DirectoryNotUsable(StorageError):
    """The path is not a directory, or it cannot be read or written."""


class JournalDamaged(StorageError):
    """A record that is not at the torn end of the journal fails its checksum."""


class ConnectionDropped(BrokerError):
    """The input makes RabbitMQ's connection process die: the socket closes without a word."""


class Refusal(BrokerError):
    """The broker refuses an operation; `code` and `name` are the protocol's own."""

    code: int
    name: str

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class ChannelRefusal(Refusal):
    """A soft error: only the channel is closed."""


class AccessRefused(ChannelRefusal):
    code, name = 403, "ACCESS_REFUSED"


class NotFound(ChannelRefusal):
    code, name = 404, "NOT_FOUND"


class ResourceLocked(ChannelRefusal):
    code, name = 405, "RESOURCE_LOCKED"


class PreconditionFailed(ChannelRefusal):
    code, name = 406, "PRECONDITION_FAILED"


class ConnectionRefusal(Refusal):
    """A hard error: the whole connection is closed."""


class ConnectionForced(ConnectionRefusal):
    code, name = 320, "CONNECTION_FORCED"


class FrameError(ConnectionRefusal):
    code, name = 501, "FRAME_ERROR"


class SyntaxRefused(ConnectionRefusal):
    code, name = 502, "SYNTAX_ERROR"


class CommandInvalid(ConnectionRefusal):
    code, name = 503, "COMMAND_INVALID"


class ChannelError(ConnectionRefusal):
    code, name = 504, "CHANNEL_ERROR"


class UnexpectedFrame(ConnectionRefusal):
    code, name = 505, "UNEXPECTED_FRAME"


class ResourceError(ConnectionRefusal):
    code, name = 506, "RESOURCE_ERROR"


class NotAllowed(ConnectionRefusal):
    code, name = 530, "NOT_ALLOWED"


class NotImplementedByBroker(ConnectionRefusal):
    code, name = 540, "NOT_IMPLEMENTED"


class InternalError(ConnectionRefusal):
    code, name = 541, "INTERNAL_ERROR"
