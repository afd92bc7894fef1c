"""What a memory opens, by which name, and what it does not touch."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import pytest

from mnemon import AsyncMemory, ConfigError, InMemoryStore, Memory, RecallConfig, SQLiteStore
from mnemon.config import MemoryConfig, notices
from tests.core.fakes import FakeAsyncStore, WordEmbedder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", [Memory, AsyncMemory])
def test_without_a_name_the_users_own_file_is_opened(
    kind: type[Memory | AsyncMemory], isolated_user_store: Path
) -> None:
    memory = kind(embedder=None)

    assert isolated_user_store.is_file()
    (memory.sync if isinstance(memory, AsyncMemory) else memory).close()


def test_two_memories_without_a_name_share_what_they_know() -> None:
    with Memory(embedder=None) as first, Memory(embedder=None) as second:
        first.add("I moved to Lisbon.", user_id="alice")

        assert [hit.memory.text for hit in second.search("Lisbon", user_id="alice")] == ["I moved to Lisbon."]


@pytest.mark.parametrize("form", ["path", "text", "address"])
def test_a_path_and_an_address_open_a_file_that_keeps_what_was_added(tmp_path: Path, form: str) -> None:
    path = tmp_path / "notes.db"
    target = {"path": path, "text": str(path), "address": f"sqlite://{path}"}[form]
    with Memory(target, embedder=None) as memory:
        memory.add("Tea at five.", user_id="alice")

    with Memory(path, embedder=None) as memory:
        assert memory.count(user_id="alice") == 1


def test_memory_targets_keep_nothing_and_share_nothing(isolated_user_store: Path) -> None:
    with Memory(":memory:", embedder=None) as first, Memory(":memory:", embedder=None) as second:
        first.add("Tea at five.", user_id="alice")

        assert second.count(user_id="alice") == 0
    assert not isolated_user_store.exists()


def test_an_open_store_is_used_and_not_closed_with_the_memory(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "notes.db") as store:
        with Memory(store=store, embedder=None) as memory:
            memory.add("Tea at five.", user_id="alice")

        assert {one.name for one in store.collections()} >= {"memories", "messages", "operations"}
        with Memory(store=store, embedder=None) as memory:
            assert memory.count(user_id="alice") == 1


@pytest.mark.parametrize("kind", [Memory, AsyncMemory])
def test_a_name_and_an_open_store_at_once_are_refused(kind: type[Memory | AsyncMemory], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not both"):
        kind(tmp_path / "notes.db", store=InMemoryStore())

    assert not (tmp_path / "notes.db").exists()


@pytest.mark.parametrize("kind", [Memory, AsyncMemory])
@pytest.mark.parametrize("store", ["notes.db", object(), InMemoryStore])
def test_what_is_no_open_store_is_refused_at_once(kind: type[Memory | AsyncMemory], store: object) -> None:
    with pytest.raises(ConfigError, match="which is no open store"):
        kind(store=store)  # pyright: ignore[reportArgumentType]


def test_an_async_store_is_refused_by_the_sync_memory() -> None:
    with pytest.raises(ConfigError, match="only AsyncMemory can use"):
        Memory(store=FakeAsyncStore())  # pyright: ignore[reportArgumentType]


def test_projects_of_one_store_are_apart(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    with Memory(path, project="shop", embedder=None) as memory:
        memory.add("Tea at five.", user_id="alice")

    with Memory(path, project="school", embedder=None) as memory:
        assert memory.count(user_id="alice") == 0
        assert memory.stats().project == "school"
    with Memory(path, config=MemoryConfig(project="shop"), embedder=None) as memory:
        assert memory.count(user_id="alice") == 1


def test_settings_come_from_the_environment_and_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMON_STORE", str(tmp_path / "of-environment.db"))
    monkeypatch.setenv("MNEMON_PROJECT", "of-environment")
    monkeypatch.setenv("MNEMON_EMBEDDER", "none")
    file = tmp_path / "settings.toml"
    file.write_text('store = "of-file.db"\nproject = "of-file"\n', encoding="utf-8")

    with Memory() as memory:
        project = memory.stats().project
    monkeypatch.delenv("MNEMON_STORE")
    monkeypatch.delenv("MNEMON_PROJECT")
    with Memory(config=file) as memory:
        project_of_file = memory.stats().project

    assert (project, project_of_file) == ("of-environment", "of-file")
    assert (tmp_path / "of-environment.db").is_file()
    assert (tmp_path / "of-file.db").is_file()


def test_nothing_is_read_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("config.toml", "mnemon.toml", ".env"):
        (tmp_path / name).write_text('MNEMON_PROJECT="here"\nproject = "here"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    with Memory(":memory:", embedder=None) as memory:
        assert memory.stats().project == "default"


def test_opening_and_using_a_memory_opens_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        msg = "a socket was asked for"
        raise AssertionError(msg)

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)

    with Memory(tmp_path / "notes.db") as memory:
        memory.add("I moved to Lisbon.", user_id="alice")
        assert len(memory.search("Where does she live?", user_id="alice")) == 1
    AsyncMemory(tmp_path / "notes.db")
    Memory(":memory:", embedder="openai-compatible", config=MemoryConfig(embedding={"model": "m", "api_key": "k"}))  # pyright: ignore[reportArgumentType]


def test_the_default_file_is_logged_once_and_a_named_one_never(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_said", set[str]())
    monkeypatch.delenv("MNEMON_STORE")
    caplog.set_level(logging.INFO, "mnemon")

    for _ in range(3):
        Memory(embedder=None).close()
        Memory(":memory:", embedder=None).close()

    (record,) = caplog.records
    assert "default store" in record.getMessage()


def test_opening_that_fails_closes_what_it_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notes.db"
    with Memory(path, embedder=WordEmbedder("first")) as memory:
        memory.add("Tea at five.", user_id="alice")
    closed: list[SQLiteStore] = []
    close = SQLiteStore.close

    def noted(store: SQLiteStore) -> None:
        closed.append(store)
        close(store)

    monkeypatch.setattr(SQLiteStore, "close", noted)

    with pytest.raises(ConfigError, match="'second'"):
        Memory(path, embedder=WordEmbedder("second"))

    assert len(closed) == 1
    assert not list(tmp_path.glob("notes.db-*"))


def test_opening_that_fails_leaves_a_given_store_open() -> None:
    store = InMemoryStore()

    with pytest.raises(ConfigError):
        Memory(store=store, embedder="nonsense")

    assert store.collections()


def test_a_project_is_read_in_the_language_that_it_was_begun_in(tmp_path: Path) -> None:
    with Memory(tmp_path / "notes.db", embedder=None, recall=RecallConfig(language="en")) as memory:
        memory.add("I like tea.", user_id="alice")

    with pytest.raises(ConfigError, match=r"'en'.*'de'.*export"):
        Memory(tmp_path / "notes.db", embedder=None, recall=RecallConfig(language="de"))
    with Memory(tmp_path / "notes.db", embedder=None, project="other", recall=RecallConfig(language="de")) as other:
        assert other.add("Ich mag Tee.", user_id="alice").ids
