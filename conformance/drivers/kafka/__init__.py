"""Drivers for the Kafka protocol."""

import warnings

with warnings.catch_warnings():
    # It reads its schemas by a function that Python 3.11 and 3.12 call deprecated; users' tests may
    # treat warnings as errors.
    warnings.simplefilter("ignore", DeprecationWarning)
    import kafka  # noqa: F401
