"""What groups commit, and what they are told of it."""

from hypothesis import strategies as st
from kafka.protocol.admin import DeleteTopicsRequest

from conformance import expect
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.groups import (
    NOTHING,
    OFFSET_COMMIT,
    OFFSET_FETCH,
    Commit,
    Committed,
    Group,
    fetch_offsets,
)
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import DELETE_TOPICS, KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

LONGEST = 4096
"""Default of offset.metadata.max.bytes."""

FIRST_COMMIT, FIRST_FETCH, FIRST_FETCH_OF_ALL, FIRST_FETCH_OF_SEVERAL = 2, 1, 2, 8
FIRST_COMMIT_WITH_EPOCH = 6
FIRST_FETCH_WITH_EPOCH = 5
LAST_BY_NAME = 9

COMMITS = st.builds(
    Commit,
    st.sampled_from([0, 1, 2, 7, 2**31, 2**63 - 1]),
    st.sampled_from(["", "m", "é", "x" * 200]),
    st.sampled_from([-1, 0]),
)
STEPS = st.lists(
    st.tuples(st.integers(0, 1), st.dictionaries(st.integers(0, 2), COMMITS, min_size=1)),
    min_size=1,
    max_size=8,
)


def partitions_of(kafka: KafkaTester, count: int = 3) -> list[Partition]:
    return [kafka.fresh() for _ in range(count)]


def kept(commit: Commit) -> Committed:
    return Committed(commit.offset, commit.metadata, commit.leader_epoch)


def nowhere(kafka: KafkaTester, partition: Partition) -> list[Partition]:
    """Partitions that do not exist: of a topic that does, and of one that does not."""
    return [
        Partition(kafka, partition.topic, partition.topic_id, 1000),
        Partition(kafka, kafka.topic_name(), partition.topic_id, 0),
    ]


@requirement("kafka.offsets.last-commit-counts")
@holds_for(steps=STEPS)
def test_each_group_has_the_last_of_each_partition(
    kafka: KafkaTester, steps: list[tuple[int, dict[int, Commit]]]
) -> None:
    groups, partitions = [Group(kafka), Group(kafka)], partitions_of(kafka)
    keys = [(one.topic, one.index) for one in partitions]
    model = [dict.fromkeys(keys, NOTHING) for _ in groups]
    for number, commits in steps:
        codes = groups[number].commit({partitions[n]: one for n, one in commits.items()})
        expect.equal(set(codes.values()), {"NONE"}, "errors")
        model[number].update({keys[n]: kept(one) for n, one in commits.items()})
        for group, expected in zip(groups, model, strict=True):
            expect.equal(group.committed(partitions), expected, f"committed by {group.id}")


@requirement("kafka.offsets.every-version")
def test_every_version_commits_and_fetches(kafka: KafkaTester) -> None:
    group, partition = Group(kafka), kafka.fresh()
    offset = 0
    for commit_version in kafka.versions(OFFSET_COMMIT, FIRST_COMMIT):
        for fetch_version in kafka.versions(OFFSET_FETCH, FIRST_FETCH):
            offset += 1
            code = group.commit_one(
                partition, Commit(offset, f"m{offset}", 0), version=commit_version
            )
            about = f"OffsetCommit v{commit_version}, OffsetFetch v{fetch_version}"
            expect.equal(code, "NONE", about)
            known = commit_version >= FIRST_COMMIT_WITH_EPOCH
            known = known and fetch_version >= FIRST_FETCH_WITH_EPOCH
            expected = Committed(offset, f"m{offset}", 0 if known else -1)
            expect.equal(group.committed_one(partition, fetch_version), expected, about)


