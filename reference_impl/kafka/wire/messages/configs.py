"""Configurations of topics, brokers and groups."""

TEXT = """
DescribeConfigsRequest 0-4 flexible 4+
  resources              []
    resource_type       int8
    resource_name       string
    configuration_keys  [string]?
  include_synonyms       bool 1+
  include_documentation  bool 3+

DescribeConfigsResponse 0-4 flexible 4+
  throttle_time_ms  int32
  results           []
    error_code     int16
    error_message  string?
    resource_type  int8
    resource_name  string
    configs        []
      name           string
      value          string?
      read_only      bool
      is_default     bool 0
      config_source  int8 1+ = -1 ignorable
      is_sensitive   bool
      synonyms       [] 1+ ignorable
        name    string
        value   string?
        source  int8
      config_type    int8 3+ ignorable
      documentation  string? 3+ ignorable

AlterConfigsRequest 0-2 flexible 2+
  resources      []
    resource_type  int8
    resource_name  string
    configs        []
      name   string
      value  string?
  validate_only  bool

AlterConfigsResponse 0-2 flexible 2+
  throttle_time_ms  int32
  responses         []
    error_code     int16
    error_message  string?
    resource_type  int8
    resource_name  string

IncrementalAlterConfigsRequest 0-1 flexible 1+
  resources      []
    resource_type  int8
    resource_name  string
    configs        []
      name              string
      config_operation  int8
      value             string?
  validate_only  bool

IncrementalAlterConfigsResponse 0-1 flexible 1+
  throttle_time_ms  int32
  responses         []
    error_code     int16
    error_message  string?
    resource_type  int8
    resource_name  string
"""
