"""Crews with memory, and models that follow a script."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from crewai.memory.unified_memory import Memory as CrewMemory

import mnemon
from mnemon import Memory
from mnemon.testing.samples import HOSTILE
from mnemon.types.scope import MAX_SCOPE_ID_BYTES
from mnemon_crewai import MemoryAbortedError, MnemonMemory, scope_from_inputs
from tests.integrations.crewai.scripted import QUIET, ScriptedLLM, agent_of, crew_of, prompts, texts
from tests.integrations.failing import FailingStore

pytestmark = [pytest.mark.anyio, QUIET]

FRIENDS = [("1", "10"), ("a@b.com", "a-b.com"), ("José", "Jose\u0301"), ("alice", "Alice"), ("*", "%"), ("a_c", "abc")]
IDS = [one for one in HOSTILE if one.strip() and len(one.encode()) <= MAX_SCOPE_ID_BYTES]
BIND = scope_from_inputs("customer_id")


def run(crew: Any, **inputs: Any) -> str:
    return str(crew.kickoff(inputs=inputs))


def code_of(prompt: str) -> str:
    """Return what the script says to a prompt: the code words that it was told, or the one that it is to keep."""
    told = re.findall(r"code word is (\S+?)\.", prompt.partition("Relevant memories")[2])
    asked = re.search(r"My code word is (\S+?)\.", prompt)
    return f"The code word is {asked[1]}." if asked else f"I know {sorted(told)}"


@pytest.mark.parametrize(("mine", "other"), FRIENDS)
def test_a_crew_recalls_in_a_new_kickoff_and_not_for_another_customer(memory: Memory, mine: str, other: str) -> None:
    ours = MnemonMemory(memory)
    said = ScriptedLLM("The best dish is pizza.")
    run(crew_of(said, "Find the best dish", memory=ours, before_kickoff_callbacks=[BIND]), customer_id=mine)

    model = ScriptedLLM()
    asking = crew_of(model, "Which dish is the best dish?", memory=ours, before_kickoff_callbacks=[BIND])
    for customer in (mine, other):
        run(asking, customer_id=customer)

    assert ["The best dish is pizza." in prompt for prompt in prompts(model)] == [True, False]
    assert texts(memory, mine)[0] == "The best dish is pizza."


@pytest.mark.parametrize("way", ["kickoff", "akickoff", "scope", "long", "agent", "agent of messages", "agent async"])
def test_what_crewai_recalls_by_itself_is_not_the_question_again(memory: Memory, way: str) -> None:
    question, fact = "Which dish is the best dish?", "The best dish is pizza."
    for text in (question, fact):
        memory.add(text, user_id="ana")
    ours = MnemonMemory(memory, user_id="ana", read_only=True, threshold=None)
    model = ScriptedLLM()

    if way.startswith("agent"):
        agent = agent_of(model, memory=ours)
        asked: Any = question
        if way == "agent of messages":
            asked = [{"role": "assistant", "content": "Hello."}, {"role": "user", "content": question}]
        asyncio.run(agent.kickoff_async(asked)) if way == "agent async" else agent.kickoff(asked)
    else:
        task = "\n".join([question, *map(str, range(1_000))]) if way == "long" else question
        crew = crew_of(model, task, memory=ours.scope("/") if way == "scope" else ours)
        asyncio.run(crew.akickoff()) if way == "akickoff" else crew.kickoff()

    (prompt,) = prompts(model)
    assert (prompt.count(question), prompt.count(fact)) == (1, 1)


def test_a_result_is_said_by_its_agent_and_without_the_task_and_the_thought(memory: Memory) -> None:
    run(crew_of(ScriptedLLM("Lisbon is sunny."), "Tell about Lisbon", memory=MnemonMemory(memory, user_id="ana")))

    (kept,) = memory.get_all(user_id="ana")
    assert (kept.text, kept.speaker, kept.role) == ("Lisbon is sunny.", "helper", "assistant")


def test_a_long_result_is_kept_in_pieces_of_one_source(memory: Memory) -> None:
    told = "\n\n".join(f"Chapter {number}. " + "All about boats. " * 20 for number in range(6))

    run(crew_of(ScriptedLLM(told), "Write", memory=MnemonMemory(memory, user_id="ana")))

    kept = memory.get_all(user_id="ana").items
    marks: list[Any] = [one.metadata["crewai"] for one in kept]
    pieces = {mark["part"]: one.text for mark, one in zip(marks, kept, strict=True)}
    assert len(pieces) > 2
    assert max(map(len, pieces.values())) <= 900
    assert " ".join(" ".join(pieces[place] for place in range(len(pieces))).split()) == " ".join(told.split())
    assert len({mark["part_of"] for mark in marks}) == 1


async def test_one_crew_for_twenty_customers_at_once_crosses_nothing(memory: Memory) -> None:
    ours = MnemonMemory(memory)
    customers = [str(number) for number in range(1, 21)]
    learning = crew_of(
        ScriptedLLM(code_of), "My code word is tulip-{customer_id}.", memory=ours, before_kickoff_callbacks=[BIND]
    )
    asking = crew_of(
        ScriptedLLM(code_of), "What is the code word, is it tulip?", memory=ours, before_kickoff_callbacks=[BIND]
    )
    inputs = [{"customer_id": one} for one in customers]

    await learning.kickoff_for_each_async(inputs=inputs)
    answers = await asking.kickoff_for_each_async(inputs=inputs)

    assert [str(answer) for answer in answers] == [f"I know ['tulip-{one}']" for one in customers]
    for one in customers:
        assert sorted(texts(memory, one)) == sorted([f"The code word is tulip-{one}.", f"I know ['tulip-{one}']"])


@pytest.mark.parametrize("way", ["kickoff", "kickoff_async", "akickoff", "kickoff_for_each", "akickoff_for_each"])
def test_a_kickoff_of_any_kind_is_bound_to_its_customer(memory: Memory, way: str) -> None:
    ours = MnemonMemory(memory)
    for name in ("ana", "ben"):
        memory.add(f"The code word is tulip-{name}.", user_id=name)
    crew = crew_of(ScriptedLLM(code_of), "What is the code word?", memory=ours, before_kickoff_callbacks=[BIND])

    given: Any = {"customer_id": "ana"}
    inputs: Any = [given, {"customer_id": "ben"}] if "each" in way else given

    async def awaited() -> Any:
        return await getattr(crew, way)(inputs=inputs)

    is_async = way.startswith("a") or way.endswith("async")
    answer: Any = asyncio.run(awaited()) if is_async else getattr(crew, way)(inputs=inputs)

    told = [str(one) for one in answer] if "each" in way else [str(answer)]
    assert told == ["I know ['tulip-ana']", "I know ['tulip-ben']"][: len(told)]


@pytest.mark.parametrize("name", IDS)
def test_a_customer_may_have_any_id(memory: Memory, name: str) -> None:
    memory.add("The code word is tulip.", user_id=name)
    crew = crew_of(
        ScriptedLLM(code_of),
        "What is the code word?",
        memory=MnemonMemory(memory),
        before_kickoff_callbacks=[scope_from_inputs("who")],
    )

    assert [run(crew, who=name), run(crew, who=f"{name}x")] == ["I know ['tulip']", "I know []"]


@pytest.mark.parametrize("inputs", [{}, {"customer_id": 1}, {"customer_id": ""}, {"customer_id": None}])
def test_a_kickoff_for_nobody_does_not_begin(memory: Memory, inputs: dict[str, Any]) -> None:
    model = ScriptedLLM()
    crew = crew_of(model, "Hi", memory=MnemonMemory(memory), before_kickoff_callbacks=[BIND])
    run(crew, customer_id="ana")
    asked = len(prompts(model))

    with pytest.raises(mnemon.ScopeError):
        run(crew, **inputs)

    assert len(prompts(model)) == asked


def test_a_kickoff_after_another_is_not_that_customers(memory: Memory) -> None:
    ours = MnemonMemory(memory)
    run(crew_of(ScriptedLLM(), "Hi", memory=ours, before_kickoff_callbacks=[BIND]), customer_id="ana")
    model = ScriptedLLM()

    with pytest.raises(MemoryAbortedError, match="scope_from_inputs"):
        run(crew_of(model, "Hi", memory=ours))

    assert prompts(model) == []


def test_a_store_that_fails_ends_the_kickoff_and_no_model_is_asked_twice() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        ours = MnemonMemory(memory, user_id="ana")

        def answer(_: str) -> str:
            store.down = True
            return "Noted."

        model = ScriptedLLM(answer)
        with pytest.raises(MemoryAbortedError, match="the store is down"):
            run(crew_of(model, "Save this", memory=ours))
        assert len(prompts(model)) == 1

        with pytest.raises(MemoryAbortedError, match="the store is down"):
            run(crew_of(model, "Recall that", memory=ours))
        assert len(prompts(model)) == 1


def test_a_store_that_fails_is_survived_where_that_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        store.down = True

        assert (
            run(crew_of(ScriptedLLM(), "Hi", memory=MnemonMemory(memory, user_id="ana", on_error="warn"))) == "Noted."
        )

    assert [one.getMessage().partition(":")[0] for one in caplog.records if one.name == "mnemon.adapting"] == [
        "nothing was recalled",
        "1 memories were not stored",
    ]


def test_what_is_written_in_the_background_is_there_when_the_kickoff_ends(memory: Memory) -> None:
    ours = MnemonMemory(memory, background=True)
    crew = crew_of(ScriptedLLM("Noted."), "Hi", "Ho", memory=ours, before_kickoff_callbacks=[BIND])

    run(crew, customer_id="ana")

    assert texts(memory)[0] == "Noted."
    ours.close()


def test_a_failure_in_the_background_fails_the_kickoff() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        ours = MnemonMemory(memory, user_id="ana", background=True)

        def answer(_: str) -> str:
            store.down = True
            return "Noted."

        with pytest.raises(MemoryAbortedError, match="down"):
            run(crew_of(ScriptedLLM(answer), "Hi", memory=ours))
        ours.close()


def test_an_agent_may_have_a_memory_of_its_own(memory: Memory) -> None:
    memory.add("The code word is tulip.", user_id="ana")
    crew = crew_of(ScriptedLLM(code_of), "What is the code word?", agent_memory=MnemonMemory(memory, user_id="ana"))

    assert run(crew) == "I know ['tulip']"
    assert len(texts(memory)) == 2


@pytest.mark.parametrize("view", ["memory", "scope", "slice"])
def test_an_agents_own_memory_is_that_of_its_copies(memory: Memory, view: str) -> None:
    ours = MnemonMemory(memory)
    for name in ("ana", "ben"):
        with mnemon.scope(user_id=name):
            ours.remember(f"The code word is tulip-{name}.", scope="/garden/1")
            ours.remember(f"The code word is rose-{name}.", scope="/garden/10")
    own = {"memory": ours, "scope": ours.scope("/garden/1"), "slice": ours.slice(["/garden/1"])}[view]
    crew = crew_of(ScriptedLLM(code_of), "What is the code word?", agent_memory=own, before_kickoff_callbacks=[BIND])

    answers = crew.kickoff_for_each(inputs=[{"customer_id": name} for name in ("ana", "ben")])

    within = ["tulip-{}"] if view != "memory" else ["rose-{}", "tulip-{}"]
    assert [str(answer) for answer in answers] == [
        f"I know {[word.format(name) for word in within]}" for name in ("ana", "ben")
    ]
    assert crew.agents[0].memory is own


def test_a_memory_that_crewai_builds_anew_of_its_fields_is_none_and_says_so(memory: Memory) -> None:
    anew = CrewMemory(**MnemonMemory(memory, user_id="ana").model_dump())

    with pytest.raises(MemoryAbortedError, match="fields of a MnemonMemory"):
        anew.remember("x", scope="/", categories=[], importance=0.5)


@pytest.mark.parametrize("cached", [False, True])
def test_crewais_own_memory_tools_answer_each_customer_anew(memory: Memory, *, cached: bool) -> None:
    ours = MnemonMemory(memory)
    for name in ("ana", "ben"):
        memory.add(f"The code word is tulip-{name}.", user_id=name)

    def search_once(prompt: str) -> str:
        found = re.findall(r"code word is (\S+?)\.", prompt.rpartition("Found memories")[2])
        if found:
            return f"I found {found}"
        return 'Thought: look\nAction: search_memory\nAction Input: {"queries": ["code word"]}'

    crew = crew_of(ScriptedLLM(search_once), "zzz", memory=ours, before_kickoff_callbacks=[BIND], cache=cached)

    answers = [run(crew, customer_id=name) for name in ("ana", "ben")]

    assert answers == ["I found ['tulip-ana']", "I found ['tulip-ben']"]


def test_a_crews_scope_and_slice_remember_and_recall_within_it(memory: Memory) -> None:
    ours = MnemonMemory(memory, user_id="ana")
    ours.remember("The code word is tulip.", scope="/garden/1")
    ours.remember("The code word is rose.", scope="/garden/10")
    model = ScriptedLLM(code_of)

    for view in (ours.scope("/garden/1"), ours.slice(["/garden/1"])):
        assert run(crew_of(model, "What is the code word?", memory=view)) == "I know ['tulip']"

    assert [one.content for one in ours.list_records("/garden/1")] == ["I know ['tulip']", "The code word is tulip."]
    assert run(crew_of(model, "What is the code word?", memory=ours.slice(["/garden"]))) == "I know ['rose', 'tulip']"


def test_a_crew_resets_the_memories_of_its_customer_alone(memory: Memory) -> None:
    ours = MnemonMemory(memory, root_scope="/crew/a")
    for name in ("ana", "ana-2"):
        memory.add(f"I am {name}.", user_id=name)

    with mnemon.scope(user_id="ana"):
        crew_of(ScriptedLLM(), "Hi", memory=ours).reset_memories("memory")

    assert [memory.count(user_id=name) for name in ("ana", "ana-2")] == [0, 1]


def test_a_memory_that_is_read_only_is_not_written(memory: Memory) -> None:
    memory.add("The code word is tulip.", user_id="ana")
    ours = MnemonMemory(memory, user_id="ana", read_only=True)

    assert run(crew_of(ScriptedLLM(code_of), "What is the code word?", memory=ours)) == "I know ['tulip']"
    assert memory.count(user_id="ana") == 1
