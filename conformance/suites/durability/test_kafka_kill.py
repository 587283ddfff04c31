"""What SIGKILL leaves: a log that can be read, and what was acknowledged."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import Sent, build
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.commits import commit, committed
from conformance.drivers.kafka.messages import encode
from conformance.drivers.kafka.partition import PRODUCE
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

SENT = 200


@requirement("kafka.durability.acknowledged-survive-kill")
@holds_for(cost=20, kill_after=st.integers(10, SENT - 50))
def test_nothing_acknowledged_is_lost(kafka: KafkaTester, kill_after: int) -> None:
    partition = kafka.topic()[0]
    raw, version = kafka.raw(), kafka.best(PRODUCE)
    for number in range(SENT):
        request = partition.produce_request(build([Sent(b"%d" % number)]))
        raw.send(encode(request, version, number))
    for number in range(kill_after):
        answer = raw.read_response(PRODUCE, version, number)
        expect_code(answer.responses[0].partition_responses[0], "NONE")
    kafka.restart(kill=True)
    kafka.when_usable(partition.topic)
    records = partition.read()
    found = [one.value for one in records]
    expect.equal(found, [b"%d" % number for number in range(len(found))], "records, in order")
    expect.at_least(len(found), kill_after, "records")
    expect.equal([one.offset for one in records], list(range(len(found))), "offsets")
    expect.equal(partition.append([Sent(b"next")]), len(found), "offset of the next record")
    expect.equal(partition.read()[: len(found)], records, "records, read again")


@requirement("kafka.durability.commits-survive-kill")
def test_committed_offsets_survive(kafka: KafkaTester) -> None:
    partition, group = kafka.topic()[0], kafka.name("g")
    partition.append([Sent(b"x")] * 5)
    for offset in (1, 4, 3):
        commit(group, partition, offset)
    kafka.restart(kill=True)
    kafka.when_usable(partition.topic)
    expect.equal(committed(group, partition), 3, "committed offset")
