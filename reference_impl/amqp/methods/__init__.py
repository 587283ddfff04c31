"""One module for each method that a client may send: METHOD names it, `handle` carries it out.

`handle` takes the session or the channel and then the fields of the method in wire order, under
their names in wire/spec.py. It answers through `reply` or `send_method`, or raises a `Refusal`.
basic.publish is not here: its content makes it the business of channel_session.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_impl.amqp.methods import (
    access_request,
    basic_ack,
    basic_cancel,
    basic_cancel_ok,
    basic_consume,
    basic_get,
    basic_nack,
    basic_qos,
    basic_recover,
    basic_recover_async,
    basic_reject,
    channel_close,
    channel_flow,
    channel_open,
    confirm_select,
    connection_close,
    connection_close_ok,
    connection_open,
    connection_start_ok,
    connection_tune_ok,
    connection_update_secret,
    exchange_bind,
    exchange_declare,
    exchange_delete,
    exchange_unbind,
    queue_bind,
    queue_declare,
    queue_delete,
    queue_purge,
    queue_unbind,
    tx_commit,
    tx_rollback,
    tx_select,
)
from reference_impl.amqp.wire.spec import METHODS

_CONNECTION_MODULES: tuple[Any, ...] = (
    connection_close,
    connection_close_ok,
    connection_open,
    connection_start_ok,
    connection_tune_ok,
    connection_update_secret,
)
_CHANNEL_MODULES: tuple[Any, ...] = (
    access_request,
    basic_ack,
    basic_cancel,
    basic_cancel_ok,
    basic_consume,
    basic_get,
    basic_nack,
    basic_qos,
    basic_recover,
    basic_recover_async,
    basic_reject,
    channel_close,
    channel_flow,
    channel_open,
    confirm_select,
    exchange_bind,
    exchange_declare,
    exchange_delete,
    exchange_unbind,
    queue_bind,
    queue_declare,
    queue_delete,
    queue_purge,
    queue_unbind,
    tx_commit,
    tx_rollback,
    tx_select,
)

CONNECTION_HANDLERS: dict[str, Callable[..., None]] = {
    module.METHOD: module.handle for module in _CONNECTION_MODULES
}
CHANNEL_HANDLERS: dict[str, Callable[..., None]] = {
    module.METHOD: module.handle for module in _CHANNEL_MODULES
}

UNSERVED = sorted(
    name
    for name, spec in METHODS.items()
    if spec.sender != "server"
    and name not in CONNECTION_HANDLERS
    and name not in CHANNEL_HANDLERS
    and name not in ("basic.publish", "channel.close-ok")
)
"""Methods that a client may send and that are answered with an error because they have no handler
here. Generated, so that it cannot lie."""
