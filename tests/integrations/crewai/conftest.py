from __future__ import annotations

import inspect
import os
import warnings
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from tests.integrations.openings import anyio_backend, guard_user_store, isolated_user_store, memory, no_network

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["anyio_backend", "guard_user_store", "isolated_user_store", "memory", "no_network"]

# CrewAI reads these while it is imported. Without them it reports to its makers.
os.environ |= {"CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false", "OTEL_SDK_DISABLED": "true"}
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # CrewAI's, and those of what it imports
    import_module("crewai")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let an older CrewAI leave connections open, which Python 3.13 warns of: 1.15.30 closes them."""
    source = inspect.getsource(import_module("crewai.memory.storage.kickoff_task_outputs_storage"))
    if "closing(" not in source:
        left = "ignore:Exception ignored in. <sqlite3.Connection:pytest.PytestUnraisableExceptionWarning"
        for item in items:
            item.add_marker(pytest.mark.filterwarnings(left))


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CrewAI writes a key and results of tasks into the home folder, whatever memory it has."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CREWAI_STORAGE_DIR", str(tmp_path / "crewai"))
