"""Offsets that groups commit."""

TEXT = """
OffsetCommitRequest 0-10 flexible 8+
  group_id                       string
  generation_id_or_member_epoch  int32 1+ = -1 ignorable
  member_id                      string 1+ ignorable
  group_instance_id              string? 7+ = null
  retention_time_ms              int64 2-4 = -1 ignorable
  topics                         []
    name        string 0-9 ignorable
    topic_id    uuid 10+ ignorable
    partitions  []
      partition_index         int32
      committed_offset        int64
      committed_leader_epoch  int32 6+ = -1 ignorable
      commit_timestamp        int64 1 = -1
      committed_metadata      string?

OffsetCommitResponse 0-10 flexible 8+
  throttle_time_ms  int32 3+ ignorable
  topics            []
    name        string 0-9 ignorable
    topic_id    uuid 10+ ignorable
    partitions  []
      partition_index  int32
      error_code       int16

OffsetFetchRequest 0-10 flexible 6+
  group_id        string 0-7
  topics          []?2-7 0-7
    name               string
    partition_indexes  [int32]
  groups          [] 8+
    group_id      string
    member_id     string? 9+ = null ignorable
    member_epoch  int32 9+ = -1 ignorable
    topics        []?
      name               string 8-9 ignorable
      topic_id           uuid 10+ ignorable
      partition_indexes  [int32]
  require_stable  bool 7+

OffsetFetchResponse 0-10 flexible 6+
  throttle_time_ms  int32 3+ ignorable
  topics            [] 0-7
    name        string
    partitions  []
      partition_index         int32
      committed_offset        int64
      committed_leader_epoch  int32 5-7 = -1 ignorable
      metadata                string?
      error_code              int16
  error_code        int16 2-7 ignorable
  groups            [] 8+
    group_id    string
    topics      []
      name        string 8-9 ignorable
      topic_id    uuid 10+ ignorable
      partitions  []
        partition_index         int32
        committed_offset        int64
        committed_leader_epoch  int32 = -1 ignorable
        metadata                string?
        error_code              int16
    error_code  int16

OffsetDeleteRequest 0
  group_id  string
  topics    []
    name        string
    partitions  []
      partition_index  int32

OffsetDeleteResponse 0
  error_code        int16
  throttle_time_ms  int32 ignorable
  topics            []
    name        string
    partitions  []
      partition_index  int32
      error_code       int16
"""
