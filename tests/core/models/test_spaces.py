"""Which embedder a project belongs to: who begins it, who may go on, and what the others are told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mnemon import AsyncMemory, ConfigError, EmbeddingError, Memory, MissingExtraError, SQLiteStore
from mnemon.embedders.callable import CallableEmbedder
from mnemon.types.filters import where
from tests.core.fakes import WordEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LOCAL = "local:all-MiniLM-L6-v2-int8"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notes.db"


def _begun(path: Path, embedder: WordEmbedder | None, *texts: str) -> None:
    with Memory(path, embedder=embedder) as memory:
        for text in texts or ("Tea at five.",):
            memory.add(text, user_id="alice")


def test_another_embedder_is_refused_with_both_names_and_a_remedy_that_works(path: Path) -> None:
    _begun(path, WordEmbedder("first"), "Tea at five.", "Coffee at six.")
    with pytest.raises(ConfigError) as caught:
        Memory(path, embedder=WordEmbedder("second", 32))
    message = str(caught.value)
    assert "'first' (64 dimensions)" in message
    assert "'second' (32 dimensions)" in message
    assert "Memory(..., embedder=None).reembed(embedder=...)" in message

    with Memory(path, embedder=None) as memory:
        memory.reembed(embedder=WordEmbedder("second", 32))

    with Memory(path, embedder=WordEmbedder("second", 32)) as memory:
        assert memory.search("coffee", user_id="alice")[0].memory.text == "Coffee at six."
        assert (memory.stats().embedder, memory.stats().dimensions, memory.stats().waiting) == ("second", 32, 0)
    with pytest.raises(ConfigError, match="'second'"):
        Memory(path, embedder=WordEmbedder("first"))


def test_one_name_with_other_dimensions_is_refused(path: Path) -> None:
    _begun(path, WordEmbedder("words", 64))

    with pytest.raises(ConfigError, match="64 dimensions"):
        Memory(path, embedder=WordEmbedder("words", 32))


def test_projects_of_one_file_have_embedders_of_their_own(path: Path) -> None:
    _begun(path, WordEmbedder("first"))

    with Memory(path, project="other", embedder=WordEmbedder("second", 16)) as memory:
        memory.add("Coffee at six.", user_id="alice")
        assert memory.stats().embedder == "second"
    with Memory(path, embedder=WordEmbedder("first")) as memory:
        assert memory.stats().embedder == "first"


def test_begun_without_an_embedder_it_goes_on_with_one_and_counts_what_waits(path: Path) -> None:
    _begun(path, None, "Tea at five.", "Coffee at six.")

    with Memory(path, embedder=WordEmbedder()) as memory:
        assert (memory.stats().embedder, memory.stats().waiting) == ("words", 2)
        memory.add("Milk at seven.", user_id="alice")
        assert memory.stats().waiting == 2
        assert memory.reembed().versions == 2
        assert memory.stats().waiting == 0


def test_opened_without_an_embedder_nothing_waits_and_words_answer(path: Path) -> None:
    _begun(path, WordEmbedder())

    with Memory(path, embedder=None) as memory:
        assert (memory.stats().embedder, memory.stats().waiting) == (None, 0)
        assert len(memory.search("tea", user_id="alice")) == 1


def test_auto_follows_the_store_and_names_the_pip_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _begun(path, WordEmbedder(LOCAL, 384))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(MissingExtraError, match=r'pip install "mnemon\[local\]"'):
        Memory(path, embedder="auto")
    with pytest.raises(MissingExtraError, match=r'pip install "mnemon\[local\]"'):
        AsyncMemory(path)


def test_an_embedder_that_learns_its_dimensions_is_checked_when_it_knows_them(path: Path) -> None:
    _begun(path, WordEmbedder("words", 64, knows=False))

    with Memory(path, embedder=WordEmbedder("words", 32, knows=False)) as memory:
        with pytest.raises(EmbeddingError, match="32 dimensions, 64 were expected"):
            memory.add("Coffee at six.", user_id="alice")
        with pytest.raises(EmbeddingError, match="32 dimensions, 64 were expected"):
            memory.search("tea", user_id="alice")
        assert memory.count(user_id="alice") == 1


def test_an_embedder_of_unknown_dimensions_does_everything_on_a_new_store(path: Path) -> None:
    _begun(path, None)
    embedder = WordEmbedder(knows=False)

    with Memory(path, embedder=embedder) as memory:
        assert memory.stats().dimensions is None
        assert len(memory.search("tea", user_id="alice")) == 1
        (known,) = memory.get_all(user_id="alice")
        assert memory.update(known.id, metadata={"a": 1}).version == 2
        memory.add([{"role": "system", "content": "Be kind."}], user_id="alice", run_id="r")
        assert embedder.texts == []
        memory.reembed()
        memory.add("Coffee at six.", user_id="alice")
        assert (memory.stats().dimensions, memory.stats().waiting) == (64, 0)


@pytest.mark.parametrize("embedder", ["local", object(), WordEmbedder])
def test_reembed_takes_an_embedder_and_says_so(path: Path, embedder: object) -> None:
    _begun(path, None)

    with Memory(path, embedder=None) as memory, pytest.raises(ConfigError, match="takes an embedder"):
        memory.reembed(embedder=embedder)  # pyright: ignore[reportArgumentType]


def test_reembed_without_any_embedder_names_the_pip_line(path: Path) -> None:
    with Memory(path, embedder=None) as memory, pytest.raises(ConfigError, match="pip install"):
        memory.reembed()


def test_a_memory_that_was_open_before_finds_the_space_that_another_made(path: Path) -> None:
    reader = WordEmbedder()
    with Memory(path, embedder=reader) as early, Memory(path, embedder=None) as without:
        _begun(path, WordEmbedder())

        assert (early.search("tea", user_id="alice", explain=True)[0].signals or {})["meaning"] > 0
        assert reader.queries
        (known,) = without.get_all(user_id="alice")
        without.update(known.id, metadata={"a": 1})  # the text stays, and so does its vector
        assert early.stats().waiting == 0


def test_what_is_undone_by_a_memory_that_knows_no_vectors_keeps_them(path: Path) -> None:
    with Memory(path, embedder=None) as without:
        _begun(path, WordEmbedder())
        (known,) = without.get_all(user_id="alice")
        deleted = without.delete(known.id)
        without.undo(deleted.op_id or "")

    with SQLiteStore(path) as store:
        (memories,) = (one for one in store.collections() if one.name == "memories")
        store.declare(memories)
        space = memories.vectors[0].name
        rows = store.scan("default", "memories", where("recorded_to").eq(None), include=(space,)).rows
        assert [(row.fields["space"], space in row.vectors) for row in rows] == [(space, True)]


def test_a_memory_that_was_open_before_is_refused_once_another_embedder_came(path: Path) -> None:
    with Memory(path, embedder=WordEmbedder("second")) as early:
        _begun(path, WordEmbedder("first"))

        for _ in range(2):
            with pytest.raises(ConfigError, match=r"'first'.*'second'"):
                early.add("Coffee at six.", user_id="alice")
            with pytest.raises(ConfigError, match=r"'first'.*'second'"):
                early.search("tea", user_id="alice")
        assert early.count(user_id="alice") == 1


def test_two_processes_that_make_the_space_at_once_agree_on_it(path: Path) -> None:
    code = """
