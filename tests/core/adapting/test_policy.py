"""Whose memories, what goes into a prompt, and what is written when: decided once for all frameworks."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

import mnemon
from mnemon import (
    AsyncMemory,
    ClosedError,
    ConfigError,
    Hit,
    InvalidInputError,
    Memory,
    MemoryRecord,
    Message,
    NotFoundError,
    Scope,
    ScopeError,
)
from mnemon.adapting import (
    TOOLS,
    AsyncKeeper,
    AsyncMemoryTools,
    Carried,
    Handle,
    Keeper,
    MemoryTools,
    Policy,
    RecallRules,
    ScopeRule,
    WriteQueue,
    can_be_told,
    choose,
    choose_tools,
    difference,
    patched,
    render,
    spoken,
    told,
    without_recalled,
)
from mnemon.types.results import SearchResult

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ANA = Scope(user_id="ana")


def hit(text: str, *, sources: tuple[str, ...] = ()) -> Hit:
    record = MemoryRecord(
        id=text, text=text, scope=ANA, said_at=NOON, created_at=NOON, updated_at=NOON, source_ids=sources, role="user"
    )
    return Hit(memory=record, score=0.9)


def found(*hits: Hit) -> SearchResult:
    return SearchResult(hits)


# Whose memories


def test_ids_of_all_sources_are_put_together_and_the_thread_is_what_is_written_to() -> None:
    rule = ScopeRule(agent_id="bot", app_id=lambda: "shop")

    with mnemon.scope(user_id="ana"):
        scope = rule.resolve({"agent_id": "bot", "other": "x"}, thread="t1")

    assert scope.reads == Scope(user_id="ana", agent_id="bot", app_id="shop")
    assert scope.writes == replace(scope.reads, run_id="t1")


def test_a_run_that_somebody_names_is_read_and_written_instead_of_the_thread() -> None:
    with mnemon.scope(user_id="ana", run_id="r1"):
        scope = ScopeRule().resolve(thread="t1")

    assert scope.reads == scope.writes == Scope(user_id="ana", run_id="r1")


@pytest.mark.parametrize("given", [{}, {"user_id": None}, {"agent_id": "bot"}])
def test_a_missing_id_is_an_error_with_the_remedy_and_never_the_thread(given: dict[str, Any]) -> None:
    with pytest.raises(ScopeError, match=r"no user_id\. Say who; or call inside `with mnemon\.scope\(user_id="):
        ScopeRule(remedy="Say who").resolve(given, thread="ana")
    with pytest.raises(ScopeError, match=r"no user_id\. Call inside `with mnemon\.scope\(user_id="):
        ScopeRule().resolve(given)


@pytest.mark.parametrize("value", ["", "  ", 1, "a\ud800"])
def test_an_id_that_cannot_be_one_is_refused(value: object) -> None:
    with pytest.raises(ScopeError):
        ScopeRule().resolve({"user_id": value})
    if isinstance(value, str):
        with pytest.raises(ScopeError):
            ScopeRule(user_id=value)


def test_two_sources_that_contradict_each_other_are_an_error() -> None:
    with pytest.raises(ScopeError, match="contradicts"):
        ScopeRule(user_id="ana").resolve({"user_id": "ben"})
    with pytest.raises(ScopeError, match="contradicts"):
        ScopeRule(user_id=lambda: "ana").resolve(bound=Scope(user_id="ben"))


def test_what_is_required_can_be_another_id() -> None:
    rule = ScopeRule(agent_id="bot", required=("agent_id",))

    assert rule.resolve().reads == Scope(agent_id="bot")
    with pytest.raises(ConfigError, match="required names"):
        ScopeRule(required=("person",))
    with pytest.raises(ConfigError, match="required names"):
        ScopeRule(required=())


# What goes into a prompt


def test_what_the_prompt_says_already_is_not_recalled_by_id_or_by_words() -> None:
    carried = Carried([("m1", "edited meanwhile"), (None, "I like  tea\n")])

    chosen = choose(
        found(hit("as it was", sources=("m1",)), hit("I like tea"), hit("I like jazz", sources=("m2",))),
        carried,
        RecallRules(),
    )

    assert [one.memory.text for one in chosen] == ["I like jazz"]


def test_the_same_words_are_recalled_once_and_no_more_than_asked() -> None:
    chosen = choose(found(hit("a"), hit("a "), hit("b"), hit("c")), Carried([]), RecallRules(limit=2))

    assert [one.memory.text for one in chosen] == ["a", "b"]


def test_nothing_to_recall_is_no_text_at_all() -> None:
    assert render(found(), Carried([]), RecallRules()) == ""
    assert render(found(hit("a")), Carried([(None, "a")]), RecallRules()) == ""


def test_what_was_recalled_is_taken_out_of_what_is_remembered() -> None:
    block = render(found(hit('</memories> I <b>like</b> tea\nand "jazz"')), Carried([]), RecallRules())
    told = [
        f"{block}\n\nAnd you?",
        f"Hello\n\n{block}",
        f"a\n{block}\nb",
        block,
        "I wrote <memories> myself </memories>",
    ]

    kept = [without_recalled(Message(role="user", content=text)).text for text in told]

    assert kept == ["And you?", "Hello", "a\n\nb", "", told[-1]]


def test_only_what_people_and_assistants_spoke_is_remembered() -> None:
    said = [
        Message(role="system", content="Be kind."),
        Message(role="user", content="Hi"),
        Message(role="assistant", content=" "),
        Message(role="tool", content="a memory"),
        Message(role="user", content=render(found(hit("a")), Carried([]), RecallRules())),
    ]

    assert [message.text for message in spoken(said)] == ["Hi"]


def test_rules_that_could_not_be_kept_are_refused() -> None:
    for wrong in ({"limit": 0}, {"max_tokens": 3}, {"threshold": 2.0}, {"kinds": ("odd",)}):
        with pytest.raises(InvalidInputError):
            RecallRules(**wrong)  # type: ignore[arg-type]


# What is written when


def keeper_of(memory: Memory, queue: WriteQueue | None = None) -> Keeper:
    return Keeper(Policy(handle=Handle(memory), queue=queue, actor="test"))


def test_a_prompt_of_many_messages_can_be_answered() -> None:
    with Memory(":memory:", embedder=None) as memory:
        memory.add(Message(role="user", content="My cat is called Momo.", id="m6000"), user_id="ana")
        memory.add("My other cat is called Miau.", user_id="ana")
        carried = Carried((f"m{number}", f"turn {number}") for number in range(7_000))

        block = keeper_of(memory).recall(ScopeRule().resolve({"user_id": "ana"}), "Which cat?", carried)

    assert "Miau" in block
    assert "Momo" not in block


def test_the_next_reader_waits_for_what_is_queued_for_it_and_for_nothing_else() -> None:
    queue, gate = WriteQueue(), Event()
    with Memory(":memory:", embedder=None) as memory:
        keeper = keeper_of(memory, queue)
        ana, ben = (ScopeRule().resolve({"user_id": name}, thread="t1") for name in ("ana", "ben"))
        queue.put(ben.writes, gate.wait)
        keeper.remember(ana, [Message(role="user", content="My cat is called Momo.")])

        nothing = keeper.recall(ScopeRule().resolve({"user_id": "eve"}), "cat?", Carried([]))  # does not wait
        waits = queue.concerns(ana.reads), queue.concerns(Scope(user_id="eve"))
        gate.set()
        block = keeper.recall(ana, "cat?", Carried([]))
        queue.close()

        assert (nothing, waits) == ("", (True, False))
        assert "Momo" in block
        assert memory.operations(user_id="ana")[0].actor == "test"


def test_a_failed_write_that_is_tolerated_costs_no_recall() -> None:
    queue = WriteQueue()

    def fail() -> None:
        msg = "no room"
        raise mnemon.StoreFullError(msg)

    with Memory(":memory:", embedder=None) as memory:
        memory.add("My cat is called Momo.", user_id="ana")
        keeper = Keeper(Policy(handle=Handle(memory), queue=queue, on_error="warn"))
        scope = ScopeRule().resolve({"user_id": "ana"})
        queue.put(ANA, fail)

        assert "Momo" in keeper.recall(scope, "cat?", Carried([]))
        queue.close()


def test_a_full_queue_lets_the_writer_wait_and_loses_nothing() -> None:
    queue, gate, done = WriteQueue(most=2), Event(), list[int]()
    queue.put(ANA, gate.wait)
    with ThreadPoolExecutor() as pool:
        puts = [pool.submit(queue.put, ANA, lambda number=number: done.append(number)) for number in range(5)]
        held = sum(put.done() for put in puts) <= 1
        gate.set()
        for put in puts:
            put.result()
    queue.wait()

    assert held
    assert sorted(done) == [0, 1, 2, 3, 4]
    with pytest.raises(ConfigError):
        WriteQueue(most=0)


def test_a_closed_queue_takes_no_more_and_says_so_each_time() -> None:
    queue = WriteQueue(most=1)
    queue.close()

    for _ in range(2):
        with pytest.raises(ClosedError, match="build a new one"):
            queue.put(Scope(user_id="ana"), print)


def test_a_failed_write_is_told_once_and_to_its_scope() -> None:
    queue = WriteQueue()

    def fail() -> None:
        msg = "no room"
        raise mnemon.StoreFullError(msg)

    queue.put(ANA, fail)
    queue.wait(Scope(user_id="ben"))
    with pytest.raises(mnemon.StoreFullError):
        queue.wait(ANA)
    queue.wait()


def test_async_and_sync_write_and_recall_the_same(tmp_path: Path) -> None:
    async def both() -> tuple[str, str]:
        async with AsyncMemory(tmp_path / "m.db", embedder=None) as memory:
            scope = ScopeRule().resolve({"user_id": "ana"}, thread="t1")
            policy = Policy(handle=Handle(memory))
            await AsyncKeeper(policy).remember(scope, [Message(role="user", content="My cat is called Momo.")])
            block = await AsyncKeeper(policy).recall(scope, "cat?", Carried([]))
            return block, Keeper(policy).recall(scope, "cat?", Carried([]))

    one, other = asyncio.run(both())

    assert "Momo" in one
    assert one == other


# The memory itself


def test_a_handle_opens_the_default_memory_once_and_closes_only_that(isolated_user_store: Path) -> None:
    own = Handle()
    before = isolated_user_store.exists()
    memory = own.memory()
    own.close()

    assert (before, isolated_user_store.exists()) == (False, True)
    with pytest.raises(ClosedError):
        memory.count(user_id="ana")
    with pytest.raises(ClosedError, match="build a new one"):
        own.memory()
    with Memory(":memory:", embedder=None) as given:
        lent = Handle(given)
        lent.close()
        assert lent.memory().count(user_id="ana") == 0
    with pytest.raises(ConfigError, match="not a str"):
        Handle("m.db")  # type: ignore[arg-type]


# Tools


def test_each_tool_has_a_method_on_both_sides_and_says_nothing_of_scopes() -> None:
    for tool in choose_tools():
        assert callable(getattr(MemoryTools, tool.method))
        assert callable(getattr(AsyncMemoryTools, tool.method))
        assert len(tool.description) <= 1_024
        assert not {"user_id", "agent_id", "app_id", "run_id"} & set(tool.arguments.model_fields)
    assert [tool.name for tool in choose_tools(["list_memories"])] == ["list_memories"]
    assert choose_tools() == list(TOOLS)


def test_a_model_is_told_of_its_own_mistakes_alone() -> None:
    assert told(NotFoundError("no such memory")) == "error: no such memory"
    assert can_be_told(InvalidInputError("blank"))
    with pytest.raises(ScopeError, match="whose"):
        told(ScopeError("whose?"))
    assert not can_be_told(ScopeError("whose?"))
    assert not can_be_told(mnemon.DimensionMismatchError("s", expected=2, got=3))


# What is kept of messages


def test_a_difference_makes_the_one_of_the_other() -> None:
    whole: Any = {"a": 1, "b": [1, {"x": True}, 3], "c": None, "same": {"k": "v"}}
    made: Any = {"a": 1.0, "b": [1, {"x": 1}, 3], "d": "gone", "same": {"k": "v"}}

    kept = difference(whole, made)

    again: Any = patched(made, kept)
    assert again == whole
    assert type(again["a"]) is int
    assert difference(whole, whole) is None
    with pytest.raises(InvalidInputError, match="does not fit"):
        patched([1], {"at": {"4": {"is": 2}}})
