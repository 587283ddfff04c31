"""What holds for all tests."""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts background jobs so, and their children inherit it; tests send SIGINT to theirs.
    signal.signal(signal.SIGINT, signal.default_int_handler)
