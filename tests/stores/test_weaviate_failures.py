"""What an error of the server means: to be asked again, or to be told."""

from __future__ import annotations

import pytest

pytest.importorskip("weaviate", reason='WeaviateStore needs pip install "mnemon[weaviate]"')

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
from weaviate.exceptions import (
    UnexpectedStatusCodeError,
    WeaviateBatchError,
    WeaviateDeleteManyError,
    WeaviateInsertManyAllFailedError,
    WeaviateQueryError,
    WeaviateTimeoutError,
)

from mnemon.errors import StoreConflictError, StoreError, StoreReadOnlyError, StoreUnavailableError
from mnemon.stores.weaviate._sync.server import Server
from mnemon.stores.weaviate.failures import PassingError, is_final, is_transient, refuse_passing, translated

WHILE_A_SPACE_IS_ADDED = "store is read-only due to: UpdateVectorIndexConfigs: [space_0 none_]"
"""As Weaviate 1.39.0 said it of a batch, while another process declared a vector space."""


def test_a_shard_that_takes_in_a_vector_space_is_asked_again() -> None:
    error = WeaviateInsertManyAllFailedError(WHILE_A_SPACE_IS_ADDED)

    assert is_transient(error)
    with pytest.raises(Exception, match="UpdateVectorIndexConfigs") as caught:
        refuse_passing([WHILE_A_SPACE_IS_ADDED])
    assert is_transient(caught.value)
    with (
        pytest.raises(StoreUnavailableError, match="vector space and did not write; try again"),
        translated("here", "write"),
    ):
        raise error


def test_a_collection_that_is_just_being_made_is_asked_again() -> None:
    said = "explorer: list class: search: tried to browse non-existing index for T1x1_settings"  # by Weaviate 1.39.0

    assert is_transient(WeaviateQueryError(said, "GRPC search"))
    assert not is_transient(WeaviateQueryError("could not find class T1x1_settings in schema", "GRPC search"))


def test_a_shard_that_was_set_read_only_is_not() -> None:
    error = WeaviateInsertManyAllFailedError("store is read-only due to: disk usage too high")

    assert not is_transient(error)
    refuse_passing([str(error)])
    with pytest.raises(StoreReadOnlyError, match="READY"), translated("here", "write"):
        raise error


def answered(status: int, text: str = "") -> UnexpectedStatusCodeError:
    return UnexpectedStatusCodeError("change row", httpx.Response(status, text=text))


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (answered(404), True),
        (answered(422, "invalid object"), True),
        (answered(408), False),
        (answered(502), False),
        (answered(500, "put: context deadline exceeded"), False),
        (WeaviateInsertManyAllFailedError("context canceled"), False),  # a node that had the rows may write them yet
        (WeaviateInsertManyAllFailedError("context deadline exceeded"), False),
        (PassingError("leader not found"), True),
        (WeaviateDeleteManyError("[UNKNOWN] tenant not found: p1"), True),
        (WeaviateDeleteManyError("[INTERNAL] stream terminated by RST_STREAM"), False),
        (WeaviateBatchError("Deadline Exceeded"), False),
        (WeaviateTimeoutError(), False),
        (httpx.ReadError("reset"), False),
        (asyncio.CancelledError(), False),
        (StoreConflictError("notes", "a", 0, "it is not as expected"), True),
    ],
)
def test_only_what_says_how_a_request_ended_is_final(error: BaseException, final: bool) -> None:  # noqa: FBT001 - a case
    assert is_final(error) is final


class FakeConnection:
    """Answers the requests of REST, one after the other, as a server might."""

    def __init__(self, *answers: httpx.Response) -> None:
        self._answers = list(answers)

    def get(self, **_: object) -> httpx.Response:
        return self._answers.pop(0)


def refused(status: int, said: str) -> httpx.Response:
    return httpx.Response(status, json={"error": [{"message": said}]})


def read(*answers: httpx.Response) -> dict[str, Any] | None:
    """Read a row decisively from a server that answers so."""
    client: Any = SimpleNamespace(_connection=FakeConnection(*answers))
    return Server(client, None, prefix="T", timeout_s=9.0).object_now("memories", "p", UUID(int=1))


def test_a_row_that_is_read_decisively_is_there_or_is_not() -> None:
    assert read(httpx.Response(200, json={"id": "1"})) == {"id": "1"}
    assert read(httpx.Response(404)) is None
    assert read(refused(422, "tenant not found: p")) is None


def test_a_decisive_read_is_asked_again_while_it_cannot_be_answered() -> None:
    no_leader, away = refused(500, "leader not found"), httpx.Response(503, text="<html>of a proxy")

    assert read(no_leader, away, httpx.Response(200, json={"id": "1"})) == {"id": "1"}


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (refused(500, "cannot achieve consistency level"), StoreUnavailableError, "too few nodes"),
        (refused(403, "forbidden"), StoreError, "does not allow to read a row"),
        (refused(500, "panic"), StoreError, r"could not read a row \(status 500\)"),
    ],
)
def test_a_decisive_read_that_fails_is_never_an_empty_one(
    answer: httpx.Response, error: type[StoreError], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        read(answer)

    assert type(caught.value) is error
