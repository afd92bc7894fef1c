"""`python -m mnemon`: the command, for where its script is not on the path."""

from __future__ import annotations

import sys

from mnemon.apps.cli import main

sys.exit(main())
