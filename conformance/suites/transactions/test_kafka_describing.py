"""What Kafka tells of transactional ids."""

from hypothesis import strategies as st
from kafka.protocol.admin import ListTransactionsRequest

from conformance import expect
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.kafka.transactional import FIRST, Producer, described, generations
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

LIST_TRANSACTIONS = 66
STATES = ["Empty", "Ongoing", "CompleteCommit", "CompleteAbort"]


def in_state(kafka: KafkaTester, state: str) -> Producer:
    """A producer whose transactional id is in a state."""
    producer = Producer(kafka, None, FIRST).init()
    if state != "Empty":
        producer.write(kafka.fresh(), b"1")
    if state.startswith("Complete"):
        producer.end(state == "CompleteCommit")
    return producer


@requirement("kafka.transactions.described")
def test_states_of_a_transactional_id(kafka: KafkaTester) -> None:
    for generation in generations(kafka):
        partition = kafka.fresh()
        producer = Producer(kafka, None, generation).init(12_345)
        seen = []
        for step in ("init", "write", "commit", "write", "abort"):
            if step == "write":
                producer.write(partition, b"1")
            elif step != "init":
                producer.end(step == "commit")
            found = described(kafka, producer.transactional_id)
            expect_code(found, "NONE")
            expect.equal((found.producer_id, found.producer_epoch), producer.identity, step)
            expect.equal(found.transaction_timeout_ms, 12_345, "timeout")
            topics = [(one.topic, list(one.partitions)) for one in found.topics]
            expected = [(partition.topic, [partition.index])] if step == "write" else []
            expect.equal(topics, expected, f"partitions after {step}")
            seen.append(found.transaction_state)
        expected_states = ["Empty", "Ongoing", "CompleteCommit", "Ongoing", "CompleteAbort"]
        expect.equal(seen, expected_states, "states")


@requirement("kafka.transactions.described-unknown")
def test_an_id_that_nobody_has(kafka: KafkaTester) -> None:
    Producer(kafka).init()
    found = described(kafka, kafka.name("nobody"))
    expect_code(found, "TRANSACTIONAL_ID_NOT_FOUND")


@requirement("kafka.transactions.listed")
@holds_for(
    states=st.lists(st.sampled_from(STATES), max_size=3, unique=True),
    chosen=st.lists(st.integers(0, 3), max_size=2, unique=True),
)
def test_filters(kafka: KafkaTester, states: list[str], chosen: list[int]) -> None:
    producers = [in_state(kafka, state) for state in STATES]
    request = ListTransactionsRequest(
        state_filters=states,
        producer_id_filters=[producers[one].producer_id for one in chosen],
        duration_filter=-1,
        transactional_id_pattern=None,
    )
    mine = {one.transactional_id for one in producers}
    expected = {
        (one.transactional_id, one.producer_id, state)
        for number, (one, state) in enumerate(zip(producers, STATES, strict=True))
        if (not states or state in states) and (not chosen or number in chosen)
    }
    for version in kafka.versions(LIST_TRANSACTIONS):
        response = kafka.call(request, version)
        expect_code(response, "NONE", f"version {version}")
        found = {
            (one.transactional_id, one.producer_id, one.transaction_state)
            for one in response.transaction_states
            if one.transactional_id in mine
        }
        expect.equal(found, expected, f"transactions, version {version}")


@requirement("kafka.transactions.listed-unknown-states")
def test_states_that_do_not_exist(kafka: KafkaTester) -> None:
    Producer(kafka).init()
    request = ListTransactionsRequest(
        state_filters=["Ongoing", "Sleeping"],
        producer_id_filters=[],
        duration_filter=-1,
        transactional_id_pattern=None,
    )
    response = kafka.call(request, kafka.versions(LIST_TRANSACTIONS)[0])
    expect_code(response, "NONE")
    expect.equal(list(response.unknown_state_filters), ["Sleeping"], "unknown states")
