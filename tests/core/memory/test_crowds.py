"""Other people's memories move no score, however many there are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mnemon import Memory, SQLiteStore
from mnemon.types.filters import where
from tests.core.memory.sources import SetClock, counting

if TYPE_CHECKING:
    from pathlib import Path

QUERIES = ["Where did the otter sleep?", "Which lantern does Ana own?", "otter lantern", "What about the harbour?"]
WORDS = ["otter", "lantern", "harbour", "sleep", "own"]
CROWD = 3_000


def own_turns() -> list[str]:
    return [f"The {WORDS[number % 5]} of day {number} met the {WORDS[number % 3]}." for number in range(60)]


def scores(memory: Memory) -> list[tuple[str, float]]:
    return [(hit.memory.id, hit.score) for query in QUERIES for hit in memory.search(query, user_id="alice", limit=100)]


def test_a_crowd_that_says_the_same_words_moves_no_score(tmp_path: Path) -> None:
    """What is ranked by is counted in the scope alone, so 3,000 others stand for any number of them.

    The last lines work out that with counts of the whole project already 3,000 would move a word's weight by .4.
    """
    with SQLiteStore(tmp_path / "crowd.db") as store:
        memory = Memory(store=store, embedder=None, clock=SetClock(), new_id=counting())
        memory.add_many(own_turns(), user_id="alice")
        before = scores(memory)

        for user in ("bob", "alice-2", "Alice", "alice\0"):
            crowd = [f"{WORDS[number % 5]} {WORDS[number % 4]} again" for number in range(CROWD // 4)]
            memory.add_many(
                [{"content": text, "run_id": f"r{number}"} for number, text in enumerate(crowd)], user_id=user
            )

        after = scores(memory)
        counted = {
            user: store.count("default", "memories", where("user_id").eq(user), terms=["otter"]).terms["otter"]
            for user in ("alice", "bob")
        }
    assert before
    assert [one for one, _ in after] == [one for one, _ in before]
    assert all(abs(one - other) <= 1e-9 for (_, one), (_, other) in zip(before, after, strict=True))
    alone = math.log(1 + (60 + 49.5 - counted["alice"]) / (counted["alice"] + 1.5))
    shared = counted["alice"] + 4 * counted["bob"]
    assert abs(math.log(1 + (60 + CROWD + 49.5 - shared) / (shared + 1.5)) - alone) > 0.3
