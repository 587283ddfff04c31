"""Records in and out of partitions, and where they lie."""

TEXT = """
ProduceRequest 0-13 flexible 9+
  transactional_id  string? 3+ = null
  acks              int16
  timeout_ms        int32
  topic_data        []
    name            string 0-12 ignorable
    topic_id        uuid 13+ ignorable
    partition_data  []
      index    int32
      records  records?

ProduceResponse 0-13 flexible 9+
  responses         []
    name                 string 0-12 ignorable
    topic_id             uuid 13+ ignorable
    partition_responses  []
      index               int32
      error_code          int16
      base_offset         int64
      log_append_time_ms  int64 2+ = -1 ignorable
      log_start_offset    int64 5+ = -1 ignorable
      record_errors       [] 8+ ignorable
        batch_index                int32
        batch_index_error_message  string? = null
      error_message       string? 8+ = null ignorable
      current_leader      {} 10+ tag 0
        leader_id     int32 = -1
        leader_epoch  int32 = -1
  throttle_time_ms  int32 1+ ignorable
  node_endpoints    [] 10+ tag 0
    node_id  int32
    host     string
    port     int32
    rack     string? = null

FetchRequest 0-18 flexible 12+
  cluster_id             string? 12+ tag 0 = null ignorable
  replica_id             int32 0-14 = -1
  replica_state          {} 15+ tag 1
    replica_id     int32 = -1
    replica_epoch  int64 = -1
  max_wait_ms            int32
  min_bytes              int32
  max_bytes              int32 3+ = 0x7fffffff ignorable
  isolation_level        int8 4+ ignorable
  session_id             int32 7+ ignorable
  session_epoch          int32 7+ = -1 ignorable
  topics                 []
    topic       string 0-12 ignorable
    topic_id    uuid 13+ ignorable
    partitions  []
      partition             int32
      current_leader_epoch  int32 9+ = -1 ignorable
      fetch_offset          int64
      last_fetched_epoch    int32 12+ = -1
      log_start_offset      int64 5+ = -1 ignorable
      partition_max_bytes   int32
      replica_directory_id  uuid 17+ tag 0 ignorable
      high_watermark        int64 18+ tag 1 = 9223372036854775807 ignorable
  forgotten_topics_data  [] 7+
    topic       string 7-12 ignorable
    topic_id    uuid 13+ ignorable
    partitions  [int32]
  rack_id                string 11+ ignorable

FetchResponse 0-18 flexible 12+
  throttle_time_ms  int32 1+ ignorable
  error_code        int16 7+ ignorable
  session_id        int32 7+
  responses         []
    topic       string 0-12 ignorable
    topic_id    uuid 13+ ignorable
    partitions  []
      partition_index         int32
      error_code              int16
      high_watermark          int64
      last_stable_offset      int64 4+ = -1 ignorable
      log_start_offset        int64 5+ = -1 ignorable
      diverging_epoch         {} 12+ tag 0
        epoch       int32 = -1
        end_offset  int64 = -1
      current_leader          {} 12+ tag 1
        leader_id     int32 = -1
        leader_epoch  int32 = -1
      snapshot_id             {} 12+ tag 2
        end_offset  int64 = -1
        epoch       int32 = -1
      aborted_transactions    []? 4+ ignorable
        producer_id   int64
        first_offset  int64
      preferred_read_replica  int32 11+ = -1
      records                 records?
  node_endpoints    [] 16+ tag 0
    node_id  int32
    host     string
    port     int32
    rack     string? = null

ListOffsetsRequest 0-11 flexible 6+
  replica_id       int32
  isolation_level  int8 2+
  topics           []
    name        string
    partitions  []
      partition_index       int32
      current_leader_epoch  int32 4+ = -1 ignorable
      timestamp             int64
      max_num_offsets       int32 0 = 1
  timeout_ms       int32 10+ ignorable

ListOffsetsResponse 0-11 flexible 6+
  throttle_time_ms  int32 2+ ignorable
  topics            []
    name        string
    partitions  []
      partition_index    int32
      error_code         int16
      old_style_offsets  [int64] 0
      timestamp          int64 1+ = -1
      offset             int64 1+ = -1
      leader_epoch       int32 4+ = -1

OffsetForLeaderEpochRequest 0-4 flexible 4+
  replica_id  int32 3+ = -2 ignorable
  topics      []
    topic       string
    partitions  []
      partition             int32
      current_leader_epoch  int32 2+ = -1 ignorable
      leader_epoch          int32

OffsetForLeaderEpochResponse 0-4 flexible 4+
  throttle_time_ms  int32 2+ ignorable
  topics            []
    topic       string
    partitions  []
      error_code    int16
      partition     int32
      leader_epoch  int32 1+ = -1 ignorable
      end_offset    int64 = -1

DeleteRecordsRequest 0-2 flexible 2+
  topics      []
    name        string
    partitions  []
      partition_index  int32
      offset           int64
  timeout_ms  int32

DeleteRecordsResponse 0-2 flexible 2+
  throttle_time_ms  int32
  topics            []
    name        string
    partitions  []
      partition_index  int32
      low_watermark    int64
      error_code       int16
"""
