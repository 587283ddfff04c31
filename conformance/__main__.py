"""`python -m conformance`: the same as `brokertck`."""

from conformance.cli import main

raise SystemExit(main())
