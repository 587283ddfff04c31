"""Measures two brokers with the same client in one run.

subject     a started broker whose processes can be accounted for
workloads   what the client does: publish, consume, publish and confirm
compare     rounds that alternate between the two, ratios with their spread
"""
