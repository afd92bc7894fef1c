"""The canary: a hundred users do everything at random beside one another, and never see what is another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore, Memory, Scope, SQLiteStore
from mnemon.logic.sheet import Sheet, View
from mnemon.types.filters import And
from tests.core.memory.canaries import OPERATIONS, USERS, run
from tests.core.memory.sources import SetClock, counting

if TYPE_CHECKING:
    from pathlib import Path

    from mnemon.protocols.store import Store


def test_a_hundred_different_ids_are_a_hundred_users(store: Store) -> None:
    memory = Memory(store=store, embedder=None, clock=SetClock(), new_id=counting())
    memory.add_many([{"content": "cats", "user_id": name, "metadata": {"of": name}} for name in USERS])

    assert (len(USERS), len(set(USERS))) == (100, 100)
    assert [one.id for one in memory.scopes("user")] == sorted(USERS)
    for name in USERS:
        assert [hit.memory.metadata["of"] for hit in memory.search("cats", user_id=name)] == [name]
        assert [one.metadata["of"] for one in memory.get_all(user_id=name)] == [name]


def test_users_who_do_everything_at_random_never_see_what_is_anothers(store: Store) -> None:
    run(store, users=100, operations=4)


@pytest.mark.nightly
def test_a_hundred_users_and_a_hundred_operations_each(store: Store) -> None:
    run(store, users=100, operations=OPERATIONS)


@pytest.mark.parametrize(
    "module",
    [
        "mnemon.logic.conditions",
        "mnemon._sync.reads",
        "mnemon._sync.reading",
        "mnemon._sync.conversation",
        "mnemon.logic.versions",
    ],
)
def test_the_canary_dies_without_the_condition_of_the_scope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    """Proof that the test above can fail: in each module that makes the condition, it fails without it."""

    def nothing(_: Scope) -> And:
        return And()

    monkeypatch.setattr(f"{module}.scope_condition", nothing)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        run(InMemoryStore(), users=20, operations=20)


def test_the_canary_dies_without_the_scope_of_what_a_search_keeps_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proof that the test above reaches what a search keeps, which is guarded twice: by condition and by row."""

    def nothing(_: Scope) -> And:
        return And()

    def everything(sheet: Sheet, scope: Scope) -> View:
        view = View(sheet, scope)
        view.inside = sheet.columns["alive"][: len(view.inside)].copy()
        return view

    with SQLiteStore(tmp_path / "one.db") as store:
        monkeypatch.setattr("mnemon._sync.looking.scope_condition", nothing)
        run(store, users=20, operations=5)

    monkeypatch.setattr("mnemon._sync.looking.View", everything)
    with SQLiteStore(tmp_path / "none.db") as store, pytest.raises((AssertionError, pytest.fail.Exception)):
        run(store, users=20, operations=20)
