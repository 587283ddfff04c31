"""Mutants of ApiVersions."""

from tests.mutants.mutant import Mutant

HANDLE = "kafka.apis.api_versions:handle"
UNSUPPORTED = "kafka.apis.api_versions:unsupported"

MUTANTS = [
    Mutant(
        "apiv-range-reversed",
        HANDLE,
        '"min_version": versions.start, "max_version": versions.stop - 1',
        '"min_version": versions.stop, "max_version": versions.start',
        kills=("kafka.api-versions.ranges",),
    ),
    Mutant(
        "apiv-largest-one-too-large",
        HANDLE,
        '"max_version": versions.stop - 1}',
        '"max_version": versions.stop - 1 + (key == 2)}',
        kills=("kafka.list-offsets.earliest-and-latest",),
        version="kafka:3.9",
    ),
    Mutant(
        "apiv-old-versions-hide-an-api",
        HANDLE,
        ".items()\n        ],",
        ".items()\n            if request.version > 0 or key != 75\n        ],",
        kills=("kafka.api-versions.same-in-each-version",),
    ),
    Mutant(
        "apiv-unknown-version-without-range",
        UNSUPPORTED,
        '"api_key": API_KEY,',
        '"api_key": 0,',
        kills=("kafka.api-versions.unknown-version",),
    ),
    Mutant(
        "apiv-unknown-version-hangs-up",
        "kafka.session:KafkaSession._refuse_version",
        "self._send(api_key, 0, correlation_id, body)",
        "self.close()",
        kills=("kafka.api-versions.unknown-version",),
    ),
    Mutant(
        "apiv-flexible-header",
        "kafka.wire.versions:response_header_version",
        "return 0",
        "return request_header_version(api_key, version) - 1",
        kills=("kafka.api-versions.rigid-header", "kafka.wire.every-version-of-each"),
    ),
    Mutant(
        "apiv-any-software-name",
        HANDLE,
        "request.version >= 3 and not",
        "request.version >= 9 and not",
        kills=("kafka.api-versions.software-names",),
    ),
    Mutant(
        "apiv-software-version-unchecked",
        HANDLE,
        '_SOFTWARE.fullmatch(body["client_software_version"])',
        "True",
        kills=("kafka.api-versions.software-names",),
    ),
]
