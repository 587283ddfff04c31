"""Limits that RabbitMQ proposes in connection.tune, the same in all emulated versions.

Defaults of docs: configure; observed in connection.tune of 3.10.8, 4.0.5 and 4.3.6.
"""

CHANNEL_MAX = 2047
FRAME_MAX = 131_072
HEARTBEAT_S = 60
