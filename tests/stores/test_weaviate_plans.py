"""How a batch is divided into requests to Weaviate."""

from __future__ import annotations

import pytest

pytest.importorskip("weaviate")

from mnemon.stores.weaviate.plans import Known, Step, plan_steps
from mnemon.types.storage import Patch, Put, Row, Write


def new(row_id: str) -> Put:
    return Put(collection="notes", row=Row(id=row_id))


def close(row_id: str) -> Patch:
    return Patch(collection="notes", id=row_id, fields={"closed_at": "2026-05-01T00:00:00.000000Z"})


def planned(*batch: Write) -> list[tuple[str, list[str]]]:
    known = {("notes", row_id): Known(Row(id=row_id), large=False) for row_id in ("a", "b", "c")}
    return [shape(step) for step in plan_steps(batch, known, {})]


def shape(step: Step) -> tuple[str, list[str]]:
    return ("put", list(step.puts)) if step.puts else ("patch", list(step.patches))


def test_new_versions_and_the_closing_of_those_before_are_two_steps_for_any_number_of_them() -> None:
    steps = planned(new("a2"), close("a"), new("b2"), close("b"), new("c2"), close("c"))

    assert steps == [("put", ["a2", "b2", "c2"]), ("patch", ["a", "b", "c"])]


def test_what_is_written_last_stays_last() -> None:
    assert planned(new("a2"), close("a"), new("head")) == [("put", ["a2"]), ("patch", ["a"]), ("put", ["head"])]


@pytest.mark.parametrize("other", [new("a"), new("a2")])
def test_a_row_that_is_written_twice_keeps_the_order_of_its_writes(other: Put) -> None:
    steps = planned(new("a2"), close("a"), other, close("b"))

    assert steps == [("put", ["a2"]), ("patch", ["a"]), ("put", [other.row.id]), ("patch", ["b"])]


def test_rows_of_another_collection_are_not_passed() -> None:
    head = Put(collection="heads", row=Row(id="head"))

    steps = planned(new("a2"), close("a"), head, new("b2"), close("b"))

    assert steps == [("put", ["a2"]), ("patch", ["a"]), ("put", ["head"]), ("put", ["b2"]), ("patch", ["b"])]
