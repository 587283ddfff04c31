"""What a connection begins with: headers of requests and responses, versions, SASL."""

TEXT = """
RequestHeader 0-2 flexible 2+
  request_api_key      int16
  request_api_version  int16
  correlation_id       int32
  client_id            string? 1+ rigid ignorable

ResponseHeader 0-1 flexible 1+
  correlation_id  int32

ApiVersionsRequest 0-4 flexible 3+
  client_software_name     string 3+ ignorable
  client_software_version  string 3+ ignorable

ApiVersionsResponse 0-4 flexible 3+
  error_code                int16
  api_keys                  []
    api_key      int16
    min_version  int16
    max_version  int16
  throttle_time_ms          int32 1+ ignorable
  supported_features        [] 3+ tag 0 ignorable
    name         string
    min_version  int16
    max_version  int16
  finalized_features_epoch  int64 3+ tag 1 = -1 ignorable
  finalized_features        [] 3+ tag 2 ignorable
    name               string
    max_version_level  int16
    min_version_level  int16
  zk_migration_ready        bool 3+ tag 3 ignorable

SaslHandshakeRequest 0-1
  mechanism  string

SaslHandshakeResponse 0-1
  error_code  int16
  mechanisms  [string]

SaslAuthenticateRequest 0-2 flexible 2+
  auth_bytes  bytes

SaslAuthenticateResponse 0-2 flexible 2+
  error_code           int16
  error_message        string?
  auth_bytes           bytes
  session_lifetime_ms  int64 1+ ignorable
"""
