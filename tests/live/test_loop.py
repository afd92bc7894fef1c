"""The event loop goes on while much is written to a server and read from it.

A clock would tell how busy the machine is. The probe sees what the loop's own thread does: whether it makes objects
of rows, rows of objects, and messages of objects.
"""

from __future__ import annotations

import asyncio
import random
import sys
from typing import TYPE_CHECKING

import numpy as np

from mnemon.types.storage import Collection, Patch, Put, Row, VectorSpace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

    from mnemon.stores.weaviate import AsyncWeaviateStore
    from tests.live.conftest import Place

NOTES = Collection(name="notes", keys=("user_id",), text=True, vectors=(VectorSpace("small", "m", 384),))
BIG = random.Random(0).randbytes(2_000_000)  # noqa: S311 - the same bytes every time
INLINE = BIG[:400_000]
MANY = [
    Put(collection="notes", row=Row(id=f"{place}", terms=("t",), vectors={"small": vector}))
    for place, vector in enumerate(np.random.default_rng(0).random((500, 384), np.float32))
]
CODING = {"stored", "changed", "row_read", "grpc_objects"}
"""Functions that encode and decode: ours, and the one of the client that makes the message."""


async def write_large(store: AsyncWeaviateStore) -> None:
    await store.apply("p", [Put(collection="notes", row=Row(id="big", payload=BIG))])
    await store.apply("p", [Put(collection="notes", row=Row(id="inline", payload=INLINE))])
    await store.apply("p", [Patch(collection="notes", id="big", payload=BIG[1:])])


async def write_many(store: AsyncWeaviateStore) -> None:
    await store.apply("p", MANY)


async def read_large(store: AsyncWeaviateStore) -> None:
    found = await store.get("p", "notes", ["big", "inline"])
    assert {key: row.payload for key, row in found.items()} == {"big": BIG[1:], "inline": INLINE}


async def write_small(store: AsyncWeaviateStore) -> None:
    await store.apply("p", MANY[:1])


def coded_in_loop(place: Place, *steps: Callable[[AsyncWeaviateStore], Awaitable[None]]) -> set[str]:
    """Return which of these functions the loop's thread runs in the last of some steps."""
    coded: set[str] = set()

    def probe(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name in CODING and "weaviate" in frame.f_code.co_filename:
            coded.add(frame.f_code.co_name)

    async def run() -> None:
        async with place.open_async() as store:
            await store.declare(NOTES)
            for step in (write_small, *steps[:-1]):
                await step(store)
            sys.setprofile(probe)
            try:
                await steps[-1](store)
            finally:
                sys.setprofile(None)

    asyncio.run(run())
    return coded


def test_what_is_large_is_encoded_outside_of_the_loop(place: Place) -> None:
    assert not coded_in_loop(place, write_large) & {"stored", "changed"}


def test_many_rows_are_encoded_outside_of_the_loop(place: Place) -> None:
    assert not coded_in_loop(place, write_many) & {"stored", "grpc_objects"}


def test_what_is_large_is_decoded_outside_of_the_loop(place: Place) -> None:
    assert "row_read" not in coded_in_loop(place, write_large, read_large)


def test_the_probe_sees_what_is_done_in_the_loop(place: Place) -> None:
    assert {"stored", "row_read", "grpc_objects"} <= coded_in_loop(place, write_small)
