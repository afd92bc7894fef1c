"""CrewAI's memory, storage and flow persistence over Weaviate: what is kept is of one customer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from crewai.memory.types import MemoryRecord

from mnemon_crewai import MnemonFlowPersistence, MnemonMemory, MnemonStorage
from tests.integrations.crewai.scripted import QUIET, ScriptedLLM, crew_of, prompts
from tests.integrations.crewai.test_memory import contents
from tests.integrations.recording import ALIKE

if TYPE_CHECKING:
    from mnemon import AsyncMemory, Memory

pytestmark = [pytest.mark.cassette, pytest.mark.anyio, QUIET]

FACT, QUESTION = "The best dish is pizza.", "What is the best dish?"
THEN = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def record(name: str, *vector: float) -> MemoryRecord:
    return MemoryRecord(id=name, content=name, scope="/a", embedding=list(vector), created_at=THEN, last_accessed=THEN)


def told(memory: Memory, user_id: str) -> str:
    """Return what a crew of a customer tells its model."""
    model = ScriptedLLM(FACT)
    crew_of(model, QUESTION, memory=MnemonMemory(memory, user_id=user_id, read_only=True)).kickoff()
    return prompts(model)[0]


def test_a_crew_recalls_what_another_found_out_and_tells_nobody_else(memory: Memory) -> None:
    crew_of(ScriptedLLM(FACT), QUESTION, memory=MnemonMemory(memory, user_id="ana")).kickoff()

    assert "pizza" in told(memory, "ana")
    assert "pizza" not in told(memory, "ana-2")


@pytest.mark.parametrize("mine", ALIKE)
async def test_what_is_remembered_is_recalled_by_path_and_by_nobody_else(async_memory: AsyncMemory, mine: str) -> None:
    ours, others = (MnemonMemory(async_memory, user_id=name) for name in (mine, ALIKE[mine]))

    kept = await ours.aremember(FACT, scope="/user/1", metadata={"from": "form"}, importance=0.9)

    assert kept is not None
    assert [one.record for one in await ours.arecall("best dish", scope="/user/1")] == [kept]
    assert await ours.arecall("best dish", scope="/user/10") == []
    assert contents(await others.arecall("best dish")) == []


def test_records_are_found_by_their_vectors(memory: Memory) -> None:
    storage, other = (MnemonStorage(memory, user_id=name) for name in ("ana", "Ana"))

    storage.save([record("far", 0.0, 1.0), record("near", 0.6, 0.8)])
    found = storage.search([1.0, 0.0], scope_prefix="/a")

    assert [one.id for one, _ in found] == ["near", "far"]
    assert [score for _, score in found] == pytest.approx([1 / 1.8, 1 / 3])
    assert (other.search([1.0, 0.0]), other.get_record("near"), other.delete(record_ids=["near"])) == ([], None, 0)
    assert (storage.delete(record_ids=["near"]), storage.count()) == (1, 1)


def test_who_is_forgotten_is_gone_from_every_collection(memory: Memory) -> None:
    for name in ("ana", "ana-2"):
        MnemonMemory(memory, user_id=name).remember(FACT)
        MnemonStorage(memory, user_id=name).save([record("r1", 0.0, 1.0)])
        MnemonFlowPersistence(memory, user_id=name).save_state("flow", "begin", {"id": "flow", "of": name})

    receipt = memory.forget(user_id="ana")

    gone = {name for name, rows in receipt.rows.items() if rows}
    assert gone >= {"memories", "crewai_records", "crewai_states"}
    assert not any(receipt.left.values())
    assert MnemonFlowPersistence(memory, user_id="ana").load_state("flow") is None
    assert MnemonFlowPersistence(memory, user_id="ana-2").load_state("flow") == {"id": "flow", "of": "ana-2"}
    assert (MnemonStorage(memory, user_id="ana").count(), memory.count(user_id="ana")) == (0, 0)
    assert (MnemonStorage(memory, user_id="ana-2").count(), memory.count(user_id="ana-2")) == (1, 1)
