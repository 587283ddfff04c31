"""Brokers under test: how one is found, started, controlled and described.

model        what every target offers, and the capabilities
resolve      from the text after --target to a target
descriptor   TOML files that describe a broker
embedded     the reference, in this process
external     a broker that somebody else runs, at a URL
process      RabbitMQ or Kafka installed on this machine, started privately
container    the same from an image, through testcontainers
pattern      a library of application patterns, through its adapter
embedded_patterns
             the reference's own patterns as such a library
probe        what the running broker says and can do
"""
