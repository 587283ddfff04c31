"""A scripted server for brokers that misbehave; its frames are made by pika's encoders.

It knows the handshake and gives an empty answer to everything a broker must answer; a script
replaces the answer to one kind of method.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

from pika import frame, spec

LOOPBACK = "127.0.0.1"

Answer = Callable[[Any], "Iterable[Any] | None"]
"""From a method to what is sent back: methods, or octets. None hangs up."""


def silence(_: Any) -> list[Any]:
    """Answer nothing."""
    return []


def hang_up(_: Any) -> None:
    """Close the socket without a word."""


DEFAULTS: dict[type[Any], Answer] = {
    spec.Connection.StartOk: lambda _: [spec.Connection.Tune(2047, 131_072, 0)],
    spec.Connection.TuneOk: silence,
    spec.Connection.Open: lambda _: [spec.Connection.OpenOk()],
    spec.Connection.Close: lambda _: [spec.Connection.CloseOk()],
    spec.Channel.Open: lambda _: [spec.Channel.OpenOk()],
    spec.Channel.Close: lambda _: [spec.Channel.CloseOk()],
    spec.Exchange.Declare: lambda _: [spec.Exchange.DeclareOk()],
    spec.Exchange.Delete: lambda _: [spec.Exchange.DeleteOk()],
    spec.Queue.Declare: lambda method: [spec.Queue.DeclareOk(method.queue or "server-named", 0, 0)],
    spec.Queue.Bind: lambda _: [spec.Queue.BindOk()],
    spec.Queue.Delete: lambda _: [spec.Queue.DeleteOk(0)],
    spec.Basic.Get: lambda _: [spec.Basic.GetEmpty()],
    spec.Basic.Recover: lambda _: [spec.Basic.RecoverOk()],
    spec.Tx.Select: lambda _: [spec.Tx.SelectOk()],
}


class FakeBroker:
    """Listens on loopback as a context manager.

    `first` is sent instead of connection.start; without `greet` it hangs up on the first octets.
    """

    def __init__(
        self,
        answers: Mapping[type[Any], Answer] | None = None,
        *,
        first: Iterable[Any] | None = None,
        greet: bool = True,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        self._greet = greet
        self._answers = {**DEFAULTS, **(answers or {})}
        described = {
            "product": "Fake",
            "version": "1.0",
            "capabilities": {
                "publisher_confirms": True,
                "basic.nack": True,
                "exchange_exchange_bindings": True,
                "consumer_cancel_notify": True,
            },
            **(properties or {}),
        }
        start = spec.Connection.Start(0, 9, described, "PLAIN", "en_US")
        self._first = [start] if first is None else list(first)
        self.methods: list[Any] = []
        """What clients sent, in the order in which it came in."""
        self.hung = False
        """While this is true nothing is sent on any connection."""
        self.port = 0
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> FakeBroker:
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = int(self._listener.getsockname()[1])
        self._begin(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop_listening()
        for client in list(self._sockets):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)
        for client in self._sockets:
            client.close()

    @property
    def connections(self) -> int:
        """How many connections it has accepted."""
        return len(self._sockets)

    @property
    def url(self) -> str:
        """Its address as a target."""
        return f"amqp://{LOOPBACK}:{self.port}/"

    def answer(self, method: type[Any], answer: Answer) -> None:
        """Replace the answer to a kind of method."""
        self._answers[method] = answer

    def stop_listening(self) -> None:
        """Accept no further connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _begin(self, function: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            self._begin(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._converse(client):
                client.shutdown(socket.SHUT_RDWR)

    def _converse(self, client: socket.socket) -> bool:
        """Talk until one side hangs up; whether it is for us to do so."""
        buffer = client.recv(8)
        if not buffer:
            return False
        if not self._greet:
            return True
        self._send(client, 0, self._first)
        buffer = buffer[8:]
        while data := client.recv(1 << 16):
            buffer += data
            while True:
                consumed, decoded = frame.decode_frame(buffer)
                if not consumed:
                    break
                buffer = buffer[consumed:]
                if not isinstance(decoded, frame.Method):
                    continue
                self.methods.append(decoded.method)
                answer = self._answers.get(type(decoded.method), silence)(decoded.method)
                if answer is None:
                    return True
                if not getattr(decoded.method, "nowait", False):
                    self._send(client, decoded.channel_number, answer)
        return False

    def _send(self, client: socket.socket, channel: int, answers: Iterable[Any]) -> None:
        for answer in () if self.hung else answers:
            if isinstance(answer, bytes):
                client.sendall(answer)
                continue
            of_connection = answer.INDEX >> 16 == spec.Connection.INDEX
            client.sendall(frame.Method(0 if of_connection else channel, answer).marshal())
