"""The event loop goes on: what takes its time is never done by its thread.

A clock would tell how busy the machine is. The probe counts instead: at most so many calls of functions between
two turns of the loop (some 2,000,000 a second run on any machine of today), none of them of a store, of the local
model, of the ranking, or of an import.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[3]
MOST_CALLS = 5_000


def _probed(path: Path, embedder: str, what: str) -> Mapping[str, object]:
    command = [sys.executable, "-m", "tests.core.concurrency.loop_probe", str(path), embedder, what]
    outcome = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return cast("Mapping[str, object]", json.loads(outcome.stdout))


@pytest.mark.parametrize("embedder", ["words", "local"])
def test_no_call_keeps_the_loop_from_turning(tmp_path: Path, embedder: str) -> None:
    found = _probed(tmp_path / "notes.db", embedder, "async")

    assert found["blocking"] == []
    assert cast("int", found["most"]) < MOST_CALLS


def test_the_probe_sees_what_blocks(tmp_path: Path) -> None:
    found = _probed(tmp_path / "notes.db", "words", "sync")

    assert "sqlite3" in cast("list[str]", found["blocking"])
    assert cast("int", found["most"]) > MOST_CALLS
