"""The cluster, its topics and their partitions."""

TEXT = """
MetadataRequest 0-13 flexible 9+
  topics                                 []?1+
    topic_id  uuid 10+ ignorable
    name      string?10+
  allow_auto_topic_creation              bool 4+ = true
  include_cluster_authorized_operations  bool 8-10
  include_topic_authorized_operations    bool 8+

MetadataResponse 0-13 flexible 9+
  throttle_time_ms               int32 3+ ignorable
  brokers                        []
    node_id  int32
    host     string
    port     int32
    rack     string? 1+ = null ignorable
  cluster_id                     string? 2+ = null ignorable
  controller_id                  int32 1+ = -1 ignorable
  topics                         []
    error_code                   int16
    name                         string?12+
    topic_id                     uuid 10+ ignorable
    is_internal                  bool 1+ ignorable
    partitions                   []
      error_code        int16
      partition_index   int32
      leader_id         int32
      leader_epoch      int32 7+ = -1 ignorable
      replica_nodes     [int32]
      isr_nodes         [int32]
      offline_replicas  [int32] 5+ ignorable
    topic_authorized_operations  int32 8+ = -2147483648
  cluster_authorized_operations  int32 8-10 = -2147483648
  error_code                     int16 13+ ignorable

DescribeClusterRequest 0-2 flexible 0+
  include_cluster_authorized_operations  bool
  endpoint_type                          int8 1+ = 1
  include_fenced_brokers                 bool 2+

DescribeClusterResponse 0-2 flexible 0+
  throttle_time_ms               int32
  error_code                     int16
  error_message                  string? = null
  endpoint_type                  int8 1+ = 1
  cluster_id                     string
  controller_id                  int32 = -1
  brokers                        []
    broker_id  int32
    host       string
    port       int32
    rack       string? = null
    is_fenced  bool 2+
  cluster_authorized_operations  int32 = -2147483648

DescribeTopicPartitionsRequest 0 flexible 0+
  topics                    []
    name  string
  response_partition_limit  int32 = 2000
  cursor                    {}? = null
    topic_name       string
    partition_index  int32

DescribeTopicPartitionsResponse 0 flexible 0+
  throttle_time_ms  int32 ignorable
  topics            []
    error_code                   int16
    name                         string?
    topic_id                     uuid ignorable
    is_internal                  bool ignorable
    partitions                   []
      error_code                int16
      partition_index           int32
      leader_id                 int32
      leader_epoch              int32 = -1 ignorable
      replica_nodes             [int32]
      isr_nodes                 [int32]
      eligible_leader_replicas  [int32]? = null
      last_known_elr            [int32]? = null
      offline_replicas          [int32] ignorable
    topic_authorized_operations  int32 = -2147483648
  next_cursor       {}? = null
    topic_name       string
    partition_index  int32

CreateTopicsRequest 0-7 flexible 5+
  topics         []
    name                string
    num_partitions      int32
    replication_factor  int16
    assignments         []
      partition_index  int32
      broker_ids       [int32]
    configs             []
      name   string
      value  string?
  timeout_ms     int32 = 60000
  validate_only  bool 1+

CreateTopicsResponse 0-7 flexible 5+
  throttle_time_ms  int32 2+ ignorable
  topics            []
    name                     string
    topic_id                 uuid 7+ ignorable
    error_code               int16
    error_message            string? 1+ ignorable
    topic_config_error_code  int16 5+ tag 0 ignorable
    num_partitions           int32 5+ = -1 ignorable
    replication_factor       int16 5+ = -1 ignorable
    configs                  []? 5+ ignorable
      name           string
      value          string?
      read_only      bool
      config_source  int8 = -1 ignorable
      is_sensitive   bool

CreatePartitionsRequest 0-3 flexible 2+
  topics         []
    name         string
    count        int32
    assignments  []?
      broker_ids  [int32]
  timeout_ms     int32
  validate_only  bool

CreatePartitionsResponse 0-3 flexible 2+
  throttle_time_ms  int32
  results           []
    name           string
    error_code     int16
    error_message  string? = null

DeleteTopicsRequest 0-6 flexible 4+
  topics       [] 6+
    name      string? = null
    topic_id  uuid
  topic_names  [string] 0-5 ignorable
  timeout_ms   int32

DeleteTopicsResponse 0-6 flexible 4+
  throttle_time_ms  int32 1+ ignorable
  responses         []
    name           string?6+
    topic_id       uuid 6+ ignorable
    error_code     int16
    error_message  string? 5+ = null ignorable
"""
