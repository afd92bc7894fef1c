"""Flows of CrewAI that go on, and mnemon as CrewAI's default."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from crewai import Flow
from crewai.flow.async_feedback.types import PendingFeedbackContext
from crewai.flow.flow import listen, start
from crewai.flow.persistence import persist
from crewai.flow.persistence.factory import default_flow_persistence
from crewai.memory.storage.lancedb_storage import LanceDBStorage
from crewai.memory.unified_memory import Memory as CrewMemory
from pydantic import BaseModel

import mnemon
from mnemon import ConfigError, InvalidInputError, Memory, ScopeError, StoreUnavailableError
from mnemon.adapting import register_memory
from mnemon.testing.samples import HOSTILE
from mnemon.types.scope import MAX_SCOPE_ID_BYTES
from mnemon_crewai import MemoryAbortedError, MnemonFlowPersistence, MnemonMemory, MnemonStorage, use_mnemon
from tests.integrations.crewai.scripted import QUIET, ScriptedLLM, crew_of, prompts
from tests.integrations.failing import FailingStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, QUIET]

IDS = [one for one in HOSTILE if one.strip() and len(one.encode()) <= MAX_SCOPE_ID_BYTES]


class Counted(BaseModel):
    id: str = ""
    steps: list[str] = []
    begun: datetime | None = None


def alike(texts: list[str]) -> list[list[float]]:
    return [[1.0, 0.0]] * len(texts)


def counting(persistence: MnemonFlowPersistence | None, memory: Memory) -> Any:
    """Return a flow that notes its steps."""

    @persist(persistence)
    class Counting(Flow[Counted]):
        initial_state = Counted

        @start()
        def begin(self) -> None:
            self.state.steps.append("begin")
            self.state.begun = datetime(2026, 1, 1, tzinfo=UTC)

        @listen(begin)
        def finish(self) -> str:
            self.state.steps.append("finish")
            return ",".join(self.state.steps)

    made: Any = Counting
    return made(memory=MnemonMemory(memory, user_id="ana"))


@pytest.fixture
def used(memory: Memory) -> Iterator[None]:
    with use_mnemon(memory):
        yield


@pytest.mark.parametrize("name", IDS)
def test_a_state_is_of_one_customer_and_one_flow(memory: Memory, name: str) -> None:
    one_for_all = MnemonFlowPersistence(memory)
    for user in (name, f"{name}x"):
        with mnemon.scope(user_id=user):
            one_for_all.save_state(name, "begin", {"of": f"old {user}"})
            one_for_all.save_state(name, "finish", {"of": user})

    with mnemon.scope(user_id=name):
        assert one_for_all.load_state(name) == {"of": name}
        assert one_for_all.load_state(f"{name}x") is None
    with mnemon.scope(user_id=f"{name}x"):
        assert one_for_all.load_state(name) == {"of": f"{name}x"}


def test_a_flow_goes_on_in_a_new_object(memory: Memory) -> None:
    persistence = MnemonFlowPersistence(memory, user_id="ana")

    told = [str(counting(persistence, memory).kickoff(inputs={"id": "f1"})) for _ in range(2)]

    assert told == ["begin,finish", "begin,finish,begin,finish"]
    state = persistence.load_state("f1")
    assert state is not None
    assert state["begun"] == "2026-01-01T00:00:00Z"


def test_a_flow_does_not_go_on_for_another_customer(memory: Memory) -> None:
    persistence = MnemonFlowPersistence(memory)
    told: list[str] = []
    for name in ("ana", "ana-2"):
        with mnemon.scope(user_id=name):
            told.append(str(counting(persistence, memory).kickoff(inputs={"id": "f1"})))

    assert told == ["begin,finish", "begin,finish"]


def test_a_state_that_is_no_json_fails_the_flow(memory: Memory) -> None:
    persistence = MnemonFlowPersistence(memory, user_id="ana")

    with pytest.raises(InvalidInputError, match="cannot be stored"):
        persistence.save_state("f1", "begin", {"a": object()})

    assert persistence.load_state("f1") is None


def test_a_store_that_fails_fails_the_flow() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        persistence = MnemonFlowPersistence(memory, user_id="ana")
        persistence.init_db()
        store.down = True

        with pytest.raises(RuntimeError, match="the store is down"):
            counting(persistence, memory).kickoff()
        with pytest.raises(StoreUnavailableError):
            counting(persistence, memory).kickoff(inputs={"id": "f1"})
    with pytest.raises(ScopeError, match="user_id"):
        MnemonFlowPersistence(memory).load_state("f1")


def test_what_a_flow_waits_for_is_kept_until_it_is_there(memory: Memory) -> None:
    persistence = MnemonFlowPersistence(memory, user_id="ana")
    waits = PendingFeedbackContext(
        flow_id="f1", flow_class="app.Review", method_name="review", method_output={"a": 1}, message="Well?"
    )

    persistence.save_pending_feedback("f1", waits, Counted(id="f1", steps=["begin"]))
    persistence.save_state("f1", "other", {"id": "f1"})
    found = MnemonFlowPersistence(memory, user_id="ana").load_pending_feedback("f1")

    assert found is not None
    assert found[0]["steps"] == ["begin"]
    assert found[1].to_dict() == waits.to_dict()
    assert MnemonFlowPersistence(memory, user_id="ben").load_pending_feedback("f1") is None
    persistence.clear_pending_feedback("f1")
    assert persistence.load_pending_feedback("f1") is None
    assert persistence.load_state("f1") == {"id": "f1"}


def test_forgetting_a_person_takes_the_states_too(memory: Memory) -> None:
    kept = {name: MnemonFlowPersistence(memory, user_id=name) for name in ("ana", "ben")}
    for persistence in kept.values():
        persistence.save_state("f1", "begin", {"id": "f1"})

    memory.forget(user_id="ana")

    assert {name: one.load_state("f1") for name, one in kept.items()} == {"ana": None, "ben": {"id": "f1"}}


def test_what_crewai_stores_of_it_is_json_and_finds_the_memory_again(memory: Memory) -> None:
    register_memory(memory, "ours")
    MnemonFlowPersistence(memory, user_id="ana").save_state("f1", "begin", {"id": "f1"})
    told = MnemonFlowPersistence(memory, user_id="ana").model_dump_json()

    again = MnemonFlowPersistence.model_validate_json(told)

    assert again.persistence_type == "MnemonFlowPersistence"
    assert again.load_state("f1") == {"id": "f1"}
    with pytest.raises(ConfigError, match="register_memory"):
        MnemonFlowPersistence(memory_name="nobody's", user_id="ana").load_state("f1")


@pytest.mark.usefixtures("used")
def test_crewais_defaults_are_mnemons_while_it_is_used(memory: Memory, tmp_path: Path) -> None:
    theirs = CrewMemory(llm=ScriptedLLM(), embedder=alike)
    with mnemon.scope(user_id="ana"):
        theirs.remember("The code word is tulip.", scope="/a", categories=[], importance=0.5)
        default_flow_persistence().save_state("f1", "begin", {"id": "f1"})
        assert MnemonStorage(memory).count() == 1
        assert MnemonFlowPersistence(memory).load_state("f1") == {"id": "f1"}
        assert str(counting(None, memory).kickoff(inputs={"id": "f2"})) == "begin,finish"
        assert MnemonFlowPersistence(memory).load_state("f2") is not None

    assert not (tmp_path / "crewai").exists() or not [*(tmp_path / "crewai").rglob("*lance*")]


def test_crewai_has_its_own_stores_back_afterwards(memory: Memory) -> None:
    with use_mnemon(memory):
        pass

    assert isinstance(CrewMemory()._storage, LanceDBStorage)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.usefixtures("used")
def test_a_storage_that_a_program_names_is_that_one(tmp_path: Path) -> None:
    assert isinstance(CrewMemory(storage=str(tmp_path / "own"))._storage, LanceDBStorage)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.usefixtures("used")
def test_a_kickoff_of_crewais_own_memory_is_of_its_customer(memory: Memory) -> None:
    theirs = CrewMemory(llm=ScriptedLLM(), embedder=alike)
    model = ScriptedLLM("The code word is tulip.")
    with mnemon.scope(user_id="ana"):
        crew_of(model, "What is the code word?", memory=theirs).kickoff()
        crew_of(model, "What is the code word?", memory=theirs).kickoff()
    with mnemon.scope(user_id="ben"):
        crew_of(model, "What is the code word?", memory=theirs).kickoff()
        assert MnemonStorage(memory).count() == 1

    asked = [prompt for prompt in prompts(model) if "expected criteria" in prompt]
    assert ["Relevant memories" in prompt for prompt in asked] == [False, True, False]


def test_a_flow_recalls_and_remembers_for_its_customer(memory: Memory) -> None:
    class Asking(Flow[dict[str, Any]]):
        @start()
        def begin(self) -> str:
            self.remember(f"The code word is {self.state['word']}.")
            return " ".join(one.record.content for one in self.recall("code word"))

    told: list[str] = []
    for name in ("ana", "ben"):
        with mnemon.scope(user_id=name):
            told.append(str(Asking(memory=MnemonMemory(memory)).kickoff(inputs={"word": name})))

    assert told == ["The code word is ana.", "The code word is ben."]
    with pytest.raises(MemoryAbortedError):
        Asking(memory=MnemonMemory(memory)).kickoff(inputs={"word": "nobody"})
