"""What ApiVersions tells, in which form, and to whom."""

from typing import Any

from hypothesis import strategies as st
from kafka.protocol.metadata import ApiVersionsRequest

from conformance import expect
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.messages import API_VERSIONS, decode, frame, header
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

ALL = st.integers(0, 4)
"""Versions that Kafka 3.9 and 4.x have."""

INNER = st.sampled_from("aZ9.-")
ENDS = st.sampled_from("aZ9")
LEGAL = st.builds(lambda a, b, c: a + b + c, ENDS, st.text(INNER, max_size=4), ENDS)
ILLEGAL = st.sampled_from(["", " ", "-", ".", "a ", "a b", "-a", "a-", ".a", "a.", "ä", "a_b"])


def ask(kafka: KafkaTester, version: int, name: str = "tck", software: str = "1.0") -> Any:
    request = ApiVersionsRequest(client_software_name=name, client_software_version=software)
    return kafka.main.call(request, version)


def ranges(answer: Any) -> dict[int, tuple[int, int]]:
    return {one.api_key: (one.min_version, one.max_version) for one in answer.api_keys}


@requirement("kafka.api-versions.ranges")
@holds_for(version=ALL)
def test_each_api_has_one_range(kafka: KafkaTester, version: int) -> None:
    answer = ask(kafka, version)
    expect_code(answer, "NONE")
    keys = [one.api_key for one in answer.api_keys]
    expect.equal(len(keys), len(set(keys)), "entries of different APIs")
    for key, (first, last) in ranges(answer).items():
        expect.true(0 <= first <= last, "a range of versions", (first, last), f"API {key}")
    expect.true(API_VERSIONS in keys, "ApiVersions itself among the APIs", keys)


@requirement("kafka.api-versions.same-in-each-version")
def test_each_version_tells_the_same(kafka: KafkaTester) -> None:
    expected = ranges(ask(kafka, 0))
    for version in kafka.versions(API_VERSIONS):
        expect.equal(ranges(ask(kafka, version)), expected, f"version {version}")


@requirement("kafka.api-versions.unknown-version")
@holds_for(version=st.sampled_from([99, 1000, 2**15 - 1]), correlation_id=st.integers(0, 9))
def test_an_unknown_version_is_answered_in_version_0(
    kafka: KafkaTester, version: int, correlation_id: int
) -> None:
    raw = kafka.raw()
    raw.send(frame(header(API_VERSIONS, version, correlation_id, tags=b"\0"), b"\x04tck\x021\0"))
    octets = raw.read_frame()
    expect.true(octets is not None, "an answer", "the end of the connection")
    answer = decode(API_VERSIONS, 0, octets or b"")
    expect_code(answer, "UNSUPPORTED_VERSION")
    found = ranges(answer)
    expect.true(API_VERSIONS in found, "the range of ApiVersions", found)
    expect.true(found[API_VERSIONS][1] < version, "a range that ends before it", found)
    again = kafka.raw().call(ApiVersionsRequest(), found[API_VERSIONS][0])
    expect.equal(ranges(again)[API_VERSIONS], found[API_VERSIONS], "the range told otherwise")


@requirement("kafka.api-versions.unknown-version")
def test_after_an_unknown_version_the_connection_goes_on(kafka: KafkaTester) -> None:
    raw = kafka.raw()
    raw.send(frame(header(API_VERSIONS, 99, 1, tags=b"\0")))
    expect.true(raw.read_frame() is not None, "an answer", "the end of the connection")
    raw.barrier()


@requirement("kafka.api-versions.rigid-header")
def test_the_header_of_a_flexible_version_has_no_tags(kafka: KafkaTester) -> None:
    for version in kafka.versions(API_VERSIONS, 3):
        raw = kafka.raw()
        request = ApiVersionsRequest(client_software_name="tck", client_software_version="1")
        correlation_id = raw.send_request(request, version)
        octets = raw.read_frame() or b""
        expect.equal(octets[:4], correlation_id.to_bytes(4, "big"), "correlation id")
        answer = decode(API_VERSIONS, version, octets)
        expect_code(answer, "NONE", "right after the correlation id")
        expect.true(API_VERSIONS in ranges(answer), "the range of ApiVersions", ranges(answer))


@requirement("kafka.api-versions.software-names")
@holds_for(name=LEGAL | ILLEGAL, software=LEGAL | ILLEGAL, version=st.integers(3, 4))
def test_names_of_clients(kafka: KafkaTester, name: str, software: str, version: int) -> None:
    legal = all(_is_legal(text) for text in (name, software))
    expected = "NONE" if legal else "INVALID_REQUEST"
    expect_code(ask(kafka, version, name, software), expected, repr((name, software)))


def _is_legal(text: str) -> bool:
    """Letters, digits, and between them also "-" and "."."""
    letters = "aZ9"
    inside = all(one in letters + ".-" for one in text)
    return bool(text) and inside and text[0] in letters and text[-1] in letters


@requirement("kafka.api-versions.features-from-zero")
def test_features_whose_least_level_is_zero(kafka: KafkaTester) -> None:
    old = {one.name for one in ask(kafka, 3).supported_features}
    new = {one.name: one.min_version for one in ask(kafka, 4).supported_features}
    expect.equal(old, {name for name, least in new.items() if least > 0}, "features in version 3")


@requirement("kafka.api-versions.finalized-features")
def test_finalized_levels_are_supported(kafka: KafkaTester) -> None:
    answer = ask(kafka, 4)
    supported = {one.name: (one.min_version, one.max_version) for one in answer.supported_features}
    expect.at_least(answer.finalized_features_epoch, 0, "epoch of the features")
    expect.true(bool(answer.finalized_features), "finalized features", "none")
    for one in answer.finalized_features:
        least, most = supported.get(one.name, (0, -1))
        fits = least <= one.max_version_level <= most
        expect.true(fits, f"a level from {least} to {most}", one.max_version_level, one.name)


@requirement("kafka.api-versions.produce-from-zero")
def test_produce_is_announced_from_zero(kafka: KafkaTester) -> None:
    expect.equal(ranges(ask(kafka, 0))[0][0], 0, "least version of Produce")
