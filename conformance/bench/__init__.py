"""Measures two brokers with the same client in one run.

subject     a started broker whose processes can be accounted for
load        how much is done, and the meter
workloads   what each client does: publish or produce, consume, round trips
compare     rounds that alternate between the two, ratios with their spread
"""
