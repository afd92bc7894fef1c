"""Tests of users never touch the user's own store."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mnemon.config import MemoryConfig, default_path, open_store
from mnemon.testing import isolate_user_store

if TYPE_CHECKING:
    from pathlib import Path


def ours() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.upper().startswith("MNEMON_")}


def test_the_default_store_lies_in_the_tests_own_folder(isolated_user_store: Path) -> None:
    config = MemoryConfig()
    with closing(open_store(None, config)):
        pass

    assert isolated_user_store.is_file()
    assert config.store == str(isolated_user_store)
    assert default_path() == isolated_user_store


def test_the_environment_and_settings_of_the_user_do_not_count_and_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "user.toml").write_text('language = "en"\nproject = "theirs"\n', encoding="utf-8")
    monkeypatch.setenv("MNEMON_CONFIG", str(tmp_path / "user.toml"))
    monkeypatch.setenv("MNEMON_EMBEDDER", "none")
    before = ours()

    with isolate_user_store() as path:
        inside = MemoryConfig()
        os.environ["MNEMON_PROJECT"] = "made in the block"

    assert (inside.project, inside.embedder) == ("default", "auto")
    assert ours() == before
    assert not path.parent.exists()


def test_the_environment_comes_back_after_an_error(tmp_path: Path) -> None:
    before = ours()

    with pytest.raises(ZeroDivisionError), isolate_user_store(tmp_path):
        _ = 1 / 0

    assert ours() == before


def test_settings_beside_the_isolated_store_are_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('project = "test"\n', encoding="utf-8")

    with isolate_user_store(tmp_path):
        assert MemoryConfig().project == "test"


def test_a_process_that_the_test_starts_is_kept_away_too(isolated_user_store: Path) -> None:
    code = "from mnemon.config import *; open_store(None, MemoryConfig()).close()"

    subprocess.run([sys.executable, "-c", code], check=True)

    assert isolated_user_store.is_file()


def test_importing_the_guard_into_a_conftest_is_enough(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "from mnemon.testing import guard_user_store, isolated_user_store\n", encoding="utf-8"
    )
    (tmp_path / "test_it.py").write_text(
        "import os\n\n\ndef test_it():\n    assert os.environ['MNEMON_STORE'] != 'mine.db'\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    variables = {**os.environ, "MNEMON_STORE": "mine.db"}

    outcome = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "1 passed" in outcome.stdout
