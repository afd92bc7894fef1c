"""Conversations of ChatGPT, as `conversations.json` of its data export has them.

A conversation is a tree: editing a question or asking again makes a branch. What is shown, the way
from `current_node` to the root, is imported; other branches are counted as skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.errors import InvalidInputError
from mnemon.logic.formats.chats import Said, text_of_parts
from mnemon.logic.formats.common import Remark, id_text, is_object, read_time, type_name
from mnemon.types.message import Message
from mnemon.types.unseen import is_blank

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_conversation"]

_SHOWN = ("text", "multimodal_text")  # a tuple: what is compared may be any JSON


def read_conversation(item: object, place: int) -> tuple[list[Said], list[Remark]]:
    """Return the messages of a conversation in order, and what was left out of it.

    `place` is the number of the conversation in the file, from 1. Its id is the `run_id`.
    """
    where = f"conversation {place}"
    data = is_object(item)
    nodes = None if data is None else is_object(data.get("mapping"))
    if data is None or nodes is None:
        return [], [Remark("not a conversation of ChatGPT", where)]
    run_id = id_text(data.get("conversation_id")) or id_text(data.get("id"))
    if run_id is None:
        return [], [Remark("a conversation without an id", where)]
    shown = _shown(nodes, data.get("current_node"))
    remarks = [
        Remark("on a branch that is not shown", f"{where}, message {node[:40]}")
        for node, content in nodes.items()
        if node not in shown and _has_message(content)
    ]
    said: list[Said] = []
    latest: object = data.get("create_time")
    for node in reversed(shown):
        message = is_object((is_object(nodes[node]) or {}).get("message"))
        if message is None:  # the root holds none
            continue
        latest = message.get("create_time") or latest
        found = _message(message, node, f"{where}, message {node[:40]}", latest, remarks)
        if found is not None:
            said.append(Said(found, run_id))
    return said, remarks


def _shown(nodes: Mapping[str, object], current: object) -> dict[str, None]:
    """Return the nodes from the last shown one to the root."""
    node = current if isinstance(current, str) and current in nodes else _last_leaf(nodes)
    path: dict[str, None] = {}
    while isinstance(node, str) and node in nodes and node not in path:
        path[node] = None
        node = (is_object(nodes[node]) or {}).get("parent")
    return path


def _last_leaf(nodes: Mapping[str, object]) -> str | None:
    leaves = [
        node
        for node, content in nodes.items()
        if _has_message(content) and not (is_object(content) or {}).get("children")
    ]
    return leaves[-1] if leaves else None


def _has_message(content: object) -> bool:
    return is_object((is_object(content) or {}).get("message")) is not None


def _message(data: Mapping[str, object], node: str, place: str, time: object, remarks: list[Remark]) -> Message | None:
    """Return one message, or None and the reason among the remarks."""
    author = is_object(data.get("author")) or {}
    content = is_object(data.get("content")) or {}
    role, kind = author.get("role"), content.get("content_type")
    hidden = (is_object(data.get("metadata")) or {}).get("is_visually_hidden_from_conversation") is True
    if role not in ("user", "assistant"):
        remarks.append(Remark(f"a message of the role {type_name(role)}", place))
        return None
    if hidden or data.get("recipient") not in (None, "all"):
        remarks.append(Remark("hidden, or addressed to a tool", place))
        return None
    if kind not in _SHOWN:
        remarks.append(Remark(f"content of the type {type_name(kind)}", place))
        return None
    text, without_words = text_of_parts(content.get("parts"), place)
    remarks += without_words
    if is_blank(text):
        remarks.append(Remark("no text", place))
        return None
    moment, assumption = read_time(time)
    if assumption is not None:
        remarks.append(Remark(assumption, place, skipped=False))
    try:
        own = id_text(data.get("id")) or node
        return Message(role="user" if role == "user" else "assistant", content=text, id=own, time=moment)
    except InvalidInputError:
        remarks.append(Remark("a value that cannot be stored exactly", place))
        return None
