"""What a cassette is asked and does not hold fails the test that replays it, whoever swallows the error."""

from __future__ import annotations

import asyncio
import re
import socket
import urllib.request
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import vcr  # pyright: ignore[reportMissingTypeStubs] - it has none
import weaviate
from vcr.errors import (  # pyright: ignore[reportMissingTypeStubs] - see above
    CannotOverwriteExistingCassetteException,
)
from vcr.record_mode import RecordMode  # pyright: ignore[reportMissingTypeStubs] - see above

from mnemon.testing.cassettes import CassetteError, recording, replaying
from tests.cassettes.fakes import NOWHERE, Ports, aask, ask, fake, taped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["fake", "taped"]

UNKNOWN = "http://127.0.0.1:1/v1/schema/Other"


def ask_by_urllib() -> None:
    with urllib.request.urlopen(UNKNOWN):
        pass


async def ask_by_async_httpx() -> None:
    async with httpx.AsyncClient() as client:
        await client.get(UNKNOWN)


BY_REST: dict[str, Callable[[], object]] = {
    "httpx": lambda: httpx.get(UNKNOWN),
    "async httpx": lambda: asyncio.run(ask_by_async_httpx()),
    "urllib": ask_by_urllib,
}


def go_on_after(asking: Callable[[], object]) -> None:
    """Do what a client does that goes on after the error, and then all that the cassette holds."""
    with pytest.raises(CassetteError):
        asking()
    ask(NOWHERE, "tea", "milk")


@pytest.mark.parametrize("by", BY_REST)
def test_a_request_by_rest_that_was_not_recorded_fails_and_says_what_to_do(taped: Path, by: str) -> None:
    with pytest.raises(CassetteError) as caught, replaying(taped):
        BY_REST[by]()

    said = str(caught.value)
    assert "no answer left to GET http://weaviate/v1/schema/Other; " in said
    assert "http://weaviate/v1/schema/Other != http://weaviate/v1/meta" in said
    assert "record it: run its test with CASSETTES=record" in said


@pytest.mark.parametrize("by", BY_REST)
def test_a_request_by_rest_that_was_not_recorded_fails_where_its_error_is_swallowed(taped: Path, by: str) -> None:
    with pytest.raises(CassetteError, match="no answer left to GET http://weaviate/v1/schema/Other"), replaying(taped):
        go_on_after(BY_REST[by])


def test_a_request_that_the_client_itself_swallows_fails(fake: Ports, tmp_path: Path) -> None:
    def connected(ports: Ports) -> weaviate.WeaviateClient:
        return weaviate.connect_to_local(port=ports[0], grpc_port=ports[1], skip_init_checks=True)

    path = tmp_path / "connected.yaml"
    with recording(path, server="fake 0.0.0"), connected(fake):
        pass

    ready = r"no answer left to GET http://weaviate/v1/\.well-known/ready"
    with pytest.raises(CassetteError, match=ready), replaying(path), connected(NOWHERE) as client:
        assert not client.is_ready()  # it catches whatever is raised


def test_a_request_by_rest_that_is_asked_more_often_than_recorded_fails(taped: Path) -> None:
    def ask_often() -> None:
        for _ in range(3):  # recorded are two: the client asks once where it connects
            httpx.get("http://127.0.0.1:1/v1/meta")

    with pytest.raises(CassetteError, match="each answer to it is given, 2 in all"), replaying(taped):
        ask_often()


def test_a_request_to_a_cassette_that_holds_nothing_like_it_fails(tmp_path: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("version: 1\ninteractions: []\n")

    with pytest.raises(CassetteError, match="it holds nothing like it"), replaying(empty):
        httpx.get(UNKNOWN)


def test_of_two_cassettes_each_tells_what_it_was_asked_in_vain(taped: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner.yaml"
    inner.write_text(taped.read_text())

    def replay_then_go_on() -> None:
        with replaying(inner):
            ask(NOWHERE, "tea", "milk")
        go_on_after(BY_REST["httpx"])

    with replaying(taped):
        with pytest.raises(CassetteError, match="v1/schema/Other"), replaying(inner):
            go_on_after(BY_REST["httpx"])
        ask(NOWHERE, "tea", "milk")
    with pytest.raises(CassetteError, match="v1/schema/Other"), replaying(taped):
        replay_then_go_on()


def test_a_cassette_within_another_one_answers_async_clients(fake: Ports, tmp_path: Path) -> None:
    paths = tmp_path / "outer.yaml", tmp_path / "inner.yaml"
    for path in paths:
        with recording(path, server="fake 0.0.0"):
            asyncio.run(aask(fake, "tea", "milk"))

    with replaying(paths[0]):
        with replaying(paths[1]):
            assert asyncio.run(aask(NOWHERE, "tea", "milk")) == 2
        assert asyncio.run(aask(NOWHERE, "tea", "milk")) == 2


def test_a_cassette_of_somebody_else_says_in_its_own_words_what_it_lacks(taped: Path, tmp_path: Path) -> None:
    theirs: Any = vcr.VCR(record_mode=RecordMode.NONE)
    unanswered = pytest.raises(CannotOverwriteExistingCassetteException, match="v1/schema/Other")

    with replaying(taped):
        with theirs.use_cassette(str(tmp_path / "theirs.yaml")), unanswered:
            httpx.get(UNKNOWN)
        ask(NOWHERE, "tea", "milk")


def test_what_is_recorded_around_a_replay_is_recorded_as_without_it(fake: Ports, taped: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer.yaml"
    with recording(outer, server="fake 0.0.0"):
        with pytest.raises(CassetteError, match="v1/schema/Other"), replaying(taped):
            httpx.get(UNKNOWN)
        ask(fake, "tea", "milk")

    assert _without_dates(outer) == _without_dates(taped)


def _without_dates(path: Path) -> str:
    return re.sub(r"date: .*", "", path.read_text())


def test_a_connection_fails_where_its_error_is_swallowed(taped: Path) -> None:
    with pytest.raises(CassetteError, match="wanted to connect"), replaying(taped):
        go_on_after(lambda: socket.create_connection(("127.0.0.1", 1)))
