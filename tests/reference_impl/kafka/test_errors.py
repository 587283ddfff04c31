"""The table of error codes, compared with kafka-python's."""

from __future__ import annotations

from reference_impl.kafka.errors import ErrorCode
from tests.reference_impl.kafka.wire.kafka_python_twin import kafka_errors


def test_codes_have_no_gaps() -> None:
    assert sorted(ErrorCode) == list(range(-1, 134))
    assert ErrorCode.NONE == 0 and ErrorCode(-1) is ErrorCode.UNKNOWN_SERVER_ERROR
    assert not ErrorCode.NONE.retriable and ErrorCode.NOT_LEADER_OR_FOLLOWER.retriable


def test_names_and_retriability_as_kafka_python_has_them() -> None:
    theirs = {
        error.errno: error
        for error in vars(kafka_errors).values()
        if isinstance(error, type) and issubclass(error, kafka_errors.BrokerResponseError)
    }
    assert len(theirs) > 90
    # Kafka's CorruptRecordException is a RetriableException.
    different = {
        code.name
        for code in ErrorCode
        if code in theirs and theirs[code].retriable != code.retriable
    }
    assert different == {"CORRUPT_MESSAGE"}
