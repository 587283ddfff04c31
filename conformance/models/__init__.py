"""Small dumb oracles: what must be observed, worked out the slow and obvious way.

They share no code with the reference implementation and none with each other's protocols.
"""