import sys
from mnemon import ConfigError, Memory
from tests.core.fakes import WordEmbedder
memory = Memory(sys.argv[1], embedder=WordEmbedder(sys.argv[2]))
print("open", flush=True)
sys.stdin.readline()
try:
    memory.add(f"Said by {sys.argv[2]}.", user_id="alice")
except ConfigError:
    print("refused")
else:
    print("added")
"""
    command = [sys.executable, "-c", code, str(path)]
    with (
        subprocess.Popen([*command, "first"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first,
        subprocess.Popen([*command, "second"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as second,
    ):
        for process in (first, second):
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
        for process in (first, second):
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        said = {"first": first.communicate()[0].strip(), "second": second.communicate()[0].strip()}

    assert sorted(said.values()) == ["added", "refused"]
    winner = next(name for name, outcome in said.items() if outcome == "added")
    with Memory(path, embedder=WordEmbedder(winner)) as memory:
        assert [one.text for one in memory.get_all(user_id="alice")] == [f"Said by {winner}."]
        assert memory.stats().waiting == 0


def test_reset_lets_another_embedder_begin(path: Path) -> None:
    _begun(path, WordEmbedder("first"))
    with Memory(path, embedder=None) as memory:
        memory.reset()

    with Memory(path, embedder=WordEmbedder("second", 16)) as memory:
        memory.add("Coffee at six.", user_id="alice")
        assert memory.stats().embedder == "second"


def test_a_function_serves_as_embedder_plain_and_async(path: Path) -> None:
    words = WordEmbedder()

    async def embed(texts: Sequence[str]) -> object:
        await asyncio.sleep(0)
        return words.embed(texts)

    with Memory(path, embedder=CallableEmbedder(words.embed, name="mine")) as memory:
        memory.add("Tea at five.", user_id="alice")
    memory = AsyncMemory(path, embedder=CallableEmbedder(embed, name="mine"))

    async def run() -> list[str]:
        async with memory:
            await memory.add("Coffee at six.", user_id="alice")
            return [hit.memory.text for hit in await memory.search("coffee", user_id="alice")]

    assert asyncio.run(run())[0] == "Coffee at six."


def test_the_local_embedder_finds_by_meaning(path: Path) -> None:
    with Memory(path, embedder="local") as memory:
        memory.add("I moved to Lisbon last spring.", user_id="alice")
        memory.add("My sister collects stamps.", user_id="alice")

        hits = memory.search("In which city is her home?", user_id="alice", explain=True)
        greek = memory.search("Πού μένει;", user_id="alice", explain=True)

    assert hits[0].memory.text == "I moved to Lisbon last spring."
    assert (hits[0].signals or {})["meaning"] > 0
    assert len(greek) == 0  # the model knows no Greek, so that its vector of a query would be noise
