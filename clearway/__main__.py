"""`python -m clearway` is the same as `clearway`."""

from clearway.cli import main

raise SystemExit(main())
