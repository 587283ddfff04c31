"""Groups of consumers: finding the coordinator, membership, description, and the consumers' own
metadata and assignments, which the broker passes on.
"""

TEXT = """
FindCoordinatorRequest 0-6 flexible 3+
  key               string 0-3
  key_type          int8 1+
  coordinator_keys  [string] 4+

FindCoordinatorResponse 0-6 flexible 3+
  throttle_time_ms  int32 1+ ignorable
  error_code        int16 0-3
  error_message     string? 1-3 ignorable
  node_id           int32 0-3
  host              string 0-3
  port              int32 0-3
  coordinators      [] 4+
    key            string
    node_id        int32
    host           string
    port           int32
    error_code     int16
    error_message  string? ignorable

JoinGroupRequest 0-9 flexible 6+
  group_id              string
  session_timeout_ms    int32
  rebalance_timeout_ms  int32 1+ = -1 ignorable
  member_id             string
  group_instance_id     string? 5+ = null
  protocol_type         string
  protocols             []
    name      string
    metadata  bytes
  reason                string? 8+ = null ignorable

JoinGroupResponse 0-9 flexible 6+
  throttle_time_ms  int32 2+ ignorable
  error_code        int16
  generation_id     int32 = -1
  protocol_type     string? 7+ = null ignorable
  protocol_name     string?7+
  leader            string
  skip_assignment   bool 9+
  member_id         string
  members           []
    member_id          string
    group_instance_id  string? 5+ = null ignorable
    metadata           bytes

SyncGroupRequest 0-5 flexible 4+
  group_id           string
  generation_id      int32
  member_id          string
  group_instance_id  string? 3+ = null
  protocol_type      string? 5+ = null ignorable
  protocol_name      string? 5+ = null ignorable
  assignments        []
    member_id   string
    assignment  bytes

SyncGroupResponse 0-5 flexible 4+
  throttle_time_ms  int32 1+ ignorable
  error_code        int16
  protocol_type     string? 5+ = null ignorable
  protocol_name     string? 5+ = null ignorable
  assignment        bytes

HeartbeatRequest 0-4 flexible 4+
  group_id           string
  generation_id      int32
  member_id          string
  group_instance_id  string? 3+ = null

HeartbeatResponse 0-4 flexible 4+
  throttle_time_ms  int32 1+ ignorable
  error_code        int16

LeaveGroupRequest 0-5 flexible 4+
  group_id   string
  member_id  string 0-2
  members    [] 3+
    member_id          string
    group_instance_id  string? = null
    reason             string? 5+ = null ignorable

LeaveGroupResponse 0-5 flexible 4+
  throttle_time_ms  int32 1+ ignorable
  error_code        int16
  members           [] 3+
    member_id          string
    group_instance_id  string?
    error_code         int16

DescribeGroupsRequest 0-6 flexible 5+
  groups                         [string]
  include_authorized_operations  bool 3+

DescribeGroupsResponse 0-6 flexible 5+
  throttle_time_ms  int32 1+ ignorable
  groups            []
    error_code             int16
    error_message          string? 6+ = null
    group_id               string
    group_state            string
    protocol_type          string
    protocol_data          string
    members                []
      member_id          string
      group_instance_id  string? 4+ = null ignorable
      client_id          string
      client_host        string
      member_metadata    bytes
      member_assignment  bytes
    authorized_operations  int32 3+ = -2147483648

ListGroupsRequest 0-5 flexible 3+
  states_filter  [string] 4+
  types_filter   [string] 5+

ListGroupsResponse 0-5 flexible 3+
  throttle_time_ms  int32 1+ ignorable
  error_code        int16
  groups            []
    group_id       string
    protocol_type  string
    group_state    string 4+ ignorable
    group_type     string 5+ ignorable

DeleteGroupsRequest 0-2 flexible 2+
  groups_names  [string]

DeleteGroupsResponse 0-2 flexible 2+
  throttle_time_ms  int32
  results           []
    group_id    string
    error_code  int16

ConsumerProtocolSubscription 0-3
  topics            [string]
  user_data         bytes? = null
  owned_partitions  [] 1+ ignorable
    topic       string
    partitions  [int32]
  generation_id     int32 2+ = -1 ignorable
  rack_id           string? 3+ = null ignorable

ConsumerProtocolAssignment 0-3
  assigned_partitions  []
    topic       string
    partitions  [int32]
  user_data            bytes? = null
"""
