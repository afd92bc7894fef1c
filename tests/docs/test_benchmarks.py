"""The page of benchmarks and the README's table say what was measured, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.page import PAGE, PICTURES, README, RESULTS, compared, held, number, page, readme
from tests.benchmarks.report import read_results

if TYPE_CHECKING:
    from pathlib import Path


def test_the_page_is_of_the_results_that_are_kept() -> None:
    """If not: `python tests/benchmarks/page.py --draw`."""
    groups = read_results(RESULTS)

    assert groups
    assert PAGE.read_text(encoding="utf-8") == page(groups)
    assert {f"{name}.svg" for name in groups} == {path.name for path in PICTURES.glob("*.svg")}


def test_the_table_of_the_readme_is_of_the_results_that_are_kept() -> None:
    text = README.read_text(encoding="utf-8")

    assert readme(text, read_results(RESULTS)) == text


def test_a_figure_that_got_another_name_is_noticed() -> None:
    groups = read_results(RESULTS)
    for figure in groups["quality"]["figures"]:
        figure["name"] = figure["name"].replace("LoCoMo: mnemon", "LoCoMo: ours")

    with pytest.raises(KeyError, match="LoCoMo: mnemon"):
        compared(groups)


@pytest.mark.parametrize(
    ("value", "wanted", "kept"),
    [
        (0.2, "<= 0.2", True),
        (0.3, "<= 0.2", False),
        (9_000, ">= 8,000", True),
        (1_000, "< 1,000", False),
        (1, "", None),
    ],
)
def test_a_figure_is_held_against_its_limit(value: float, wanted: str, kept: bool | None) -> None:  # noqa: FBT001
    assert held({"value": value, "wanted": wanted}) is kept


@pytest.mark.parametrize(
    ("value", "shown"),
    [(12_345.6, "12,346"), (0.1234, "0.123"), (0.8, "0.8"), (1.5, "1.5"), (84.25, "84.2"), (0, "0")],
)
def test_a_number_has_three_digits(value: float, shown: str) -> None:
    assert number(value) == shown


def test_no_results_are_no_groups(tmp_path: Path) -> None:
    assert read_results(tmp_path / "none.json") == {}
