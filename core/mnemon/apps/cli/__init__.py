"""The `mnemon` command. What it needs comes with the extra `cli`; without it the command says so."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_NEEDED = ("typer", "rich", "ijson", "jinja2")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code: 0 done, 1 failed, 2 asked for in a wrong way."""
    if any(find_spec(name) is None for name in _NEEDED):
        sys.stderr.write('mnemon: the command line is not installed; run: pip install "mnemon[cli]"\n')
        return 1
    from mnemon.apps.cli.program import run  # noqa: PLC0415 - it loads what the extra brings

    return run(arguments)
