"""Mutants of connections: channels, heartbeats."""

from tests.mutants.mutant import Mutant

SESSION = "amqp.session:AmqpSession"
ON_CHANNEL_0 = f"{SESSION}._receive_on_channel_0"
FIRST = f"{SESSION}._receive_first"
DEADLINE = f"{SESSION}.handle_deadline"
TUNE_OK = "amqp.methods.connection_tune_ok:handle"
CARRY_OUT = "amqp.channel_session:ChannelSession._carry_out"
CHANNEL_CLOSE = "amqp.methods.channel_close:handle"

MUTANTS = [
    # -- channels --
    Mutant(
        "channel-max-limits-numbers-below",
        FIRST,
        "if len(self.channels) >= self.channel_max > 0:",
        "if number >= self.channel_max > 0:",
        kills=("amqp.connection.channel-open",),
    ),
    Mutant(
        "channel-reopened-while-open",
        "amqp.methods.channel_open:handle",
        "raise ChannelError(\"second 'channel.open' seen\")",
        'channel.reply("channel.open-ok", "")\n        return',
        kills=("amqp.connection.channel-open-twice",),
    ),
    Mutant(
        "channel-max-off-by-one",
        FIRST,
        "if len(self.channels) >= self.channel_max > 0:",
        "if len(self.channels) > self.channel_max > 0:",
        kills=("amqp.connection.channel-limit",),
    ),
    Mutant(
        "channel-max-counts-closed-channels",
        FIRST,
        "if len(self.channels) >= self.channel_max > 0:",
        "self.opened = getattr(self, 'opened', 0) + 1\n    if self.opened > self.channel_max > 0:",
        kills=("amqp.connection.channel-limit-counts-open-ones",),
    ),
    Mutant(
        "channel-number-stays-taken",
        CHANNEL_CLOSE,
        "channel.session.channels.pop(channel.number, None)",
        "pass",
        kills=("amqp.connection.channel-reopened", "amqp.connection.channel-closed-is-closed"),
    ),
    Mutant(
        "channel-reopens-once",
        CHANNEL_CLOSE,
        'channel.reply("channel.close-ok")',
        "session = channel.session\n"
        "    session.closes = getattr(session, 'closes', 0) + 1\n"
        "    channel.reply('channel.close-ok', no_wait=session.closes > 3)",
        kills=("amqp.connection.channel-reopened",),
    ),
    Mutant(
        "closed-channel-answers-flow",
        CARRY_OUT,
        'if self.core is None and method.name != "channel.open":',
        'if self.core is None and method.name not in ("channel.open", "channel.flow"):',
        kills=("amqp.connection.channel-closed-is-closed",),
    ),
    Mutant(
        "crossing-channel-close-unanswered",
        CARRY_OUT,
        'self.reply("channel.close-ok")',
        "pass",
        kills=("amqp.connection.crossing-channel-closes",),
    ),
    Mutant(
        "flow-ok-says-inactive",
        "amqp.methods.channel_flow:handle",
        'channel.reply("channel.flow-ok", True)',
        'channel.reply("channel.flow-ok", False)',
        kills=("amqp.connection.flow-active",),
    ),
    Mutant(
        "flow-can-be-stopped",
        "amqp.methods.channel_flow:handle",
        "if not active:",
        "if False:",
        kills=("amqp.connection.flow-inactive",),
    ),
    Mutant(
        "access-ticket-0",
        "amqp.methods.access_request:handle",
        '"access.request-ok", 1',
        '"access.request-ok", 0',
        kills=("amqp.connection.access-request",),
    ),
    # -- heartbeats --
    Mutant(
        "heartbeats-too-rare",
        f"{SESSION}.deadline_ms",
        "self._last_sent_ms + self.heartbeat_ms // 2",
        "self._last_sent_ms + 3 * self.heartbeat_ms",
        kills=("amqp.connection.heartbeats-sent",),
    ),
    Mutant(
        "own-heartbeats-count-as-received",
        f"{SESSION}.data_to_send",
        "self._last_sent_ms = self._liveness.now_ms()",
        "self._last_sent_ms = self._last_received_ms = self._liveness.now_ms()",
        kills=("amqp.connection.silent-client-dropped",),
    ),
    Mutant(
        "silent-client-dropped-after-one-interval",
        f"{SESSION}.deadline_ms",
        "self._last_received_ms + 2 * self.heartbeat_ms",
        "self._last_received_ms + self.heartbeat_ms",
        kills=("amqp.connection.silent-client-dropped",),
        more=(
            (
                DEADLINE,
                "self._last_received_ms + 2 * self.heartbeat_ms",
                "self._last_received_ms + self.heartbeat_ms",
            ),
        ),
    ),
    Mutant(
        "silent-client-keeps-what-it-held",
        DEADLINE,
        "if not self._blocked and now_ms >= self._last_received_ms + 2 * self.heartbeat_ms:\n"
        "            self._end()",
        "if not self._blocked and now_ms >= self._last_received_ms + 2 * self.heartbeat_ms:\n"
        "            self.state = CLOSED\n"
        "            self.announce_output()",
        kills=("amqp.connection.silent-client-loses-all",),
    ),
    Mutant(
        "heartbeats-are-no-sign-of-life",
        f"{SESSION}.receive_data",
        "self._last_received_ms = self._liveness.now_ms()",
        "self._last_received_ms = (\n"
        "        self._last_received_ms if data[:1] == b'\\x08' else self._liveness.now_ms()\n"
        "    )",
        kills=("amqp.connection.heartbeats-keep-alive",),
    ),
    Mutant(
        "methods-are-no-sign-of-life",
        f"{SESSION}.receive_data",
        "self._last_received_ms = self._liveness.now_ms()",
        "self._last_received_ms = (\n"
        "        self._last_received_ms if data[:1] == b'\\x01' else self._liveness.now_ms()\n"
        "    )",
        kills=("amqp.connection.traffic-keeps-alive",),
    ),
    Mutant(
        "heartbeats-cannot-be-switched-off",
        TUNE_OK,
        "session.heartbeat_ms = heartbeat * 1000",
        "session.heartbeat_ms = (heartbeat or 1) * 1000",
        kills=("amqp.connection.heartbeats-off",),
    ),
    Mutant(
        "unexpected-heartbeat-refused",
        ON_CHANNEL_0,
        "if kind == spec.FRAME_HEARTBEAT:",
        "if kind == spec.FRAME_HEARTBEAT and self.heartbeat_ms:",
        kills=("amqp.connection.heartbeat-discarded", "amqp.wire.heartbeat-between-frames"),
    ),
]
