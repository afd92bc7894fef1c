"""The setting `calibration`: the constants of an embedder, from a file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from mnemon import AsyncMemory, ConfigError, Memory
from mnemon.config import MemoryConfig
from mnemon.config.calibrations import calibration_to_dict
from mnemon.types.recall import Calibration, RecallConfig
from tests.core.memory.sources import FakeEmbedder

if TYPE_CHECKING:
    from pathlib import Path

CONSTANTS = Calibration(
    weight=2, floor=0.25, slope=3, centre=0.75, scripts=frozenset({"LATIN", "CJK"}), languages=frozenset({"en"})
)


@pytest.fixture
def fitted(tmp_path: Path) -> Path:
    """Write the constants of `FakeEmbedder`."""
    path = tmp_path / "fitted.json"
    path.write_text(json.dumps(calibration_to_dict(FakeEmbedder.name, CONSTANTS)), encoding="utf-8")
    return path


def constants(memory: Memory | AsyncMemory) -> Calibration:
    return memory._core.recall.calibration(FakeEmbedder.name)  # pyright: ignore[reportPrivateUsage] - what it ranks with


def test_a_memory_ranks_with_the_constants_of_the_file(home: Path, fitted: Path) -> None:
    with Memory(":memory:", embedder=FakeEmbedder(), config=MemoryConfig(calibration=fitted)) as memory:
        assert memory.stats().calibrated
        assert constants(memory) == CONSTANTS
        memory.add("the cat sleeps", user_id="ana")
        (hit,) = memory.search("the cat sleeps", user_id="ana", explain=True)

    assert (hit.signals or {})["meaning"] == pytest.approx(2 * (1 - 0.25), abs=1e-6)


@pytest.mark.anyio
async def test_the_async_memory_takes_them_too(home: Path, fitted: Path) -> None:
    async with AsyncMemory(":memory:", embedder=FakeEmbedder(), config=MemoryConfig(calibration=fitted)) as memory:
        assert constants(memory) == CONSTANTS


def test_a_relative_path_in_a_file_of_settings_begins_at_that_file(
    home: Path, fitted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = fitted.parent / "elsewhere"
    elsewhere.mkdir()
    (fitted.parent / "app.toml").write_text('calibration = "fitted.json"\n', encoding="utf-8")
    monkeypatch.chdir(elsewhere)

    with Memory(":memory:", embedder=FakeEmbedder(), config=fitted.parent / "app.toml") as memory:
        assert constants(memory) == CONSTANTS


def test_what_the_ranking_says_counts_more_than_the_setting(home: Path, fitted: Path) -> None:
    config = MemoryConfig(calibration=fitted)

    with Memory(":memory:", embedder=FakeEmbedder(), config=config, recall=RecallConfig()) as memory:
        assert constants(memory) == Calibration()


def test_the_file_of_another_embedder_is_refused_by_name(home: Path, fitted: Path) -> None:
    class Another(FakeEmbedder):
        name = "another:model"

    refusal = rf"{re.escape(str(fitted))} was fitted to the embedder 'fake:words', and this one is 'another:model'"
    with pytest.raises(ConfigError, match=refusal):
        Memory(":memory:", embedder=Another(), config=MemoryConfig(calibration=fitted))


def test_without_an_embedder_the_file_is_read_and_not_needed(home: Path, fitted: Path) -> None:
    with Memory(":memory:", embedder=None, config=MemoryConfig(calibration=fitted)) as memory:
        memory.add("the cat sleeps", user_id="ana")
        assert len(memory.search("the cat", user_id="ana")) == 1

    fitted.write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="is no calibration"):
        Memory(":memory:", embedder=None, config=MemoryConfig(calibration=fitted))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight": -1}, "calibration.weight: Input should be greater than or equal to 0"),
        ({"slope": 0}, "calibration.slope: Input should be greater than 0"),
        ({"slope": "steep"}, "calibration.slope: Input should be a valid number"),
        ({"centre": True}, "calibration.centre: Input should be a valid number"),
        ({"scripts": "LATIN"}, "calibration.scripts"),
        ({"languages": [""]}, "calibration.languages"),
        ({"centre": None}, "calibration.centre"),
        ({"wieght": 1}, "calibration.wieght: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(home: Path, fitted: Path, change: dict[str, object], said: str) -> None:
    data = json.loads(fitted.read_text(encoding="utf-8"))
    data["calibration"] |= change
    fitted.write_text(json.dumps(data), encoding="utf-8")

    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        Memory(":memory:", embedder=FakeEmbedder(), config=MemoryConfig(calibration=fitted))
    assert str(fitted) in str(caught.value)
    assert "mnemon calibrate --out" in str(caught.value)


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"embedder": "x"}', '{"embedder": "", "calibration": {}}'])
def test_what_is_no_calibration_is_refused(home: Path, fitted: Path, content: str) -> None:
    fitted.write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError, match="is no calibration"):
        Memory(":memory:", embedder=FakeEmbedder(), config=MemoryConfig(calibration=fitted))


def test_a_file_that_is_not_there_is_named(home: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"

    with pytest.raises(ConfigError, match=rf"{re.escape(str(missing))} cannot be read: No such file"):
        Memory(":memory:", embedder=FakeEmbedder(), config=MemoryConfig(calibration=missing))


@pytest.mark.parametrize("path", ["", "  ", "a\0b", 7, True, b"fitted.json"])
def test_what_is_no_path_is_refused(home: Path, path: object) -> None:
    with pytest.raises(ConfigError, match="calibration"):
        MemoryConfig.load(calibration=path)