@requirement("kafka.offsets.nothing-committed")
def test_nothing_is_no_error(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    unknown, other = Group(kafka), Group(kafka)
    other.commit({kafka.fresh(): 5})
    for version in kafka.versions(OFFSET_FETCH, FIRST_FETCH):
        if version > LAST_BY_NAME:
            continue
        for group in (unknown, other):
            for one in (partition, *nowhere(kafka, partition)):
                about = f"{one} in version {version}"
                expect.equal(group.committed_one(one, version), NOTHING, about)


@requirement("kafka.offsets.all")
@holds_for(commits=st.dictionaries(st.integers(0, 3), COMMITS))
def test_null_asks_for_all(kafka: KafkaTester, commits: dict[int, Commit]) -> None:
    group, partitions = Group(kafka), partitions_of(kafka, 4)
    if commits:
        group.commit({partitions[n]: one for n, one in commits.items()})
    model = {(partitions[n].topic, partitions[n].index): kept(one) for n, one in commits.items()}
    for version in kafka.versions(OFFSET_FETCH, FIRST_FETCH_OF_ALL):
        expected = model
        if version < FIRST_FETCH_WITH_EPOCH:
            expected = {key: one._replace(leader_epoch=-1) for key, one in model.items()}
        expect.equal(group.committed(None, version), expected, f"version {version}")


@requirement("kafka.offsets.several-groups")
@holds_for(offsets=st.lists(st.none() | st.integers(0, 9), min_size=1, max_size=4), cost=2)
def test_several_groups_in_one_request(kafka: KafkaTester, offsets: list[int | None]) -> None:
    partition = kafka.fresh()
    groups = [Group(kafka) for _ in offsets]
    for group, offset in zip(groups, offsets, strict=True):
        if offset is not None:
            group.commit({partition: offset})
    for version in kafka.versions(OFFSET_FETCH, FIRST_FETCH_OF_SEVERAL):
        found = fetch_offsets(groups, [partition], version)
        told = [one.offset for answer in found for one in answer.values()]
        expected = [-1 if offset is None else offset for offset in offsets]
        expect.equal(told, expected, f"offsets of the groups in version {version}")


@requirement("kafka.offsets.member-commits")
def test_members_commit_unless_they_lack_an_assignment(kafka: KafkaTester) -> None:
    group, partition = Group(kafka), kafka.fresh()
    (member,) = group.gather()
    code = group.commit_one(partition, 1, member=member)
    expect.equal(code, "REBALANCE_IN_PROGRESS", "while assignments are made")
    expect.equal(group.committed_one(partition), NOTHING, "committed")
    member.sync({})
    expect.equal(group.commit_one(partition, 2, member=member), "NONE", "in a stable group")
    group.member().ask_to_join()
    group.wait_for_members(2)
    expect.equal(group.commit_one(partition, 3, member=member), "NONE", "while members join")
    expect.equal(group.committed_one(partition).offset, 3, "committed offset")


@requirement("kafka.offsets.stale-commit")
@holds_for(wrong=st.sampled_from([-1, 1, 5]))
def test_only_the_current_generation_commits(kafka: KafkaTester, wrong: int) -> None:
    group, partition = Group(kafka), kafka.fresh()
    (member,) = group.stable()
    changes = {"generation_id_or_member_epoch": member.generation + wrong}
    code = group.commit_one(partition, 1, member=member, **changes)
    expect.equal(code, "ILLEGAL_GENERATION", f"of a generation {wrong} away")
    expect.equal(group.committed_one(partition), NOTHING, "committed")


@requirement("kafka.offsets.zombie-commit")
def test_who_was_removed_commits_nothing(kafka: KafkaTester) -> None:
    group, partition = Group(kafka), kafka.fresh()
    member, zombie = group.stable(2)
    zombie.leave()
    code = group.commit_one(partition, 1, member=zombie)
    expect.equal(code, "UNKNOWN_MEMBER_ID", "commit after leaving")
    member.ask_to_join()
    member.joined()
    member.sync({})
    code = group.commit_one(partition, 1, member=zombie)
    expect.equal(code, "UNKNOWN_MEMBER_ID", "commit after a rebalance")
    expect.equal(group.committed_one(partition), NOTHING, "committed")


@requirement("kafka.offsets.commit-of-nobody")
def test_without_a_member_only_an_empty_group_commits(kafka: KafkaTester) -> None:
    group, partition = Group(kafka), kafka.fresh()
    expect.equal(group.commit_one(partition, 1), "NONE", "of a new group")
    (member,) = group.stable()
    expect.equal(group.commit_one(partition, 2), "UNKNOWN_MEMBER_ID", "of a group with members")
    expect.equal(group.committed_one(partition).offset, 1, "committed offset")
    member.leave()
    expect.equal(group.commit_one(partition, 3), "NONE", "of a group that is empty again")
    expect.equal(group.committed_one(partition).offset, 3, "committed offset")


@requirement("kafka.offsets.commit-to-no-group")
def test_a_generation_needs_a_group(kafka: KafkaTester) -> None:
    group, partition = Group(kafka), kafka.fresh()
    for version in kafka.versions(OFFSET_COMMIT, FIRST_COMMIT):
        if version < LAST_BY_NAME:
            changes = {"generation_id_or_member_epoch": 0, "member_id": "somebody"}
            code = group.commit_one(partition, 1, version=version, **changes)
            expect.equal(code, "ILLEGAL_GENERATION", f"version {version}")


@requirement("kafka.offsets.commit-to-no-group-is-told")
def test_newer_versions_say_that_there_is_no_group(kafka: KafkaTester) -> None:
    group, partition = Group(kafka), kafka.fresh()
    for version in kafka.versions(OFFSET_COMMIT, LAST_BY_NAME):
        changes = {"generation_id_or_member_epoch": 0, "member_id": "somebody"}
        code = group.commit_one(partition, 1, version=version, **changes)
        expect.equal(code, "GROUP_ID_NOT_FOUND", f"version {version}")


@requirement("kafka.offsets.unknown-partition")
def test_what_does_not_exist_is_refused_alone(kafka: KafkaTester) -> None:
    group, partition = Group(kafka), kafka.fresh()
    for version in kafka.versions(OFFSET_COMMIT, FIRST_COMMIT):
        if version > LAST_BY_NAME:
            continue
        wrong = nowhere(kafka, partition)
        codes = group.commit(dict.fromkeys([*wrong, partition], version), version=version)
        expected = {(one.topic, one.index): "UNKNOWN_TOPIC_OR_PARTITION" for one in wrong}
        expected[partition.topic, partition.index] = "NONE"
        expect.equal(codes, expected, f"version {version}")
        expect.equal(group.committed_one(partition).offset, version, "committed offset")


@requirement("kafka.offsets.metadata-too-large")
@holds_for(longer=st.sampled_from([-1, 0, 1, 100]), letter=st.sampled_from("xé"))
def test_metadata_has_a_limit(kafka: KafkaTester, longer: int, letter: str) -> None:
    group, (good, partition) = Group(kafka), partitions_of(kafka, 2)
    metadata = letter * (LONGEST + longer)
    codes = group.commit({partition: Commit(1, metadata), good: Commit(2)})
    code = "OFFSET_METADATA_TOO_LARGE" if longer > 0 else "NONE"
    expect.equal(codes[partition.topic, partition.index], code, f"{len(metadata)} letters")
    expected = NOTHING if longer > 0 else Committed(1, metadata)
    expect.equal(group.committed_one(partition), expected, "committed")
    expect.equal(group.committed_one(good).offset, 2, "committed offset of the other partition")


@requirement("kafka.offsets.outlive-members")
def test_offsets_stay_when_all_have_left(kafka: KafkaTester) -> None:
    group, partition = Group(kafka), kafka.fresh()
    members = group.stable(2)
    code = group.commit_one(partition, Commit(7, "seven"), member=members[1])
    expect.equal(code, "NONE", "commit of a member")
    for member in members:
        member.leave()
    expect.equal(group.state, "Empty", "state of the group")
    expect.equal(group.committed_one(partition), Committed(7, "seven"), "committed")


@requirement("kafka.offsets.deleted-topic")
def test_offsets_go_with_their_topic(kafka: KafkaTester) -> None:
    group, (gone,), other = Group(kafka), kafka.topic(), kafka.fresh()
    group.commit({gone: 5, other: 6})
    request = DeleteTopicsRequest(topic_names=[gone.topic], timeout_ms=1000)
    (deleted,) = kafka.call(request, kafka.best(DELETE_TOPICS, 5)).responses
    expect_code(deleted, "NONE", "DeleteTopics")
    by_name = min(LAST_BY_NAME, kafka.best(OFFSET_FETCH))
    expect.eventually(
        lambda: group.committed([gone, other], by_name)[gone.topic, 0] == NOTHING,
        f"the offset of {gone} to be gone",
    )
    expect.equal(group.committed_one(other).offset, 6, "offset of the other topic")


@requirement("kafka.offsets.restart")
def test_offsets_outlive_the_broker(kafka: KafkaTester) -> None:
    group, partitions = Group(kafka), partitions_of(kafka)
    commits = {one: Commit(n, f"m{n}") for n, one in enumerate(partitions)}
    group.commit(dict.fromkeys(partitions, 99))
    expect.equal(set(group.commit(commits).values()), {"NONE"}, "errors")
    before = group.committed(partitions)
    kafka.restart()
    group.find()
    expect.equal(group.committed(partitions), before, "committed after the restart")
    expect_code(group.describe(5), "NONE", "DescribeGroups")
