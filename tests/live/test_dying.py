"""A writer that dies at any point of a batch of new versions leaves no memory missing, and nobody behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mnemon.testing._sync.changes import Follower
from mnemon.testing.samples import CURRENT, NOTES, PROJECT, note, put
from mnemon.types.filters import where
from tests.live.dier import DIED, MEMORIES, first, second

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live.conftest import Place

ALICE = where("user_id").eq("alice")
MOST = 40


def run(place: Place, number: int, last: int) -> int:
    """Write a batch, dying before its request of that number; return how it ended."""
    arguments = [place.url, str(place.grpc_port), place.prefix, str(number), str(last)]
    program = Path(__file__).with_name("dier.py")
    root = Path(__file__).parents[2]
    return subprocess.run([sys.executable, str(program), *arguments], cwd=root, check=False).returncode


def test_whenever_a_writer_of_new_versions_dies_each_memory_has_a_current_one(
    place: Place, record_property: Callable[[str, object], None]
) -> None:
    ended = DIED
    with place.open() as store:
        store.declare(NOTES)
        follower = Follower(store, ALICE & CURRENT, limit=100)
        number = 0
        while ended == DIED and number < MOST:
            number += 1
            store.apply(PROJECT, put(*(note(first(number, memory), terms=("t",)) for memory in MEMORIES)))
            follower.follow()

            ended = run(place, number, number)

            current = store.list_ids(PROJECT, "notes", ALICE & CURRENT)
            mine = {row_id for row_id in current if row_id.startswith(f"{number}-")}
            assert all({first(number, memory), second(number, memory)} & mine for memory in MEMORIES)
            assert sorted(follower.follow()) == current

            assert run(place, number, 0) == 0  # the same batch once more, and nobody dies
            current = store.list_ids(PROJECT, "notes", ALICE & CURRENT)
            assert current == sorted(second(one, memory) for one in range(1, number + 1) for memory in MEMORIES)
            assert sorted(follower.follow()) == current

    assert ended == 0
    record_property("requests of the batch at each of which the writer died once", number - 1)
    assert number > len(("known", "announced", "put", "closed", "closed", "closed", "ended"))
