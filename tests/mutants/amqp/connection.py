"""Mutants of the handshake, of channels, errors and heartbeats."""

from tests.mutants.mutant import Mutant

SESSION = "amqp.session:AmqpSession"
HEADER = f"{SESSION}._receive_protocol_header"
REFUSE_PROTOCOL = f"{SESSION}._refuse_protocol"
ON_CHANNEL_0 = f"{SESSION}._receive_on_channel_0"
REFUSE = f"{SESSION}.refuse"
REFUSE_ON_CHANNEL = f"{SESSION}.refuse_on_channel"
START_OK = "amqp.methods.connection_start_ok:handle"
TUNE_OK = "amqp.methods.connection_tune_ok:handle"
CHECK_TUNE = "amqp.methods.connection_tune_ok:_check"
CARRY_OUT = "amqp.channel_session:ChannelSession._carry_out"
REPLY_TEXT = "amqp.replies:reply_text"

MUTANTS = [
    # -- protocol header --
    Mutant(
        "start-version-reversed",
        HEADER,
        "*version,",
        "*version[::-1],",
        kills=("amqp.connection.starts-with-start",),
    ),
    Mutant(
        "unknown-header-unanswered",
        REFUSE_PROTOCOL,
        "self.out.append(reply)",
        "pass",
        kills=("amqp.connection.unknown-header-refused",),
    ),
    Mutant(
        "unknown-header-keeps-the-socket",
        REFUSE_PROTOCOL,
        "self._end()",
        "self._deaf = True",
        kills=("amqp.connection.unknown-header-refused",),
    ),
    Mutant(
        "revision-of-header-ignored",
        HEADER,
        "version = _PROTOCOL_HEADERS.get(header)",
        "version = _PROTOCOL_HEADERS.get(header[:7] + b'\\1')",
        kills=("amqp.connection.unknown-header-refused",),
    ),
    Mutant(
        "unknown-header-answered-in-1-0",
        REFUSE_PROTOCOL,
        "self.dialect.unknown_protocol_reply",
        "b'AMQP\\3\\1\\0\\0'",
        kills=("amqp.connection.unknown-header-offers-0-9-1",),
        version="3.10",
    ),
    Mutant(
        "header-0-9-0-answered-in-1-0",
        REFUSE_PROTOCOL,
        "header[6] >= 9",
        "header[6] > 9",
        kills=("amqp.connection.unknown-header-offers-1-0",),
    ),
    Mutant(
        "header-0-9-unknown",
        HEADER,
        "version = _PROTOCOL_HEADERS.get(header)",
        "version = _PROTOCOL_HEADERS.get(header) if header[4] == 0 else None",
        kills=("amqp.connection.header-0-9-accepted",),
    ),
    Mutant(
        "header-0-8-in-one-form",
        HEADER,
        "header in _PROTOCOLS_0_8",
        "header == _PROTOCOLS_0_8[0]",
        kills=("amqp.connection.header-0-8-accepted",),
        version="3.10",
    ),
    Mutant(
        "header-0-8-still-accepted",
        HEADER,
        " and self.dialect.accepts_protocol_0_8:",
        ":",
        kills=("amqp.connection.header-0-8-refused",),
    ),
    Mutant(
        "pieces-of-a-header-forgotten",
        HEADER,
        "self._input = data",
        "self._input = b''",
        kills=("amqp.connection.header-in-pieces",),
    ),
    # -- start and tune --
    Mutant(
        "mechanisms-with-commas",
        HEADER,
        "self.dialect.mechanisms,",
        "self.dialect.mechanisms.replace(' ', ','),",
        kills=("amqp.connection.offers-plain", "amqp.connection.offers-anonymous"),
    ),
    Mutant(
        "locale-en-gb",
        HEADER,
        '"en_US",',
        '"en_GB",',
        kills=("amqp.connection.offers-en-us",),
    ),
    Mutant(
        "capability-not-announced",
        "amqp.replies:server_properties",
        '"basic.nack",',
        "",
        kills=("amqp.connection.server-capabilities",),
    ),
    Mutant(
        "frame-max-proposed-too-small",
        START_OK,
        "FRAME_MAX, HEARTBEAT_S",
        "4095, HEARTBEAT_S",
        kills=("amqp.connection.tune-follows-start-ok", "amqp.connection.tune-defaults"),
    ),
    Mutant(
        "heartbeat-of-ten-minutes",
        START_OK,
        "FRAME_MAX, HEARTBEAT_S",
        "FRAME_MAX, 10 * HEARTBEAT_S",
        kills=("amqp.connection.tune-defaults",),
    ),
    Mutant(
        "proposed-value-refused",
        CHECK_TUNE,
        "value > maximum:",
        "value >= maximum:",
        kills=("amqp.connection.tune-within-limits",),
    ),
    Mutant(
        "frame-max-unchecked-above",
        TUNE_OK,
        '_check("frame_max", frame_max, session.dialect.frame_min_size, FRAME_MAX)',
        '_check("frame_max", frame_max, session.dialect.frame_min_size, 1 << 32)',
        kills=("amqp.connection.frame-max-above-proposal",),
    ),
    Mutant(
        "channel-max-unchecked-above",
        TUNE_OK,
        '_check("channel_max", channel_max, 1, CHANNEL_MAX)',
        '_check("channel_max", channel_max, 1, 65_535)',
        kills=("amqp.connection.channel-max-above-proposal",),
    ),
    Mutant(
        "no-limit-accepted",
        CHECK_TUNE,
        "if value == 0 or value > maximum:",
        "if value > maximum:",
        kills=("amqp.connection.no-limit-refused",),
    ),
    Mutant(
        "frame-max-unchecked-below",
        CHECK_TUNE,
        "if 0 < value < minimum:",
        "if 0 < value < minimum // 4:",
        kills=(
            "amqp.connection.frame-max-below-minimum",
            "amqp.connection.frame-max-below-8192",
        ),
    ),
    Mutant(
        "frame-max-minimum-excluded",
        CHECK_TUNE,
        "if 0 < value < minimum:",
        "if 0 < value <= minimum:",
        kills=("amqp.connection.frame-max-of-4096",),
        version="4.0",
    ),
    Mutant(
        "frame-max-minimum-of-the-specification",
        CHECK_TUNE,
        "if 0 < value < minimum:",
        "if 0 < value < min(minimum, 4096):",
        kills=("amqp.connection.frame-max-below-8192",),
    ),
    Mutant(
        "first-frames-limited-to-1024",
        f"{SESSION}.__init__",
        "self.frame_max = self.dialect.frame_min_size",
        "self.frame_max = 1024",
        kills=("amqp.connection.first-frames-up-to-4096",),
    ),
    Mutant(
        "first-frames-as-large-as-proposed",
        f"{SESSION}.__init__",
        "self.frame_max = self.dialect.frame_min_size",
        "self.frame_max = 131_072",
        kills=("amqp.connection.first-frames-too-large",),
    ),
    # -- the order of steps --
    Mutant(
        "open-without-tune-ok",
        ON_CHANNEL_0,
        "if method.name not in ALLOWED[self.state]:",
        "if method.name not in ALLOWED[self.state] and not (\n"
        "            self.state == TUNING and method.name == 'connection.open'\n"
        "        ):",
        kills=("amqp.connection.handshake-out-of-order",),
    ),
    Mutant(
        "broken-handshake-never-ends",
        REFUSE,
        "self._give_up_in(SILENT_CLOSE_MS)",
        "self._give_up_ms = None",
        kills=("amqp.connection.handshake-out-of-order",),
    ),
    Mutant(
        "empty-virtual-host-is-the-default",
        "amqp.methods.connection_open:handle",
        "vhost = session.broker.vhosts.get(virtual_host)",
        "virtual_host = virtual_host or '/'\n    vhost = session.broker.vhosts.get(virtual_host)",
        kills=("amqp.connection.unknown-virtual-host",),
    ),
    Mutant(
        "unknown-virtual-host-wrong-code",
        "amqp.methods.connection_open:handle",
        'raise NotAllowed(f"vhost {virtual_host} not found")',
        'session.refuse(type("Wrong", (NotAllowed,), {"code": 402})(""), None)\n        return',
        kills=("amqp.connection.unknown-virtual-host",),
    ),
    Mutant(
        "second-open-accepted",
        ON_CHANNEL_0,
        "if method.name not in ALLOWED[self.state]:",
        "if method.name not in (*ALLOWED[self.state], 'connection.open'):",
        kills=("amqp.connection.second-open",),
    ),
    Mutant(
        "second-tune-ok-ignored",
        ON_CHANNEL_0,
        "if method.name not in ALLOWED[self.state]:",
        "if self.state == RUNNING and method.name == 'connection.tune-ok':\n"
        "            return\n"
        "        if method.name not in ALLOWED[self.state]:",
        kills=("amqp.connection.handshake-methods-once",),
    ),
    Mutant(
        "update-secret-unanswered",
        "amqp.methods.connection_update_secret:handle",
        'session.send_method(0, "connection.update-secret-ok")',
        "pass",
        kills=("amqp.connection.update-secret",),
    ),
    # -- close --
    Mutant(
        "close-unanswered",
        f"{SESSION}.finish_close",
        'self.send_method(0, "connection.close-ok")',
        "pass",
        kills=("amqp.connection.close-is-answered", "amqp.connection.crossing-closes"),
    ),
    Mutant(
        "close-deletes-one-exclusive-queue",
        "amqp.core.connection:Connection.close",
        "if q.owner is self]:",
        "if q.owner is self][:1]:",
        kills=("amqp.connection.close-deletes-exclusive-queues",),
    ),
    Mutant(
        "cut-connection-keeps-everything",
        f"{SESSION}.receive_eof",
        "self._end()",
        "self.state = CLOSED",
        kills=("amqp.connection.end-requeues-and-deletes",),
    ),
    Mutant(
        "orderly-close-loses-what-was-held",
        f"{SESSION}.finish_close",
        "self._end_channels()",
        "for channel in list(self.channels.values()):\n"
        "        if channel.core is not None:\n"
        "            channel.core.settle(0, True, 'ack')\n"
        "    self._end_channels()",
        kills=("amqp.connection.end-requeues-and-deletes",),
    ),
    Mutant(
        "hard-error-leaves-channels-alone",
        REFUSE,
        "self._end_channels()",
        "pass",
        kills=("amqp.connection.hard-error-ends-all-channels",),
    ),
    Mutant(
        "crossing-close-ignored",
        ON_CHANNEL_0,
        "if closing and method.name not in ALLOWED[CLOSING]:",
        "if closing and method.name != 'connection.close-ok':",
        kills=("amqp.connection.crossing-closes",),
    ),
    Mutant(
        "unasked-close-ok-closes",
        ON_CHANNEL_0,
        "if method.name not in ALLOWED[self.state]:",
        "if method.name not in (*ALLOWED[self.state], 'connection.close-ok'):",
        kills=("amqp.connection.close-ok-unasked",),
    ),
    Mutant(
        "stopped-broker-says-nothing",
        f"{SESSION}.close_by_broker",
        "self.refuse(refusal, None)",
        "self._end()",
        kills=("amqp.connection.forced-close",),
    ),
    # -- errors --
    Mutant(
        "locked-queue-closes-the-connection",
        REFUSE_ON_CHANNEL,
        "if not isinstance(refusal, ChannelRefusal):",
        "if not isinstance(refusal, ChannelRefusal) or refusal.code == 405:",
        kills=("amqp.connection.soft-errors-close-the-channel",),
    ),
    Mutant(
        "soft-error-takes-the-siblings",
        REFUSE_ON_CHANNEL,
        "channel.closing = True",
        "channel.closing = True\n"
        "    for sibling in self.channels.values():\n"
        "        sibling.closing = True",
        kills=("amqp.connection.soft-errors-close-the-channel",),
    ),
    Mutant(
        "not-implemented-closes-the-channel",
        REFUSE_ON_CHANNEL,
        "if not isinstance(refusal, ChannelRefusal):",
        "if not isinstance(refusal, ChannelRefusal) and refusal.code != 540:",
        kills=("amqp.connection.hard-errors-close-the-connection",),
    ),
    Mutant(
        "close-ok-leaves-the-socket-open",
        "amqp.methods.connection_close_ok:handle",
        "session.receive_eof()",
        "session._deaf = True",
        kills=("amqp.connection.hard-errors-close-the-connection",),
    ),
    Mutant(
        "publish-errors-name-no-method",
        "amqp.channel_session:ChannelSession._publish",
        "self._refuse(refusal, PUBLISH)",
        "self._refuse(refusal, None)",
        kills=("amqp.connection.channel-close-names-the-method",),
    ),
    Mutant(
        "connection-close-names-no-method",
        f"{SESSION}._send_close",
        "if method and refusal.text else (0, 0)",
        "if method and refusal.text and channel else (0, 0)",
        kills=("amqp.connection.close-names-the-method",),
    ),
    Mutant(
        "text-begins-with-the-code",
        REPLY_TEXT,
        'f"{refusal.name} - {refusal.text}"',
        'f"{refusal.code} - {refusal.text}"',
        kills=("amqp.connection.error-text-names-the-error",),
    ),
    Mutant(
        "text-three-octets-too-long",
        REPLY_TEXT,
        "text[: MAX_TEXT_OCTETS - 3]",
        "text[:MAX_TEXT_OCTETS]",
        kills=("amqp.connection.error-text-of-long-names",),
    ),
    Mutant(
        "text-cut-far-too-early",
        REPLY_TEXT,
        "if len(text) > MAX_TEXT_OCTETS:\n            text = text[: MAX_TEXT_OCTETS - 3]",
        "if len(text) > 127:\n            text = text[:124]",
        kills=("amqp.connection.error-text-of-long-names",),
    ),
    Mutant(
        "text-cut-at-200-octets",
        REPLY_TEXT,
        "MAX_TEXT_OCTETS:\n        return text\n    return octets[: MAX_TEXT_OCTETS - 3]",
        "200:\n        return text\n    return octets[:197]",
        kills=("amqp.connection.error-text-of-long-names",),
        version="3.10",
    ),
    Mutant(
        "text-cut-by-characters",
        REPLY_TEXT,
        "if len(octets) <= MAX_TEXT_OCTETS:",
        "if len(text) <= MAX_TEXT_OCTETS:",
        kills=("amqp.connection.error-text-of-long-unicode-names",),
        version="3.10",
    ),
    Mutant(
        "closed-channel-still-publishes",
        "amqp.channel_session:ChannelSession._publish",
        "if core is None or self.closing or",
        "if core is None or",
        kills=("amqp.connection.closed-channel-ignores-methods",),
    ),
    Mutant(
        "closed-channel-still-carries-out",
        CARRY_OUT,
        'if self.closing and method.name != "channel.open":',
        'if self.closing and method.name.startswith("channel.c"):',
        kills=("amqp.connection.closed-channel-ignores-methods",),
    ),
    Mutant(
        "closed-connection-still-carries-out",
        f"{SESSION}._end_channels",
        "self.channels.clear()",
        "pass",
        kills=("amqp.connection.closed-connection-ignores-methods",),
    ),
    Mutant(
        "errors-overtake-answers",
        f"{SESSION}._send_close",
        "return True",
        "self.out.insert(0, self.out.pop())\n    return True",
        kills=("amqp.connection.errors-in-order",),
    ),
]
