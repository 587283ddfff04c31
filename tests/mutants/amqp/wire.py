"""Mutants of frames, contents and methods on the wire."""

from tests.mutants.mutant import Mutant

FRAMES = "amqp.session:AmqpSession._receive_frames"
OTHER = "amqp.session:AmqpSession._receive_other"
ON_CHANNEL_0 = "amqp.session:AmqpSession._receive_on_channel_0"
CHECK_FRAME = "amqp.session:check_frame"
METHOD = "amqp.channel_session:ChannelSession.receive_method"
HEADER = "amqp.channel_session:ChannelSession.receive_header"
BODY = "amqp.channel_session:ChannelSession.receive_body"
COMMAND = "amqp.channel_session:ChannelSession._receive_command"
CARRY_OUT = "amqp.channel_session:ChannelSession._carry_out"
UNEXPECTED = "amqp.channel_session:ChannelSession._refuse_unexpected"
SEND_CONTENT = "amqp.channel_session:ChannelSession._send_content"
DECODE = "amqp.wire.methods:decode_arguments"
TAKE_FIELD = "amqp.wire.methods:_take_field"
DECODE_SHORT = "amqp.wire.methods:_decode_short"

MUTANTS = [
    Mutant(
        "end-marker-is-not-waited-for",
        "amqp.session:AmqpSession._receive_frames",
        "if end >= length:",
        "if end > length:",
        kills=("amqp.wire.frames-in-pieces",),
    ),
    Mutant(
        "second-half-of-a-frame-head-is-lost",
        "amqp.session:AmqpSession._receive_frames",
        "while length - position >= _FRAME_HEAD_SIZE and",
        "if 0 < length - position < 4:\n        return length\n"
        "    while length - position >= _FRAME_HEAD_SIZE and",
        kills=("amqp.wire.frames-in-pieces",),
    ),
    Mutant(
        "end-marker-of-methods-only",
        FRAMES,
        "if data[end] != spec.FRAME_END:",
        "if data[end] != spec.FRAME_END and kind == spec.FRAME_METHOD:",
        kills=("amqp.wire.frame-end-marker", "amqp.wire.frame-end-marker-no-effect"),
    ),
    Mutant(
        "end-marker-checked-after-the-effect",
        FRAMES,
        "if data[end] != spec.FRAME_END:",
        "if data[end] != spec.FRAME_END:\n"
        "            if kind == 3 and number in channels:\n"
        "                channels[number].receive_body(payload)",
        kills=("amqp.wire.frame-end-marker-no-effect",),
    ),
    Mutant(
        "end-marker-wrong-code",
        "amqp.session:AmqpSession._lose_sync",
        "self.refuse(FrameError(",
        "self.refuse(UnexpectedFrame(",
        kills=("amqp.wire.frame-end-marker", "amqp.wire.frame-too-large"),
    ),
    Mutant(
        "frame-max-eight-more",
        FRAMES,
        "if size > self.frame_max > 0:",
        "if size > self.frame_max + 8 > 0:",
        kills=("amqp.wire.frame-too-large",),
    ),
    Mutant(
        "frame-max-noticed-late",
        FRAMES,
        "if size > self.frame_max > 0:",
        "if size > self.frame_max > 0 and end < length:",
        kills=("amqp.wire.frame-too-large",),
    ),
    Mutant(
        "frame-max-off-by-one",
        FRAMES,
        "if size > self.frame_max > 0:",
        "if size >= self.frame_max - spec.FRAME_OVERHEAD > 0:",
        kills=("amqp.wire.frame-of-the-largest-size", "amqp.wire.frame-size-tolerance"),
    ),
    Mutant(
        "frame-max-strict",
        FRAMES,
        "if size > self.frame_max > 0:",
        "if size > self.frame_max - spec.FRAME_OVERHEAD > 0:",
        kills=("amqp.wire.frame-size-tolerance",),
    ),
    Mutant(
        "high-frame-types-ignored",
        OTHER,
        "elif self.state == CLOSING:",
        "elif self.state == CLOSING or kind > 127:",
        kills=("amqp.wire.unknown-frame-type",),
    ),
    Mutant(
        "unknown-frame-type-is-unexpected",
        CHECK_FRAME,
        "raise FrameError(",
        "raise UnexpectedFrame(",
        kills=("amqp.wire.unknown-frame-type", "amqp.wire.heartbeat-with-payload"),
    ),
    Mutant(
        "short-header-is-padded",
        HEADER,
        "if len(payload) < spec.CONTENT_HEAD_SIZE:",
        "payload = payload.ljust(12, b'\\0')\n    if len(payload) < spec.CONTENT_HEAD_SIZE:",
        kills=("amqp.wire.payload-too-short",),
    ),
    Mutant(
        "heartbeat-taken-on-open-channels",
        OTHER,
        "if kind == spec.FRAME_HEARTBEAT:",
        "if kind == spec.FRAME_HEARTBEAT and number in self.channels:\n"
        "                return\n"
        "            if kind == spec.FRAME_HEARTBEAT:",
        kills=("amqp.wire.heartbeat-on-channel",),
    ),
    Mutant(
        "heartbeat-payload-ignored",
        CHECK_FRAME,
        "(kind == spec.FRAME_HEARTBEAT and payload)",
        "False",
        kills=("amqp.wire.heartbeat-with-payload",),
    ),
    Mutant(
        "heartbeat-aborts-contents",
        ON_CHANNEL_0,
        "if kind == spec.FRAME_HEARTBEAT:\n        return",
        "if kind == spec.FRAME_HEARTBEAT:\n"
        "        for channel in self.channels.values():\n"
        "            channel._target = channel._content = None\n"
        "        return",
        kills=("amqp.wire.heartbeat-between-frames",),
    ),
    Mutant(
        "second-header-replaces-the-first",
        HEADER,
        "if self._target is None or self._content is not None or weight != 0:",
        "if self._target is None or weight != 0:",
        kills=("amqp.wire.content-frames-in-order", "amqp.wire.content-without-body"),
    ),
    Mutant(
        "method-abandons-a-publish",
        METHOD,
        "elif self._target is not None:",
        "elif self._content is not None:",
        kills=("amqp.wire.content-frames-in-order", "amqp.wire.content-without-header"),
    ),
    Mutant(
        "content-without-method-ignored",
        UNEXPECTED,
        "if self._target is None:",
        "if self._target is None:\n        return\n    if self._target is None:",
        kills=("amqp.wire.content-frames-in-order", "amqp.wire.content-without-method"),
    ),
    Mutant(
        "method-abandons-half-a-body",
        METHOD,
        "elif self._target is not None:",
        "elif self._target is not None and not self._body:",
        kills=("amqp.wire.content-without-body",),
    ),
    Mutant(
        "wrong-order-names-no-method",
        UNEXPECTED,
        "self._content_method)",
        "None)",
        kills=("amqp.wire.content-without-header",),
    ),
    Mutant(
        "content-class-above-only",
        HEADER,
        "if class_id != spec.CLASS_BASIC:",
        "if class_id > spec.CLASS_BASIC:",
        kills=("amqp.wire.content-class-mismatch",),
    ),
    Mutant(
        "content-weight-ignored",
        HEADER,
        " or weight != 0:",
        ":",
        kills=("amqp.wire.content-weight",),
    ),
    Mutant(
        "content-on-channel-0-wrong-code",
        ON_CHANNEL_0,
        "raise UnexpectedFrame(describe_payload(kind, payload))",
        "raise ChannelError(describe_payload(kind, payload))",
        kills=("amqp.wire.content-on-channel-0",),
    ),
    Mutant(
        "long-body-is-routed",
        BODY,
        "elif size == self._missing:",
        "elif size >= self._missing:",
        kills=("amqp.wire.body-of-another-size", "amqp.wire.body-too-long"),
    ),
    Mutant(
        "body-one-octet-short-is-routed",
        BODY,
        "elif size == self._missing:",
        "elif self._missing - 1 <= size <= self._missing:",
        kills=("amqp.wire.body-of-another-size",),
    ),
    Mutant(
        "body-one-octet-long-is-tolerated",
        BODY,
        "elif size > self._missing and",
        "elif size > self._missing + 1 and",
        kills=("amqp.wire.body-too-long",),
    ),
    Mutant(
        "long-body-is-routed-in-4.0",
        BODY,
        "elif size == self._missing:",
        "elif size >= self._missing:",
        kills=("amqp.wire.body-of-another-size",),
        version="4.0",
    ),
    Mutant(
        "announced-body-twice-as-large",
        HEADER,
        "size > limit:",
        "size > 2 * limit:",
        kills=("amqp.wire.announced-body-too-large",),
    ),
    Mutant(
        "delivered-frames-eight-too-large",
        "amqp.channel_session:ChannelSession.deliver",
        "if 0 < size <= session.frame_max - 8:",
        "if 0 < size <= session.frame_max:",
        kills=("amqp.wire.frame-max-kept-by-broker",),
    ),
    Mutant(
        "split-frames-eight-too-large",
        SEND_CONTENT,
        "session.frame_max - spec.FRAME_OVERHEAD",
        "session.frame_max",
        kills=("amqp.wire.frame-max-kept-by-broker",),
    ),
    Mutant(
        "channels-share-a-body",
        "amqp.channel_session:ChannelSession.__init__",
        "self._body: list[bytes] = []",
        "self._body = session.__dict__.setdefault('shared_body', [])",
        kills=("amqp.wire.contents-of-channels-interleave",),
    ),
    Mutant(
        "method-within-a-long-content",
        SEND_CONTENT,
        "session.send_frame(spec.FRAME_HEADER, self.number, header)",
        "session.send_frame(spec.FRAME_HEADER, self.number, header)\n"
        "    if len(body) > session.frame_max:\n"
        "        session.send_method(self.number, 'channel.flow', True)",
        kills=("amqp.wire.contents-of-one-channel-are-whole",),
    ),
    Mutant(
        "unserved-methods-wrong-code",
        CARRY_OUT,
        'raise CommandInvalid("unimplemented method")',
        'raise ChannelError("unimplemented method")',
        kills=("amqp.wire.connection-method-on-channel", "amqp.wire.server-methods-refused"),
    ),
    Mutant(
        "close-on-a-channel-closes-the-connection",
        CARRY_OUT,
        "handler = CHANNEL_HANDLERS.get(method.name)",
        "if method.name == 'connection.close':\n"
        "        self.session.finish_close()\n"
        "        return\n"
        "    handler = CHANNEL_HANDLERS.get(method.name)",
        kills=("amqp.wire.connection-method-on-channel",),
    ),
    Mutant(
        "server-contents-ignored",
        COMMAND,
        'self._instead = CommandInvalid("unimplemented method"), method',
        "self._instead = None, method",
        kills=("amqp.wire.server-methods-refused",),
    ),
    Mutant(
        "one-server-method-ignored",
        CARRY_OUT,
        "if handler is None:",
        "if method.name == 'basic.recover-ok':\n        return\n    if handler is None:",
        kills=("amqp.wire.server-methods-refused",),
    ),
    Mutant(
        "channel-0-wrong-code",
        ON_CHANNEL_0,
        "raise ChannelError(f",
        "raise NotAllowed(f",
        kills=("amqp.wire.channel-method-on-channel-0", "amqp.connection.second-open"),
    ),
    Mutant(
        "channel-0-ignores-acks",
        ON_CHANNEL_0,
        "if method.name not in ALLOWED[self.state]:",
        "if method.name == 'basic.ack':\n"
        "            return\n"
        "        if method.name not in ALLOWED[self.state]:",
        kills=("amqp.wire.channel-method-on-channel-0",),
    ),
    Mutant(
        "unopened-channel-can-be-closed",
        CARRY_OUT,
        'if self.core is None and method.name != "channel.open":',
        'if self.core is None and method.name not in ("channel.open", "channel.close"):',
        kills=("amqp.wire.channel-never-opened",),
    ),
    Mutant(
        "publish-on-unopened-channel-vanishes",
        "amqp.channel_session:ChannelSession._end_content",
        "refusal = ChannelError(\"expected 'channel.open'\")",
        "return",
        kills=("amqp.wire.channel-never-opened",),
    ),
    Mutant(
        "unknown-methods-ignored",
        "amqp.channel_session:ChannelSession._refuse_unknown",
        'raise ConnectionDropped(f"there is no method {payload[:4].hex()}")',
        "return",
        kills=("amqp.wire.unknown-method",),
    ),
    Mutant(
        "trailing-octets-ignored",
        DECODE,
        "if position != len(payload):",
        "if position > len(payload):",
        kills=(
            "amqp.wire.malformed-method",
            "amqp.wire.malformed-connection-method",
            "amqp.wire.table-of-another-length",
        ),
    ),
    Mutant(
        "missing-bits-are-false",
        DECODE,
        'raise Malformed(f"{spec.name} is cut short")',
        "payload += b'\\0'",
        kills=("amqp.wire.malformed-method",),
    ),
    Mutant(
        "malformed-method-names-none",
        COMMAND,
        'f"cannot decode {write_octets(payload[4:])}"), method)',
        'f"cannot decode {write_octets(payload[4:])}"), None)',
        kills=("amqp.wire.malformed-method",),
    ),
    Mutant(
        "malformed-close-ignored",
        ON_CHANNEL_0,
        'self.refuse(InternalError(""), method)',
        "pass",
        kills=("amqp.wire.malformed-connection-method",),
    ),
    Mutant(
        "strings-end-with-the-frame",
        TAKE_FIELD,
        'raise Malformed(f"a {kind} runs past the end")',
        "end = len(payload)",
        kills=(
            "amqp.wire.short-string-past-the-end",
            "amqp.wire.table-of-another-length",
        ),
    ),
    Mutant(
        "short-strings-lose-octet-255",
        DECODE_SHORT,
        "return octets.decode()",
        "return octets.decode()[:254]",
        kills=("amqp.wire.short-strings-of-any-length",),
    ),
    Mutant(
        "lengths-are-signed",
        TAKE_FIELD,
        'int.from_bytes(payload[position:start], "big")',
        'int.from_bytes(payload[position:start], "big", signed=start - position == 1)',
        kills=("amqp.wire.short-strings-of-any-length",),
    ),
    Mutant(
        "names-need-not-be-utf8",
        DECODE_SHORT,
        "if checked and not (",
        "if False and not (",
        kills=("amqp.wire.short-strings-are-utf8",),
    ),
    Mutant(
        "cut-utf8-is-tolerated",
        DECODE_SHORT,
        "if checked and not (",
        "if checked and octets[-1] < 0xC0 and not (",
        kills=("amqp.wire.short-strings-are-utf8",),
    ),
    Mutant(
        "names-of-the-basic-plane-only",
        DECODE_SHORT,
        "return octets.decode()",
        "return ''.join(c for c in octets.decode() if ord(c) < 0x10000)",
        kills=("amqp.wire.names-are-any-utf8",),
    ),
    Mutant(
        "unreadable-properties-are-empty",
        "amqp.channel_session:ChannelSession._begin_content",
        'self._instead = self._instead or (InternalError(""), PUBLISH)',
        "pass",
        kills=("amqp.wire.malformed-properties",),
    ),
    Mutant(
        "octets-after-properties-ignored",
        "amqp.wire.properties:decode_properties",
        "if position != len(raw):",
        "if position > len(raw):",
        kills=("amqp.wire.malformed-properties",),
    ),
    Mutant(
        "lost-sync-purges-queues",
        "amqp.session:AmqpSession._lose_sync",
        "if not self._deaf:",
        "for vhost in self.broker.vhosts.values():\n"
        "        for queue in list(vhost.queues.values()):\n"
        "            vhost.delete_queue(queue)\n"
        "    if not self._deaf:",
        kills=("amqp.wire.garbage-harms-nobody-else",),
    ),
]
