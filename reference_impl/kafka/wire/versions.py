"""Which APIs the broker serves, and in which versions, as each Kafka does.

Source: ApiKeys of Kafka 3.9.2 and 4.3.1 (`toApiVersion` without unstable versions).
"""

from __future__ import annotations

from reference_impl.kafka.wire.schema import find_message

_TABLE = """
  0 Produce                  0-11  3-13
  1 Fetch                    0-17  4-18
  2 ListOffsets              0-9   1-11
  3 Metadata                 0-12  0-13
  8 OffsetCommit             0-9   2-10
  9 OffsetFetch              0-9   1-10
 10 FindCoordinator          0-6   0-6
 11 JoinGroup                0-9   0-9
 12 Heartbeat                0-4   0-4
 13 LeaveGroup               0-5   0-5
 14 SyncGroup                0-5   0-5
 15 DescribeGroups           0-5   0-6
 16 ListGroups               0-5   0-5
 17 SaslHandshake            0-1   0-1
 18 ApiVersions              0-4   0-4
 19 CreateTopics             0-7   2-7
 20 DeleteTopics             0-6   1-6
 21 DeleteRecords            0-2   0-2
 22 InitProducerId           0-5   0-5
 23 OffsetForLeaderEpoch     0-4   2-4
 24 AddPartitionsToTxn       0-5   0-5
 25 AddOffsetsToTxn          0-4   0-4
 26 EndTxn                   0-4   0-5
 28 TxnOffsetCommit          0-4   0-5
 32 DescribeConfigs          0-4   1-4
 33 AlterConfigs             0-2   0-2
 36 SaslAuthenticate         0-2   0-2
 37 CreatePartitions         0-3   0-3
 42 DeleteGroups             0-2   0-2
 44 IncrementalAlterConfigs  0-1   0-1
 47 OffsetDelete             0-0   0-0
 60 DescribeCluster          0-1   0-2
 61 DescribeProducers        0-0   0-0
 65 DescribeTransactions     0-0   0-0
 66 ListTransactions         0-1   0-2
 75 DescribeTopicPartitions  0-0   0-0
"""
"""Key, name, and the first and last version of Kafka 3.9 and of 4.3."""

_ELSEWHERE = """
27 WriteTxnMarkers             29 DescribeAcls                 30 CreateAcls
31 DeleteAcls                  34 AlterReplicaLogDirs          35 DescribeLogDirs
38 CreateDelegationToken       39 RenewDelegationToken         40 ExpireDelegationToken
41 DescribeDelegationToken     43 ElectLeaders                 45 AlterPartitionReassignments
46 ListPartitionReassignments  48 DescribeClientQuotas         49 AlterClientQuotas
50 DescribeUserScramCredentials 51 AlterUserScramCredentials   55 DescribeQuorum
57 UpdateFeatures              64 UnregisterBroker             68 ConsumerGroupHeartbeat
69 ConsumerGroupDescribe       74 ListConfigResources          76 ShareGroupHeartbeat
77 ShareGroupDescribe          78 ShareFetch                   79 ShareAcknowledge
80 AddRaftVoter                81 RemoveRaftVoter              83 InitializeShareGroupState
84 ReadShareGroupState         85 WriteShareGroupState         86 DeleteShareGroupState
87 ReadShareGroupStateSummary  88 StreamsGroupHeartbeat        89 StreamsGroupDescribe
90 DescribeShareGroupOffsets   91 AlterShareGroupOffsets       92 DeleteShareGroupOffsets
"""
"""What Kafka 3.9.2 or 4.3.1 announces to clients besides."""

KAFKA_VERSIONS = ("3.9", "4.3")

_ROWS = [line.split() for line in _TABLE.strip().splitlines()]

API_NAMES = {int(key): name for key, name, *_ in _ROWS}
ELSEWHERE = dict(zip(map(int, _ELSEWHERE.split()[::2]), _ELSEWHERE.split()[1::2], strict=True))
"""APIs that Kafka serves and this broker does not, by key."""
API_KEYS = {name: key for key, name in API_NAMES.items()}


def _parse_range(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last) + 1)


SERVED: dict[str, dict[int, range]] = {
    kafka: {int(row[0]): _parse_range(row[2 + column]) for row in _ROWS}
    for column, kafka in enumerate(KAFKA_VERSIONS)
}
"""By Kafka version and API key: the versions of requests that are answered."""

ADVERTISED: dict[str, dict[int, range]] = {
    "3.9": SERVED["3.9"],
    "4.3": SERVED["4.3"] | {0: range(SERVED["4.3"][0].stop)},
}
"""The same as ApiVersions tells it: 4.3 claims Produce from 0 for the sake of librdkafka, which
takes the lack of it for a lack of compression (KAFKA-18659)."""


def request_header_version(api_key: int, version: int) -> int:
    """Return 2 for flexible requests, otherwise 1, also for versions that nobody knows yet.

    Raises KeyError for an API that is not served. Only ControlledShutdown 0 has header 0.
    """
    flexible = find_message(f"{API_NAMES[api_key]}Request").flexible
    return 2 if flexible and version >= flexible.start else 1


def response_header_version(api_key: int, version: int) -> int:
    """Return 1 for flexible responses, otherwise 0; 0 for each ApiVersions, as the client that
    asks does not know yet what the broker understands (KIP-511)."""
    if API_NAMES[api_key] == "ApiVersions":
        return 0
    return request_header_version(api_key, version) - 1
