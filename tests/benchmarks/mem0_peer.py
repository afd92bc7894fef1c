"""Measures mem0 on its default store: `python mem0_peer.py add|search COUNT FOLDER` prints milliseconds.

Run by `engine.py`, perhaps in an environment of its own; vectors are handed to it as they are to mnemon.
"""

# pyright: basic, reportMissingImports=false
from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time

os.environ.setdefault("MEM0_TELEMETRY", "False")
os.environ.setdefault("OPENAI_API_KEY", "not-used")
os.environ["MEM0_DIR"] = sys.argv[3]

import numpy as np
from mem0 import Memory

SEED, DIMENSIONS = 20_261_121, 384
VECTORS = np.random.default_rng(SEED).standard_normal((4_096, DIMENSIONS), dtype=np.float32)


def text(number: int) -> str:
    """Return a sentence of twelve words."""
    chance = random.Random(SEED + number)  # noqa: S311 - a seed, no secret
    return " ".join(f"word{int(30_000 ** chance.random())}" for _ in range(12)) + f" number {number}"


def main() -> None:
    """Fill mem0, and print the median of what was asked for."""
    what, count, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    store = {
        "provider": "qdrant",
        "config": {"path": f"{folder}/qdrant", "embedding_model_dims": DIMENSIONS, "on_disk": True},
    }
    memory = Memory.from_config({"vector_store": store, "history_db_path": f"{folder}/history.db"})
    memory.embedding_model.embed = lambda words, *_: VECTORS[len(words) * 31 % 4_096].tolist()
    took: list[float] = []
    for number in range(count):
        start = time.perf_counter()
        memory.add(text(number), user_id="alice", infer=False)
        took.append(time.perf_counter() - start)
    if what == "search":
        took = []
        for number in range(40):
            question = " ".join(text(9_000_000 + number).split()[:6])
            start = time.perf_counter()
            memory.search(question, filters={"user_id": "alice"}, top_k=10, threshold=0)
            took.append(time.perf_counter() - start)
    print(json.dumps(statistics.median(took[-400:]) * 1_000))


main()
