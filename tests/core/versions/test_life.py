"""Memories live as a simple model of them says, whatever is done in whatever order, now and as of every step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mnemon import ConflictError, InMemoryStore, NotFoundError, SQLiteStore
from mnemon.types.recall import RecallConfig
from tests.core.versions.fixtures import NOON, Clock, open_memory

if TYPE_CHECKING:
    from datetime import datetime

    from mnemon.protocols.store import Store
    from mnemon.types.memory import MemoryRecord

WORDS = st.sampled_from(["red", "green", "blue", "white"])
METADATA = st.dictionaries(st.sampled_from("ab"), st.sampled_from([0, False, 1, True, "x"]), max_size=2)
EXPIRIES = st.sampled_from([None, NOON + timedelta(days=1), NOON + timedelta(days=400)])
STEPS = st.sampled_from([-90, 0, 0, 1, 3_600, 50_000])


@dataclass(frozen=True)
class State:
    """What a memory is at one time."""

    text: str
    metadata: str
    categories: tuple[str, ...] = ()
    expires_at: datetime | None = None
    pinned: bool = False

    @property
    def content(self) -> tuple[object, ...]:
        return self.text, self.metadata, self.categories


def state_of(record: MemoryRecord) -> State:
    return State(
        record.text, repr(sorted(record.metadata.items())), record.categories, record.expires_at, record.pinned
    )


@dataclass(frozen=True)
class Step:
    """What an operation did to one memory; None is a memory that is not there."""

    before: State | None
    after: State | None
    in_place: bool = False


class Life(RuleBasedStateMachine):
    """Alice's memories, and a dict that says what they should be."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.store = self.make()
        self.clock = Clock()
        # Many memories say the same here, and a search is to show all of them.
        self.memory = open_memory(self.store, self.clock, recall=RecallConfig(alike=None))
        self.now: dict[str, State | None] = {}
        self.done: dict[str, dict[str, Step]] = {}
        self.last: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.past: dict[str, list[tuple[datetime, State | None]]] = {}

    def make(self) -> Store:
        return InMemoryStore()

    @initialize(text=WORDS)
    def begin(self, text: str) -> None:
        self.add(text, {}, None)

    @rule(seconds=STEPS)
    def time_goes_on_or_back(self, seconds: int) -> None:
        self.clock.move(seconds=seconds)

    @rule(text=WORDS, metadata=METADATA, expires_at=EXPIRIES)
    def add(self, text: str, metadata: dict[str, int | str], expires_at: datetime | None) -> None:
        added = self.memory.add(text, user_id="alice", kind="semantic", metadata=dict(metadata), expires_at=expires_at)
        (record,) = added.memories
        self.versions[record.id] = 1
        self._note(str(added.op_id), {record.id: Step(None, state_of(record))})

    @rule(data=st.data(), text=st.none() | WORDS, metadata=METADATA, category=st.booleans())
    def update(self, data: st.DataObject, *, text: str | None, metadata: dict[str, int | str], category: bool) -> None:
        memory_id, before = self._some(data)
        record = self._change(
            memory_id,
            before,
            text=text,
            metadata=dict(metadata),
            replace_metadata=True,
            categories=["c"] if category else [],
        )
        if record is not None:
            assert before is not None
            assert record.text == (text or before.text)
            assert repr(sorted(record.metadata.items())) == repr(sorted(metadata.items()))
            assert record.categories == (("c",) if category else ())

    @rule(data=st.data(), expires_at=EXPIRIES, pinned=st.none() | st.booleans())
    def patch(self, data: st.DataObject, *, expires_at: datetime | None, pinned: bool | None) -> None:
        memory_id, before = self._some(data)
        record = self._change(memory_id, before, expires_at=expires_at, pinned=pinned)
        if record is not None:
            assert record.expires_at == expires_at
            assert pinned in {None, record.pinned}

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        memory_id, before = self._some(data)
        if before is None:
            with pytest.raises(NotFoundError):
                self.memory.delete(memory_id)
            return
        self._note(str(self.memory.delete(memory_id).op_id), {memory_id: Step(before, None)})

    @rule(text=WORDS)
    def delete_some(self, text: str) -> None:
        chosen = {key: one for key, one in self.now.items() if one is not None and one.pinned == (text == "red")}
        deleted = self.memory.delete_all(user_id="alice", filters={"pinned": text == "red"})
        assert deleted.count == len(chosen)
        if chosen:
            self._note(str(deleted.op_id), {key: Step(one, None) for key, one in chosen.items()})

    @precondition(lambda self: bool(self.done))
    @rule(data=st.data(), force=st.booleans())
    def undo(self, data: st.DataObject, *, force: bool) -> None:
        op_id = data.draw(st.sampled_from(sorted(self.done)))
        steps = self.done[op_id]
        later = [key for key in steps if self.last[key] != op_id]
        if later and not force:
            with pytest.raises(ConflictError) as caught:
                self.memory.undo(op_id)
            assert sorted(caught.value.memory_ids) == sorted(later)
            assert {self.last[key] for key in later} <= set(caught.value.operations)
            assert op_id not in caught.value.operations
            return
        undone = self.memory.undo(op_id, force=force)
        taken: dict[str, Step] = {}
        for key, step in steps.items():
            now = self.now[key]
            wanted = _patched_back(now, step) if step.in_place else step.before
            if (now, wanted) != (None, None):
                taken[key] = Step(now, wanted, in_place=step.in_place)
                self.versions[key] += wanted is not None and not step.in_place
        assert {one.memory_id for one in undone.touched} == set(taken)
        self._note(undone.op_id, taken)

    @invariant()
    def what_is_there_is_what_should_be(self) -> None:
        alive = {key: one for key, one in self.now.items() if one is not None}
        found = self.memory.get_all(user_id="alice", include_expired=True)
        assert {one.id: state_of(one) for one in found} == alive
        shown = {key for key, one in alive.items() if self._shown(one)}
        assert {one.id for one in self.memory.get_all(user_id="alice")} == shown
        assert self.memory.count(user_id="alice") == len(shown)
        for text in ("red", "green"):
            hits = self.memory.search(text, user_id="alice")
            assert {hit.memory.id for hit in hits} == {key for key in shown if alive[key].text == text}
        for key in self.now:
            versions = self.memory.history(key)
            assert [one.memory.version for one in versions] == list(range(1, self.versions[key] + 1))
            assert (versions[-1].recorded_to is None) == (key in alive)

    def teardown(self) -> None:
        for moment in {moment for past in self.past.values() for moment, _ in past}:
            before = {key: [one for at, one in past if at <= moment] for key, past in self.past.items()}
            expected = {key: past[-1] for key, past in before.items() if past and past[-1] is not None}
            found = self.memory.get_all(user_id="alice", as_of=moment, include_expired=True)
            assert {one.id: state_of(one).content for one in found} == {k: s and s.content for k, s in expected.items()}
            hits = self.memory.search("red", user_id="alice", as_of=moment, include_expired=True, limit=100)
            assert {hit.memory.id for hit in hits} == {
                key for key, one in expected.items() if one and one.text == "red"
            }
        self.store.close()
        self.folder.cleanup()

    def _shown(self, state: State) -> bool:
        return state.pinned or state.expires_at is None or state.expires_at > self.clock.now

    def _some(self, data: st.DataObject) -> tuple[str, State | None]:
        memory_id = data.draw(st.sampled_from(sorted(self.now)))
        return memory_id, self.now[memory_id]

    def _change(self, memory_id: str, before: State | None, **parts: object) -> MemoryRecord | None:
        if before is None:
            with pytest.raises(NotFoundError):
                self.memory.update(memory_id, **parts)  # pyright: ignore[reportArgumentType] - parts of any type
            return None
        operations = self.memory.stats().operations
        record = self.memory.update(memory_id, **parts)  # pyright: ignore[reportArgumentType] - parts of any type
        after = state_of(record)
        if after == before:
            assert self.memory.stats().operations == operations
            return record
        in_place = after.content == before.content
        self.versions[memory_id] += not in_place
        (op_id,) = {one.op_id for one in self.memory.operations(user_id="alice", limit=1_000)} - set(self.done)
        self._note(op_id, {memory_id: Step(before, after, in_place)})
        return record

    def _note(self, op_id: str, steps: dict[str, Step]) -> None:
        """Remember what an operation did; the time of a memory never goes back, whatever the clock does."""
        self.done[op_id] = steps
        self.now |= {key: step.after for key, step in steps.items()}
        self.last |= dict.fromkeys(steps, op_id)
        for key, step in steps.items():
            past = self.past.setdefault(key, [])
            if step.in_place:
                past[-1] = (past[-1][0], step.after)
            else:
                past.append((max([self.clock.now, *(at for at, _ in past)]), step.after))


def _patched_back(now: State | None, step: Step) -> State | None:
    """Return the state with what the step changed in place as it was before."""
    if now is None or step.before is None or step.after is None:
        return None
    if step.before.expires_at != step.after.expires_at:
        now = replace(now, expires_at=step.before.expires_at)
    if step.before.pinned != step.after.pinned:
        now = replace(now, pinned=step.before.pinned)
    return now


class LifeOnSQLite(Life):
    """The same in a file."""

    def make(self) -> Store:
        return SQLiteStore(f"{self.folder.name}/life.db")


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=25, stateful_step_count=25)
TestLifeOnSQLite = LifeOnSQLite.TestCase
TestLifeOnSQLite.settings = settings(max_examples=8, stateful_step_count=20)


@pytest.mark.nightly
class TestLongLife(Life.TestCase):
    settings = settings(max_examples=600, stateful_step_count=60)
