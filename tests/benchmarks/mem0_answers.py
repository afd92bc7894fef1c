"""Answers lines of JSON with mem0: `python mem0_answers.py FOLDER`; run by `mem0_recall.py`."""

# pyright: basic, reportMissingImports=false
from __future__ import annotations

import json
import os
import sys

os.environ.setdefault("MEM0_TELEMETRY", "False")
os.environ.setdefault("OPENAI_API_KEY", "not-used")
os.environ["MEM0_DIR"] = sys.argv[1]

from mem0 import Memory

DIMENSIONS = 384
VECTORS: dict[str, list[float]] = {}
"""By text without white space around it, which mem0 takes off a query."""


class Sent:
    """The vectors that came with the texts."""

    def __init__(self, config: object) -> None:
        self.config = config

    def embed(self, text: str, *_: object, **__: object) -> list[float]:
        """Return the vector that was sent for this text."""
        return VECTORS[text.strip()]

    def embed_batch(self, texts: list[str], *_: object, **__: object) -> list[list[float]]:
        """Return the vectors that were sent for these texts."""
        return [VECTORS[text.strip()] for text in texts]


def main() -> None:
    """Answer until there are no more lines."""
    folder = sys.argv[1]
    config = {"path": f"{folder}/qdrant", "embedding_model_dims": DIMENSIONS, "on_disk": True}
    memory = Memory.from_config(
        {"vector_store": {"provider": "qdrant", "config": config}, "history_db_path": f"{folder}/history.db"}
    )
    memory.embedding_model = Sent(memory.embedding_model.config)
    answers, sys.stdout = sys.stdout, sys.stderr  # what mem0 prints is no answer
    for line in sys.stdin:
        request = json.loads(line)
        VECTORS.clear()
        if "add" in request:
            sent = request["add"]
            VECTORS.update(zip(map(str.strip, sent["texts"]), sent["vectors"], strict=True))
            for text, name in zip(sent["texts"], sent["ids"], strict=True):
                memory.add(text, user_id=request["user"], infer=False, metadata={"turn": name})
            found: list[str] = []
        else:
            VECTORS[request["search"].strip()] = request["vector"]
            filters, most = {"user_id": request["user"]}, request["limit"]
            results = memory.search(request["search"], filters=filters, top_k=most, threshold=0)["results"]
            found = [one["metadata"]["turn"] for one in results]
        answers.write(json.dumps(found) + "\n")
        answers.flush()


main()
