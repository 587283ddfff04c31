"""`python -m reference_impl`: see server/serve.py."""

from reference_impl.server.serve import main

raise SystemExit(main())
