"""The conversation log keeps what was said, word by word and in order."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import TYPE_CHECKING, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemon import (
    File,
    Image,
    InMemoryStore,
    Memory,
    Message,
    NotFoundError,
    Scope,
    SQLiteStore,
    Text,
    ToolCall,
    ToolResult,
)
from mnemon.errors import InvalidInputError, ScopeError
from mnemon.logic.messages import message_from_dict, message_row_id, message_to_dict, positions
from mnemon.testing.samples import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mnemon._sync.conversations import Conversations
    from mnemon.protocols.store import Store
    from mnemon.types.message import Block

NOON = datetime(2026, 5, 8, 12, 0, tzinfo=UTC)


class Run(TypedDict):
    """Run of a scope as arguments."""

    user_id: str
    run_id: str


RUN: Run = {"user_id": "alice", "run_id": "1"}


def said(*texts: str, **parts: object) -> list[Message]:
    return [Message(role="user", content=text, id=text, **parts) for text in texts]  # pyright: ignore[reportArgumentType]


def ticking(step: timedelta = timedelta(seconds=1)) -> Callable[[], datetime]:
    seconds = count()
    return lambda: NOON + next(seconds) * step


@pytest.fixture(params=["sqlite", "in memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with SQLiteStore(tmp_path / "store.db") if request.param == "sqlite" else InMemoryStore() as opened:
        yield opened


@pytest.fixture
def log(store: Store) -> Conversations:
    numbers = count()
    return Memory(store=store, embedder=None, clock=ticking(), new_id=lambda: f"id-{next(numbers)}").conversations


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


def test_messages_come_back_as_they_were_in_the_order_they_were_appended(log: Conversations) -> None:
    first = Message(role="user", content="hello\x00\U0001f600", name="Ana", metadata={"k": [1, None]})
    call = ToolCall(id="c", name="weather", arguments={"city": "Rome"})
    second = Message(role="assistant", content=[Text("one moment"), call], id="given", time=NOON - timedelta(days=9))

    appended = log.append([first, second], **RUN)
    log.append(said("third"), **RUN)
    found = log.read(**RUN)

    assert found[:2] == list(appended.messages)
    assert [message.id for message in found] == ["id-0", "given", "third"]
    assert (found[0].text, found[0].name, found[0].metadata, found[0].time) == (first.text, "Ana", first.metadata, NOON)
    assert (found[1].blocks, found[1].time) == (second.blocks, second.time)
    assert (appended.stored, appended.repeated) == (("id-0", "given"), ())


def test_the_same_id_twice_is_one_message(log: Conversations) -> None:
    log.append(said("a", "b"), **RUN)

    again = log.append([*said("b", "c", "c"), Message(role="user", content="other words", id="a")], **RUN)

    assert texts(log.read(**RUN)) == ["a", "b", "c"]
    assert (again.stored, again.repeated) == (("c",), ("b", "a"))


def test_parts_of_a_run_can_be_read(log: Conversations) -> None:
    log.append(said(*"abcdef"), **RUN)
    log.append([Message(role="user", content="late", id="late", time=NOON + timedelta(days=1))], **RUN)

    assert texts(log.read(**RUN, last=2)) == ["f", "late"]
    assert texts(log.read(**RUN, last=0)) == []
    assert texts(log.read(**RUN, last=99)) == [*"abcdef", "late"]
    assert texts(log.read(**RUN, before="c")) == ["a", "b"]
    assert texts(log.read(**RUN, after="e")) == ["f", "late"]
    assert texts(log.read(**RUN, after="a", before="e", last=2)) == ["c", "d"]
    assert texts(log.read(**RUN, since=NOON + timedelta(hours=1))) == ["late"]
    assert texts(log.read(**RUN, until="2026-05-08T14:00:01+02:00", last=1)) == ["f"]
    with pytest.raises(NotFoundError, match="'nobody'"):
        log.read(**RUN, before="nobody")
    with pytest.raises(InvalidInputError, match="last"):
        log.read(**RUN, last=-1)
    with pytest.raises(InvalidInputError, match="since"):
        log.read(**RUN, since="yesterday")


def test_order_holds_when_the_clock_stands_or_goes_back(store: Store) -> None:
    moments = iter([NOON, NOON, NOON - timedelta(days=1), NOON - timedelta(days=2), NOON + timedelta(days=1)])
    log = Memory(store=store, embedder=None, clock=lambda: next(moments)).conversations

    for text in "abcde":
        log.append(said(f"{text}1", f"{text}2"), **RUN)

    assert texts(log.read(**RUN)) == [f"{text}{number}" for text in "abcde" for number in (1, 2)]


def test_runs_of_others_stay_theirs(log: Conversations) -> None:
    ids = [text for text in HOSTILE if text.strip() and len(text.encode()) <= 1_024]
    scopes: list[Run] = [{"user_id": user, "run_id": run} for user, run in zip(ids, ids[::-1], strict=True)]
    for scope in scopes:
        log.append([Message(role="user", content=scope["user_id"], id="same")], **scope)

    for scope in scopes:
        assert texts(log.read(**scope)) == [scope["user_id"]]
        assert texts(log.read(user_id=scope["user_id"])) == [scope["user_id"]]
        assert [(run.run_id, run.messages) for run in log.runs(user_id=scope["user_id"])] == [(scope["run_id"], 1)]
    assert log.delete(["same"], user_id="alice", run_id="nobody's") == 0
    assert log.delete_all(**scopes[0]) == 1
    assert [len(log.read(**scope)) for scope in scopes] == [0] + [1] * (len(scopes) - 1)


def test_another_project_sees_nothing(store: Store, log: Conversations) -> None:
    other = Memory(store=store, embedder=None, project="other").conversations
    log.append(said("a"), **RUN)

    assert other.read(**RUN) == []
    assert other.runs(user_id="alice") == []
    assert other.delete(["a"], **RUN) == 0


def test_a_message_is_replaced_in_its_place(log: Conversations) -> None:
    log.append(said("a", "b", "c"), **RUN)

    before = log.read(**RUN)[1].time
    log.replace(Message(role="assistant", content="new words", id="b"), **RUN)

    assert texts(log.read(**RUN)) == ["a", "new words", "c"]
    assert log.read(**RUN)[1].role == "assistant"
    assert log.read(**RUN)[1].time == before
    log.replace(Message(role="assistant", content="new words", id="b", time=NOON - timedelta(days=1)), **RUN)
    assert log.read(**RUN, until=NOON)[0].time == NOON - timedelta(days=1)
    with pytest.raises(NotFoundError, match="'x'"):
        log.replace(Message(role="user", content="?", id="x"), **RUN)
    with pytest.raises(InvalidInputError, match="its id"):
        log.replace(Message(role="user", content="?"), **RUN)


def test_messages_and_whole_runs_can_be_deleted(log: Conversations) -> None:
    log.append(said(*"abcd"), **RUN)
    log.append(said("kept"), user_id="alice", run_id="10")

    with pytest.raises(InvalidInputError, match="list of ids of messages"):
        log.delete("abc", **RUN)
    assert log.delete(["b", "nobody"], **RUN) == 1
    assert texts(log.read(**RUN)) == ["a", "c", "d"]
    assert log.delete_all(**RUN) == 3
    assert log.read(**RUN) == []
    assert texts(log.read(user_id="alice")) == ["kept"]


def test_runs_are_listed_with_counts_and_times(log: Conversations) -> None:
    for run in ("b", "a", "c", "a"):
        log.append(said(run + run), user_id="alice", run_id=run)
    log.append(said("last"), user_id="alice", run_id="a")

    runs = log.runs(user_id="alice", limit=2)
    rest = log.runs(user_id="alice", after=runs[-1].run_id)

    assert [(run.run_id, run.messages) for run in (*runs, *rest)] == [("a", 2), ("b", 1), ("c", 1)]
    assert (runs[0].first_at, runs[0].last_at) == (NOON + timedelta(seconds=1), NOON + timedelta(seconds=4))


def test_a_run_is_needed_where_one_is_meant(log: Conversations) -> None:
    for call in (
        lambda: log.append(said("a"), user_id="alice"),
        lambda: log.replace(said("a")[0], user_id="alice"),
        lambda: log.delete(["a"], user_id="alice"),
    ):
        with pytest.raises(ScopeError, match="run_id"):
            call()


def test_nothing_is_stored_when_one_message_cannot_be(log: Conversations) -> None:
    early = Message(role="user", content="bad", time=datetime.min.replace(tzinfo=timezone(timedelta(hours=1))))
    with pytest.raises(InvalidInputError, match="years"):
        log.append([*said("fine"), early], **RUN)
    assert log.read(**RUN) == []


def test_writers_of_one_run_lose_nothing_and_keep_their_own_order(store: Store) -> None:
    writers, each = 8, 20
    log = Memory(store=store, embedder=None, clock=lambda: NOON).conversations
    barrier = threading.Barrier(writers)

    def write(name: int) -> None:
        barrier.wait()
        for number in range(each):
            log.append(said(f"{name}/{number:02}/a", f"{name}/{number:02}/b", "shared"), **RUN)

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    found = texts(log.read(**RUN))

    assert sorted(found) == sorted(
        ["shared", *(f"{w}/{n:02}/{p}" for w in range(writers) for n in range(each) for p in "ab")]
    )
    for name in range(writers):
        mine = [text for text in found if text.startswith(f"{name}/")]
        assert mine == sorted(mine)
    pairs = [text for text in found if text != "shared"]
    assert all(one[:-1] == other[:-1] for one, other in zip(pairs[::2], pairs[1::2], strict=True))


def test_a_long_run_and_a_long_message_work(store: Store) -> None:
    log = Memory(store=store, embedder=None, clock=lambda: NOON).conversations
    long = "word " * 1_000_000

    log.append([Message(role="user", content=f"{number}", id=f"{number}") for number in range(5_000)], **RUN)
    log.append([Message(role="user", content=long, id="long")], **RUN)

    assert texts(log.read(**RUN, last=2)) == ["4999", long]
    assert len(log.read(**RUN)) == 5_001
    assert texts(log.read(**RUN, before="1000", last=1)) == ["999"]
    assert log.delete_all(**RUN) == 5_001


def _image(place: dict[str, str], caption: str | None) -> Image:
    return Image(**place, caption=caption)


def _file(place: dict[str, str], name: str | None) -> File:
    return File(**place, name=name, media_type="text/plain")


_TEXTS = st.text(st.characters(codec="utf-8"), max_size=10)
_NAMES = _TEXTS.filter(lambda text: bool(text.strip()))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    st.lists,
    max_leaves=3,
)
_PARTS = st.sampled_from([{"url": "https://example.org/x"}, {"data": "eA=="}])
_ATTACHED = st.builds(_image, _PARTS, st.none() | _TEXTS) | st.builds(_file, _PARTS, st.none() | _TEXTS)
_BLOCKS: st.SearchStrategy[Block] = (
    st.builds(Text, _TEXTS)
    | _ATTACHED
    | st.builds(ToolCall, id=_TEXTS, name=_TEXTS, arguments=st.dictionaries(_TEXTS, _JSON, max_size=2))
    | st.builds(
        ToolResult,
        call_id=_TEXTS,
        content=st.lists(st.builds(Text, _TEXTS) | _ATTACHED, max_size=2).map(tuple),
        is_error=st.booleans(),
    )
)


@given(
    st.builds(
        Message,
        role=st.sampled_from(["system", "user", "assistant", "tool"]),
        content=st.lists(_BLOCKS, max_size=4),
        id=st.none() | _NAMES,
        name=st.none() | _NAMES,
        time=st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        metadata=st.dictionaries(_TEXTS, _JSON, max_size=3),
    )
)
def test_a_message_survives_as_json(message: Message) -> None:
    assert message_from_dict(message_to_dict(message)) == message


@pytest.mark.parametrize(
    "data",
    [
        {"role": "user"},
        {"content": "x"},
        {"role": "user", "content": "x", "tool": 1},
        {"role": "user", "content": [{"type": "video"}]},
        {"role": "user", "content": ["x"]},
        {"role": "user", "content": [{"type": "text"}]},
        {"role": "user", "content": [{"type": "text", "text": "x", "more": 1}]},
        {"role": "user", "content": "x", "time": "yesterday"},
    ],
)
def test_what_is_no_message_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match=r"message|block|time"):
        message_from_dict(data)


def test_ids_of_messages_tell_their_parts_apart() -> None:
    scopes = [Scope(user_id="a", run_id="b"), Scope(user_id="a", agent_id="b"), Scope(user_id="ab"), Scope(run_id="b")]

    assert len({message_row_id(scope, text) for scope in scopes for text in ("", "b", "null", '","')}) == 16


def test_positions_sort_as_they_were_given() -> None:
    first = positions(None, NOON, 3)
    second = positions(first[-1], NOON - timedelta(days=1), 2)

    assert [*first, *second] == sorted([*first, *second])
    assert len(set(first + second)) == 5
