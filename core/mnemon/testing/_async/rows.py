"""Promises about what is kept and what is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from mnemon.errors import (
    DimensionMismatchError,
    InvalidInputError,
)
from mnemon.protocols.async_store import AsyncStore
from mnemon.testing._async.base import EVERYTHING, AsyncPromises
from mnemon.testing.samples import HOSTILE, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import (
    Nearest,
    Put,
    Row,
    Terms,
)

if TYPE_CHECKING:
    from mnemon.protocols.async_store import AsyncStore
    from mnemon.types.jsonvalue import JsonObject

__all__ = ["AsyncRowPromises"]

REFUSED = {
    "surrogate in the id": note("\ud800"),
    "surrogate in a key": note("a", user_id="\ud800"),
    "surrogate in a tag": note("a", categories=("fine", "\udfff")),
    "surrogate in metadata": note("a", metadata={"deep": ["\ud800"]}),
    "surrogate as a key of metadata": note("a", metadata={"\ud800": 1}),
    "NaN": note("a", metadata={"n": math.nan}),
    "infinity": note("a", metadata={"n": math.inf}),
    "a set": note("a", metadata={"n": {1, 2}}),  # pyright: ignore[reportArgumentType]
    "bytes in metadata": note("a", metadata={"n": b"bytes"}),
    "a number as key": note("a", metadata={1: "n"}),  # pyright: ignore[reportArgumentType]
    "a number above 2**53": note("a", version=2**53 + 1),
    "NaN as number": note("a", version=math.nan),
    "a text as number": note("a", version="3"),
    "a truth value as number": note("a", version=True),
    "a number as key field": note("a", user_id=3),  # pyright: ignore[reportArgumentType]
    "a text as tag": note("a", categories="one text"),
    "a date as time": note("a", created_at="2026-01-01"),
    "a month 13": note("a", created_at="2026-13-01T00:00:00.000000Z"),
    "an unknown field": note("a", nobody="knows"),
    "two words as term": note("a", terms=("two words",)),
    "an empty term": note("a", terms=("",)),
    "a long id": note("i" * 32_769),
    "a long key": note("a", user_id="i" * 32_769),
    "NaN in a vector": note("a", small=(1.0, math.nan, 0.0)),
    "a vector beyond float32": note("a", small=(1.0, 1e300, 0.0)),
    "a vector whose square is beyond float32": note("a", small=(1e20, -1e20, 0.0)),
    "a vector whose square is nothing in float32": note("a", small=(0.0, 1e-25, 0.0)),
    "the smallest vector of float32": note("a", small=(0.0, 0.0, 1e-45)),
    "a vector that is nothing in float32": note("a", small=(1e-50, 0.0, 0.0)),
    "a norm below the least": note("a", small=(0.0, -9.99e-13, 0.0)),
    "a norm above the most": note("a", small=(6.01e11, 0.0, 8.01e11)),
    "a text as payload": note("a", payload="text"),  # pyright: ignore[reportArgumentType]
}
"""Rows that cannot be kept, by what is wrong with them."""


class AsyncRowPromises(AsyncPromises):
    """Promises about what is kept and what is refused."""

    @pytest.mark.parametrize("text", HOSTILE, ids=map(str, range(len(HOSTILE))))
    async def test_any_text_is_kept_exactly_wherever_it_stands(self, notes: AsyncStore, text: str) -> None:
        row = note(text, user_id=text, categories=(text, "b"), label=text, metadata={text: text}, payload=text.encode())

        await notes.apply(PROJECT, put(row))

        found = (await notes.get(PROJECT, "notes", [text]))[text]
        assert found == row
        assert (await notes.scan(PROJECT, "notes")).rows == (row,)

    async def test_metadata_numbers_and_bytes_are_kept_exactly(self, notes: AsyncStore) -> None:
        metadata: JsonObject = {
            "big": 2**70,
            "negative": -(2**63) - 1,
            "float": 0.1,
            "whole": 1.0,
            "yes": True,
            "one": 1,
            "nothing": None,
            "list": [1, "a", None, {"deep": []}],
            "empty": {},
            "nul": "a\x00b",
        }
        row = note("a", version=2**53, metadata=metadata, payload=bytes(range(256)) * 40_000)

        await notes.apply(PROJECT, put(row))

        found = (await notes.get(PROJECT, "notes", ["a"]))["a"]
        assert found == row
        assert repr(found.metadata) == repr(metadata)

    async def test_empty_and_missing_values_are_the_same(self, notes: AsyncStore) -> None:
        await notes.apply(PROJECT, put(note("a", run_id=None, categories=(), version=None)))

        assert (await notes.get(PROJECT, "notes", ["a"]))["a"] == note("a")

    async def test_a_tag_holds_each_text_once(self, notes: AsyncStore) -> None:
        await notes.apply(PROJECT, put(note("a", categories=("x", "y", "x"))))

        assert (await notes.get(PROJECT, "notes", ["a"]))["a"].fields["categories"] == ("x", "y")

    async def test_a_read_brings_the_parts_it_is_asked_for(self, notes: AsyncStore) -> None:
        row = note("a", terms=("t",), small=(1.0, 2.0, 3.0), metadata={"m": 1}, payload=b"p")
        await notes.apply(PROJECT, put(row))

        bare = (await notes.get(PROJECT, "notes", ["a"], include=()))["a"]
        whole = (await notes.get(PROJECT, "notes", ["a"], include=EVERYTHING))["a"]

        assert bare == note("a")
        assert (whole.terms, whole.metadata, whole.payload) == (("t",), {"m": 1}, b"p")
        assert list(whole.vectors) == ["small"]
        assert np.asarray(whole.vectors["small"]).tolist() == [1.0, 2.0, 3.0]

    async def test_a_read_brings_the_fields_it_is_asked_for(self, notes: AsyncStore) -> None:
        for number, name in enumerate("ab"):
            await notes.apply(PROJECT, put(note(name, version=number, categories=("x", "y"), terms=("tea",))))
        alice = where("user_id").eq("alice")
        chosen = {"version", "categories"}

        got = await notes.get(PROJECT, "notes", ["a"], fields=["version", "categories"])
        scanned = await notes.scan(
            PROJECT, "notes", alice, order="created_at", limit=1, fields=["version", "categories"]
        )
        rest = await notes.scan(PROJECT, "notes", alice, order="created_at", after=scanned.after, fields=[])
        found = await notes.search(PROJECT, "notes", Terms(weights={"tea": 1.0}), alice, fields=["kind"])

        assert [set(row.fields) for row in (got["a"], *scanned.rows)] == [chosen, chosen]
        assert [(row.id, dict(row.fields)) for row in rest.rows] == [("b", {})]
        assert [set(match.row.fields) <= {"kind"} for match in found] == [True, True]
        with pytest.raises(InvalidInputError, match="nothing"):
            await notes.get(PROJECT, "notes", ["a"], fields=["nothing"])
        with pytest.raises(InvalidInputError, match="list of fields"):
            await notes.scan(PROJECT, "notes", fields="version")

    async def test_what_is_stored_and_read_is_nobody_elses(self, notes: AsyncStore) -> None:
        vector, metadata = np.array([1.0, 2.0, 3.0], dtype=np.float32), {"list": [1]}
        row = note("a", small=vector, metadata=metadata)  # pyright: ignore[reportArgumentType]
        await notes.apply(PROJECT, put(row))

        vector[0] = 9.0
        metadata["list"].append(2)
        found = (await notes.get(PROJECT, "notes", ["a"], include=EVERYTHING))["a"]
        cast("list[int]", found.metadata["list"]).append(3)
        again = (await notes.get(PROJECT, "notes", ["a"], include=EVERYTHING))["a"]

        assert again.metadata == {"list": [1]}
        assert np.asarray(again.vectors["small"]).tolist() == [1.0, 2.0, 3.0]

    async def test_get_returns_what_exists_in_the_order_asked(self, notes: AsyncStore) -> None:
        await notes.apply(PROJECT, put(*(note(str(number)) for number in range(5))))

        found = await notes.get(PROJECT, "notes", ["3", "nobody", "1", "3"], decisive=True)

        assert list(found) == ["3", "1"]

    async def test_get_of_one_text_instead_of_a_list_is_an_error(self, notes: AsyncStore) -> None:
        with pytest.raises(InvalidInputError, match="list of ids"):
            await notes.get(PROJECT, "notes", "abc")

    @pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED.keys())
    async def test_a_value_that_cannot_be_kept_is_refused_and_nothing_is_written(
        self, notes: AsyncStore, row: Row
    ) -> None:
        with pytest.raises(InvalidInputError):
            await notes.apply(PROJECT, put(note("before"), row))

        assert await notes.list_ids(PROJECT, "notes") == []

    async def test_a_vector_of_another_length_is_refused(self, notes: AsyncStore) -> None:
        with pytest.raises(DimensionMismatchError) as stored:
            await notes.apply(PROJECT, put(note("a", small=(1.0, 2.0))))
        with pytest.raises(DimensionMismatchError) as searched:
            await notes.search(PROJECT, "notes", Nearest(space="small", vector=[1.0] * 4))

        assert (stored.value.expected, stored.value.got) == (3, 2)
        assert (searched.value.expected, searched.value.got) == (3, 4)

    async def test_parts_that_the_collection_does_not_have_are_refused(self, notes: AsyncStore) -> None:
        for call in (
            lambda: notes.get(PROJECT, "notes", ["a"], include=("vectors",)),
            lambda: notes.search(PROJECT, "notes", Nearest(space="none", vector=[1.0])),
            lambda: notes.search(PROJECT, "plain", Terms(weights={"a": 1.0})),
            lambda: notes.search(PROJECT, "notes", Terms(weights={"a": 0.0})),
            lambda: notes.search(PROJECT, "notes", Terms(weights={"a": math.inf})),
            lambda: notes.count(PROJECT, "plain", terms=["a"]),
            lambda: notes.scan(PROJECT, "notes", order="user_id"),
            lambda: notes.groups(PROJECT, "notes", "created_at"),
            lambda: notes.groups(PROJECT, "notes", "user_id", of="kind"),
            lambda: notes.apply(PROJECT, [Put(collection="plain", row=Row(id="a", terms=("t",)))]),
            lambda: notes.apply(PROJECT, [Put(collection="plain", row=Row(id="a", vectors={"small": [1.0]}))]),
        ):
            with pytest.raises(InvalidInputError, match=r"have|has|declared|weight|are"):
                await call()

    @pytest.mark.parametrize("limit", [0, -1, 10_001, True, 1.5, "10"])
    async def test_a_limit_out_of_bounds_is_refused(self, notes: AsyncStore, limit: int) -> None:
        for call in (
            lambda: notes.scan(PROJECT, "notes", limit=limit),
            lambda: notes.search(PROJECT, "notes", Terms(weights={"a": 1.0}), limit=limit),
            lambda: notes.groups(PROJECT, "notes", "user_id", limit=limit),
        ):
            with pytest.raises(InvalidInputError, match="limit"):
                await call()
