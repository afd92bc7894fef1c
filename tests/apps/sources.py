"""Files of others that are imported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CHAT", "CHATGPT", "ID", "MEM0", "node", "write"]

ID = "6f1c0a52-3b1f-4a86-9d3e-0d6f2a7b9c11"
MEM0: list[dict[str, Any]] = [
    {
        "id": ID,
        "memory": "Likes green tea",
        "user_id": "ana",
        "agent_id": None,
        "metadata": {"topic": "drinks"},
        "categories": ["food"],
        "created_at": "2026-01-02T03:04:05.123456-07:00",
        "updated_at": "2026-02-02T00:00:00+00:00",
        "expiration_date": "2126-05-01",
        "hash": "0cc175b9c0f1b6a831c399e269772661",
        "score": 0.3,
        "attributed_to": "user",
    },
    {"id": "m-2", "text": "Works at night", "user_id": "ben", "session_id": "s1"},
    {"content": "Has a dog called Kepler", "user_id": "ana", "created_at": "2026-01-02 03:04:05"},
    {"id": 4, "memory": "I said this", "user_id": "ana", "role": "user", "actor_id": "Ana", "created_at": 1767225600},
]
CHAT: list[Any] = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "I moved to Lisbon.", "name": "Ana", "time": "2026-05-08T13:56:00Z"},
    {"role": "assistant", "content": [{"type": "text", "text": "Lovely!"}, {"type": "image_url", "image_url": "x"}]},
    {"role": "user", "content": "Yes"},
    {"role": "assistant", "content": "Tram 28?"},
    {"role": "user", "content": "Yes"},
    {"role": "assistant", "content": None, "tool_calls": []},
    {"role": "narrator", "content": "Meanwhile"},
    "nonsense",
]


def node(
    parent: str | None,
    role: str,
    parts: list[Any],
    *,
    time: float | None = 1.77e9,
    **more: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    content = {"content_type": more.pop("kind", "text"), "parts": parts}
    return {"parent": parent, "message": {"author": {"role": role}, "create_time": time, "content": content, **more}}


CHATGPT: list[Any] = [
    {
        "conversation_id": "c1",
        "create_time": 1.77e9,
        "current_node": "n5",
        "mapping": {
            "root": {"parent": None, "message": None},
            "n0": node("root", "system", [""]),
            "n1": node("n0", "user", ["Where is Andenes?"]),
            "n2": node("n1", "assistant", ["In the south."]),
            "n3": node("n1", "assistant", ["On Andøya in Norway."], time=1.77e9 + 30),
            "n4": node("n3", "assistant", ["search()"], recipient="browser", time=None),
            "n5": node(
                "n4", "user", [{"content_type": "image"}, "And this?"], kind="multimodal_text", time=1.77e9 + 60
            ),
        },
    },
    {"conversation_id": "c2", "mapping": {"a": node(None, "user", ["No current node."]), "b": "broken"}},
    {"conversation_id": "c3", "current_node": "x", "mapping": {"x": {"parent": "y"}, "y": {"parent": "x"}}},
    {"title": "neither id nor mapping"},
]


def write(path: Path, data: object) -> str:
    path.write_text(json.dumps(data), encoding="utf-8")
    return str(path)
