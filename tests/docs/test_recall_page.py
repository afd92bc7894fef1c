"""The page of what each part of the ranking is worth says what was measured, of every part there is."""

from __future__ import annotations

import pytest

from mnemon.logic.recall import SIGNALS

pytest.importorskip("ijson", reason='mnemon eval needs pip install "mnemon[cli]"')

from tests.benchmarks.ablations import NOTHING, RULES
from tests.benchmarks.recall_page import PAGE, page, read


def test_the_page_is_of_the_results_that_are_kept() -> None:
    """If not: `python tests/benchmarks/recall.py signals --data FOLDER --keep`."""
    assert PAGE.read_text(encoding="utf-8") == page(read())


def test_every_part_of_the_ranking_was_left_out_once() -> None:
    results = read()
    groups = ["LoCoMo", "BEAM", "LoCoMo by words", "BEAM by words"]

    assert list(results["groups"]) == list(results["folds"]) == groups
    assert list(results["ablations"]) == [NOTHING, *SIGNALS, *RULES]
    assert all(list(row) == groups for row in results["ablations"].values())
    assert [one["questions"] for one in results["groups"].values()] == [1_050, 179, 1_050, 179]
