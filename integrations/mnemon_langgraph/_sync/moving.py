# Generated from integrations/mnemon_langgraph/_async/moving.py by tests/contracts/unasync.py; edit that file.
"""Threads that are moved here from another saver, or written to the conversation log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mnemon import ConflictError, NotFoundError, ScopeError
from mnemon_langgraph.checkpoints import person_of
from mnemon_langgraph.speech import read_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

    from mnemon import Message
    from mnemon.types.results import Appended
    from mnemon_langgraph.saver import MnemonSaver

__all__ = ["copy_threads", "log_thread"]


def copy_threads(old: BaseCheckpointSaver[Any], new: MnemonSaver, *, thread_ids: Sequence[str] | None = None) -> int:
    """Move threads from another saver here, ids, times and pending writes included; return how many checkpoints.

    Each checkpoint is read back and compared. What was moved before is written again, so an interrupted
    call is simply repeated. Move a thread while no graph is running on it: what is written to the old saver
    afterwards stays there.

    A `user_id` that is a number in the old metadata counts as its digits here; metadata are copied as they are.

    Args:
        old: the saver to read from.
        new: the saver to write to.
        thread_ids: which threads; None for all.

    Raises:
        ConflictError: a checkpoint reads otherwise than it was in the old saver, whose type the error names.
    """
    copied = 0
    sources: list[RunnableConfig | None] = [None]
    if thread_ids is not None:
        sources = [{"configurable": {"thread_id": thread_id}} for thread_id in thread_ids]
    for source in sources:
        for one in old.list(source):
            at = dict(one.config.get("configurable", {}))
            parent = (one.parent_config or {}).get("configurable", {}).get("checkpoint_id")
            config: RunnableConfig = {"configurable": {**_place(at), "checkpoint_id": parent}}
            versions = one.checkpoint["channel_versions"]
            there = new.put(config, one.checkpoint, one.metadata, versions)
            for number, (task, writes) in enumerate(_by_task(one)):
                new.put_writes(there, writes, task, f"{number:06}")
            _check(one, new.get_tuple(there), new)
            copied += 1
    return copied


def _place(at: dict[str, Any]) -> dict[str, Any]:
    return {"thread_id": at["thread_id"], "checkpoint_ns": at.get("checkpoint_ns", "")}


def _by_task(one: CheckpointTuple) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Return the pending writes of each task; the place in the list orders the tasks as the old saver did."""
    writes: dict[str, list[tuple[str, Any]]] = {}
    for task, channel, value in one.pending_writes or ():
        writes.setdefault(task, []).append((channel, value))
    return list(writes.items())


def _check(old: CheckpointTuple, new: CheckpointTuple | None, saver: MnemonSaver) -> None:
    """Refuse a copy that reads otherwise."""
    parts = ["checkpoint"] if new is None else _differing(old, new, saver)
    if parts:
        at = old.config.get("configurable", {})
        msg = (
            f"checkpoint {at.get('checkpoint_id')!r} of thread {at.get('thread_id')!r} reads otherwise after it was "
            f"moved: {', '.join(parts)}; the old saver still has it"
        )
        raise ConflictError(msg, memory_ids=())


def _differing(old: CheckpointTuple, new: CheckpointTuple, saver: MnemonSaver) -> list[str]:
    def same(one: object, other: object) -> bool:
        return one == other or saver.serde.dumps_typed(one) == saver.serde.dumps_typed(other)

    values, copied = old.checkpoint["channel_values"], new.checkpoint["channel_values"]
    parts = [
        name for name in values.keys() | copied.keys() if name not in values or not same(values[name], copied.get(name))
    ]
    rest = {name: value for name, value in old.checkpoint.items() if name != "channel_values"}
    if not same(rest, {name: value for name, value in new.checkpoint.items() if name != "channel_values"}):
        parts.append("versions")
    if json.loads(json.dumps(old.metadata)) != new.metadata:
        parts.append("metadata")
    if not same([list(write) for write in old.pending_writes or ()], [list(one) for one in new.pending_writes or ()]):
        parts.append("pending writes")
    return sorted(parts)


def log_thread(
    saver: MnemonSaver,
    thread_id: str,
    *,
    user_id: str | None = None,
    channel: str = "messages",
    convert: Callable[[Sequence[Any]], Sequence[Message]] = read_messages,
) -> Appended:
    """Write the messages of a thread to the conversation log, where `run_id` is the thread.

    Messages whose id is in the log already stay as they are, so it may be called after every turn. They
    become no memories: `Memory.add` makes those.

    Args:
        saver: whose newest checkpoint of the thread holds the messages.
        thread_id: the thread.
        user_id: whose conversation it is; the `user_id` of the thread if left out.
        channel: the key of the state that holds the messages.
        convert: how they become mnemon's. By default words, tool calls and results;
            `mnemon_langchain.from_langchain_messages` keeps everything.

    Raises:
        NotFoundError: no such thread, or no such key in its state.
        ScopeError: neither the call nor the thread names a person.
    """
    found = saver.get_tuple({"configurable": {"thread_id": thread_id}})
    if found is None or channel not in found.checkpoint["channel_values"]:
        msg = f"thread {thread_id!r} has no {channel!r} in a checkpoint here"
        raise NotFoundError(msg)
    person = person_of({}, found.metadata) if user_id is None else user_id
    if person is None:
        msg = (
            f"whose conversation is thread {thread_id!r}? Give user_id=..., or run the graph with "
            f'config={{"configurable": {{"thread_id": ..., "user_id": ...}}}}'
        )
        raise ScopeError(msg)
    messages = convert(found.checkpoint["channel_values"][channel])
    memory = saver.memory()
    return memory.conversations.append(list(messages), user_id=person, run_id=thread_id)
