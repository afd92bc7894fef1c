"""Whether every marked test has its cassette, every cassette its test, and none holds what it must not."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mnemon.testing.cassettes.errors import RECORD_IT
from mnemon.testing.cassettes.fixtures import cassette_path
from mnemon.testing.cassettes.form import MOST_BYTES, read
from mnemon.testing.cassettes.secrets import secrets_of

if TYPE_CHECKING:
    import os

    import pytest

__all__ = ["cassette_problems", "pytest_collection_finish"]

_LINE = "cassette of a test: "
_HEAD = ("server", "weaviate-client")


def cassette_problems(folder: str | os.PathLike[str]) -> list[str]:
    """Return what is wrong with the cassettes of the tests in a folder, a sentence each; empty if nothing is.

    Told are marked tests without a cassette, cassettes without a test, tests that share one, files that
    are too large, that do not name the versions of server and client, or in which a secret is found.

    Raises:
        RuntimeError: the tests of the folder cannot be collected; the message is pytest's.
    """
    root = Path(folder).resolve()
    wanted = Counter(_wanted(root))
    present = {path for path in root.rglob("cassettes/**/*") if path.is_file()}
    problems = [f"{path.relative_to(root)}: no test plays it; delete it" for path in present - set(wanted)]
    problems += [f"{path}: a marked test has no cassette; {RECORD_IT}" for path in set(wanted) - present]
    problems += [f"{path}: {times} tests would share it; rename one" for path, times in wanted.items() if times > 1]
    for path in present:
        problems += [f"{path.relative_to(root)}: {what}" for what in _faults(path.read_text("utf-8"))]
    return sorted(problems)


def _faults(text: str) -> list[str]:
    data: Any = read(text)
    found = [f"it holds {what}; record it anew without" for what in secrets_of([text, data])]
    if len(text.encode()) > MOST_BYTES:
        found.append(f"it has {len(text.encode()):,} bytes, {MOST_BYTES:,} is the most")
    recorded = cast("dict[str, Any]", data).get("recorded") if isinstance(data, dict) else None
    if not isinstance(recorded, dict) or not all(name in recorded for name in _HEAD):
        found.append("its head does not name the versions of server and client; record it anew")
    return found


def _wanted(root: Path) -> list[Path]:
    """Ask pytest, in a process of its own, which tests are marked: whatever part of them runs here."""
    options = ["--collect-only", "-q", "-m", "cassette", "-p", __name__, "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)  # noqa: S603 - ours
    if done.returncode not in {0, 5}:  # 5: no test is marked
        msg = f"the tests in {root} cannot be collected:\n{done.stdout}{done.stderr}"
        raise RuntimeError(msg)
    return [Path(line.removeprefix(_LINE)) for line in done.stdout.splitlines() if line.startswith(_LINE)]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Print where the cassettes of the chosen tests stand; called in that process."""
    for item in session.items:
        print(f"{_LINE}{cassette_path(item)}")  # noqa: T201 - read by the one who started it
