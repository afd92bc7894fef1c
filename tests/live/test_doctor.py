"""A doctor beside writers on a server that keeps nobody out: nothing that was erased comes back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from mnemon import Memory

if TYPE_CHECKING:
    from tests.live.conftest import Place

WRITERS = 3


@pytest.mark.parametrize("rounds", [8, pytest.param(100, marks=pytest.mark.nightly)])
def test_nothing_that_was_erased_beside_a_doctor_is_there_again(place: Place, rounds: int) -> None:
    stop = threading.Event()
    with Memory(place.address, embedder=None) as doctor, Memory(place.address, embedder=None) as memory:
        memory.add_many([f"tea {number}" for number in range(50)], user_id="ben")

        def write(writer: int) -> list[str]:
            names = [f"ana {writer} {number}" for number in range(rounds)]
            for name in names:
                memory.delete(memory.add(f"the secret of {name}", user_id=name).ids[0], erase=True)
            return names

        def mend() -> None:
            while not stop.is_set():
                assert doctor.doctor(repair=True).sound

        with ThreadPoolExecutor() as threads:
            mending = threads.submit(mend)
            erased = [name for names in threads.map(write, range(WRITERS)) for name in names]
            stop.set()
        mending.result()

        assert [one.text for name in erased for one in memory.get_all(user_id=name)] == []
        assert memory.doctor().sound
