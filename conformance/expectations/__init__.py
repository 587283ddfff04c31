"""Known deviations of real brokers: what is broken, in which versions, why, and where to read it.

An entry does not excuse a test from running: it must fail as described. One that passes is stale
and is an error, so that the list can only describe today.
"""

from conformance.expectations.loader import Deviation, deviations_for, load_deviations

__all__ = ["Deviation", "deviations_for", "load_deviations"]
