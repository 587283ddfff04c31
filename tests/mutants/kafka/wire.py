"""Mutants of frames, headers and the decoding of requests."""

from tests.mutants.mutant import Mutant

WORK = "kafka.session:KafkaSession._work"
HANDLE = "kafka.session:KafkaSession._handle"
SEND = "kafka.session:KafkaSession._send"
REFUSE = "kafka.session:KafkaSession._refuse_version"
HEADER = "kafka.wire.frames:decode_request_header"
TAKE = "kafka.wire.octets:take"
TEXT = "kafka.wire.octets:take_text"
COUNT = "kafka.wire.octets:check_count"
TAGS = "kafka.wire.octets:read_tags"

MUTANTS = [
    Mutant(
        "wire-waits-for-any-size",
        WORK,
        "if not 0 <= size <= self._largest:",
        "if size < -self._largest:",
        kills=("kafka.wire.frame-size", "kafka.wire.other-protocols"),
    ),
    Mutant(
        "wire-unknown-apis-are-answered",
        HANDLE,
        "except Malformed:\n        self.close()",
        "except Malformed as error:\n"
        "        if 'there is no API' in str(error):\n"
        "            self._output.append(bytes((0, 0, 0, 6, 0, 0, 0, 1, 0, 35)))\n"
        "            self._on_output()\n"
        "            return\n"
        "        self.close()",
        kills=("kafka.wire.unknown-api", "kafka.wire.between-brokers"),
    ),
    Mutant(
        "wire-unknown-versions-are-ignored",
        REFUSE,
        "self.close()",
        "return",
        kills=("kafka.wire.unknown-version",),
    ),
    Mutant(
        "wire-malformed-requests-are-ignored",
        HANDLE,
        "except Malformed:\n        self.close()\n        return",
        "except Malformed:\n        return",
        kills=(
            "kafka.wire.truncated-body",
            "kafka.wire.array-length",
            "kafka.wire.compact-array-length",
            "kafka.wire.string-length",
            "kafka.wire.compact-string-length",
            "kafka.wire.varint",
            "kafka.wire.client-id-length",
            "kafka.wire.tag-length",
            "kafka.wire.null-array",
            "kafka.wire.bytes-length",
            "kafka.wire.after-a-break",
        ),
    ),
    Mutant(
        "wire-short-strings-are-taken",
        TAKE,
        "if not position <= end <= len(octets):",
        "if not position <= end <= len(octets) + 1000:",
        kills=("kafka.wire.string-length",),
    ),
    Mutant(
        "wire-unknown-tags-are-refused",
        TAGS,
        "piece, position = take(octets, position, size)",
        "raise Malformed('an unknown tag')",
        kills=("kafka.wire.unknown-tags",),
    ),
    Mutant(
        "wire-correlation-ids-are-not-negative",
        SEND,
        "encode_response(api_key, version, correlation_id, body)",
        "encode_response(api_key, version, correlation_id & 0x7FFFFFFF, body)",
        kills=("kafka.wire.correlation-id",),
    ),
    Mutant(
        "wire-one-frame-at-a-time",
        WORK,
        "del buffer[:position]",
        "buffer.clear()",
        kills=("kafka.wire.any-pieces",),
    ),
    Mutant(
        "wire-half-a-frame-hangs-up",
        WORK,
        "if end > len(buffer):\n            break",
        "if end > len(buffer):\n            self.close()\n            return",
        kills=("kafka.wire.half-a-frame", "kafka.wire.any-pieces"),
    ),
    Mutant(
        "wire-answers-overtake",
        WORK,
        "while not self.closed and self._pending is None and not self._full:",
        "while not self.closed and not self._full:",
        kills=("kafka.wire.order-of-answers",),
    ),
    Mutant(
        "wire-garbage-ends-everything",
        HANDLE,
        "except Malformed:\n        self.close()",
        "except Malformed:\n"
        "        known = vars(self._broker.dialect)\n"
        "        self._broker.dialect = type(self._broker.dialect)(**{**known, 'version': '0'})\n"
        "        self.close()",
        kills=("kafka.wire.garbage",),
    ),
    Mutant(
        "wire-records-are-cut-short",
        "kafka.wire.octets:take_view",
        "if end > len(octets):",
        "if end > len(octets) + 1000:",
        kills=("kafka.wire.records-length",),
    ),
    Mutant(
        "wire-a-break-takes-answers-with-it",
        "kafka.session:KafkaSession.close",
        "self._input.clear()",
        "self._input.clear()\n    self._output.clear()",
        kills=("kafka.wire.before-a-break",),
    ),
]
