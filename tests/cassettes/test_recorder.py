"""The recorder: what does not fit its cassette fails, and what must not be written is not.

Recorded here is a fake, in this process: a server of three answers. The cassettes beside are from a real one.
"""

from __future__ import annotations

import asyncio
import json
import socket
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

import httpx
import pytest
import weaviate
import yaml
from weaviate.classes.data import DataObject
from weaviate.exceptions import WeaviateQueryError

from mnemon.testing.cassettes import (
    MOST_BYTES,
    CassetteError,
    cassette_problems,
    recording,
    replaying,
    secrets_in,
)
from tests.cassettes.fakes import KEY, NOWHERE, Ports, aask, ask, fake, taped

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["fake", "taped"]

HIDDEN: dict[str, Callable[[str], str]] = {
    "percent-encoded": lambda value: quote(value, safe=""),
    "in a query": lambda value: urlencode({"of": value}),
    "JSON": lambda value: json.dumps({"of": [value]}),
    "a key of JSON": lambda value: json.dumps({value: 1}),
    "JSON in JSON": lambda value: json.dumps({"of": json.dumps([value])}),
    "within GraphQL": lambda value: f"{{Get{{Notes(bm25:{{query:{json.dumps(value)}}})}}}}",
    "base64": lambda value: b64encode(value.encode()).decode(),
    "base64 after one byte": lambda value: b64encode(f"1{value}2".encode()).decode(),
    "base64 of URLs, after two": lambda value: urlsafe_b64encode(f"12{value}".encode()).decode(),
}
"""Ways in which a text holds a value that it does not show."""


def test_what_was_recorded_is_answered_without_a_server(taped: Path) -> None:
    with replaying(taped):
        scores = ask(NOWHERE, "tea", "milk")

    assert scores == [0.5, 0.5]


def test_an_async_client_is_answered_without_a_server(fake: Ports, tmp_path: Path) -> None:
    path = tmp_path / "async.yaml"
    with recording(path, server="fake 0.0.0"):
        asyncio.run(aask(fake, "tea", "milk", "rum"))

    with replaying(path):
        assert asyncio.run(aask(NOWHERE, "rum", "tea", "milk")) == 3


def test_a_refusal_is_replayed_as_one(fake: Ports, tmp_path: Path) -> None:
    path = tmp_path / "refused.yaml"
    with recording(path, server="fake 0.0.0"), pytest.raises(WeaviateQueryError, match="no class Broken"):
        ask(fake, "tea", collection="Broken")

    with replaying(path), pytest.raises(WeaviateQueryError, match="no class Broken"):
        ask(NOWHERE, "tea", collection="Broken")


def test_another_request_than_the_recorded_one_fails_and_says_what_differs(taped: Path) -> None:
    with pytest.raises(CassetteError, match=r'(?s)asked now.*"coffee".*recorded.*"tea"'), replaying(taped):
        ask(NOWHERE, "tea", "coffee")


def test_a_request_that_is_asked_more_often_than_recorded_fails(taped: Path) -> None:
    with pytest.raises(CassetteError, match="no answer left"), replaying(taped):
        ask(NOWHERE, "tea", "tea")


def test_an_interaction_that_is_left_unplayed_fails(taped: Path) -> None:
    with pytest.raises(CassetteError, match=r"1 interactions of one\.yaml were not asked for"), replaying(taped):
        ask(NOWHERE, "tea")


def test_a_missing_cassette_fails(tmp_path: Path) -> None:
    none = tmp_path / "none.yaml"
    with pytest.raises(CassetteError, match="record it: run its test with CASSETTES=record"), replaying(none):
        pass


def test_replaying_connects_to_nothing(taped: Path, fake: Ports) -> None:
    with pytest.raises(CassetteError, match="wanted to connect"), replaying(taped):
        socket.create_connection(("127.0.0.1", fake[0]))


def test_the_head_names_what_was_recorded(taped: Path) -> None:
    head = taped.read_text().splitlines()[:3]

    assert head[:2] == ["recorded:", "  server: fake 0.0.0"]
    assert head[2] == f"  weaviate-client: {weaviate.__version__}"


def test_no_key_header_or_cookie_gets_in(taped: Path) -> None:
    text = taped.read_text()

    assert "tea" in text
    for secret in (KEY, "uthorization", "earer", "ookie"):
        assert secret not in text


def test_when_an_answer_was_given_is_kept_only_where_a_store_asks_for_it(fake: Ports, tmp_path: Path) -> None:
    path = tmp_path / "times.yaml"
    with (
        recording(path, server="fake 0.0.0"),
        weaviate.connect_to_local(port=fake[0], grpc_port=fake[1], skip_init_checks=True) as client,
    ):
        client.get_meta()  # pyright: ignore[reportUnknownMemberType] - says no types
        client.collections.exists("Notes")

    tape = yaml.safe_load(path.read_text())
    headers = {urlsplit(str(one["request"]["uri"])).path: one["response"]["headers"] for one in tape["interactions"]}
    assert {place: "date" in kept for place, kept in headers.items()} == {"/v1/meta": True, "/v1/schema/Notes": False}


def test_a_cassette_that_is_refused_leaves_the_clients_of_the_process_as_they_were(fake: Ports, tmp_path: Path) -> None:
    def clients() -> object:
        return httpx.HTTPTransport.handle_request

    before, during = clients(), list[object]()
    with pytest.raises(CassetteError, match="nothing was written"), recording(tmp_path / "a.yaml", server="fake 0.0.0"):
        during += [clients(), ask(fake, "tea sk-" + "a1" * 12)]

    assert during[0] is not before
    assert clients() is before


@pytest.mark.parametrize(
    "secret",
    ["sk-" + "a1" * 12, "AKIA" + "A1" * 8, "Bearer " + "a1" * 8, "api_key: abc", "eyJ" + "a1" * 8 + "." + "b2" * 8],
)
def test_a_request_that_holds_a_secret_is_not_written(fake: Ports, tmp_path: Path, secret: str) -> None:
    path = tmp_path / "secret.yaml"

    with pytest.raises(CassetteError, match="nothing was written") as caught, recording(path, server="fake 0.0.0"):
        ask(fake, f"tea {secret}")

    assert secret not in str(caught.value)
    assert not path.exists()


def test_the_value_of_a_secret_variable_is_not_written(
    fake: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAVIATE_API_KEY", "plain words of mine")

    with pytest.raises(CassetteError, match="WEAVIATE_API_KEY"), recording(tmp_path / "a.yaml", server="fake 0.0.0"):
        ask(fake, "tea and plain words of mine")

    assert secrets_in("tea and plain words of mine") == ["the value of WEAVIATE_API_KEY"]
    assert not list(tmp_path.iterdir())


HARD = ["qwe'rty: uiop1", 'q\\we"rty: #\tuiop', "first-line\nsecond-line", "plain words with an ä", "50% of a/b+c&d=e"]
"""Values that YAML, JSON or a URL writes otherwise than they are."""


@pytest.mark.parametrize("value", HARD)
def test_a_secret_value_that_a_file_would_quote_is_not_written(
    fake: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("WEAVIATE_API_KEY", value)

    with pytest.raises(CassetteError, match="WEAVIATE_API_KEY"), recording(tmp_path / "a.yaml", server="fake 0.0.0"):
        ask(fake, f"tea and {value}")

    assert not list(tmp_path.iterdir())


def test_a_secret_value_in_a_url_is_not_written(fake: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEAVIATE_API_KEY", "plain words of mine")

    with pytest.raises(CassetteError, match="WEAVIATE_API_KEY"), recording(tmp_path / "a.yaml", server="fake 0.0.0"):
        httpx.get(f"http://127.0.0.1:{fake[0]}/v1/schema", params={"of": "plain words of mine"})

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", HARD)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_secret_value_is_found_where_it_is_written_otherwise(
    monkeypatch: pytest.MonkeyPatch, hidden: str, value: str
) -> None:
    text = HIDDEN[hidden](value)
    assert secrets_in(text) == []

    monkeypatch.setenv("WEAVIATE_API_KEY", value)

    assert secrets_in(text) == ["the value of WEAVIATE_API_KEY"]


def test_a_cassette_that_is_too_large_is_not_written(fake: Ports, tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match="300,000 is the most"), recording(tmp_path / "a.yaml", server="fake 0.0.0"):
        ask(fake, "tea " * MOST_BYTES)

    assert not list(tmp_path.iterdir())


def test_long_vectors_of_requests_are_compared_by_their_digest(fake: Ports, tmp_path: Path) -> None:
    def insert(ports: Ports, last: float) -> None:
        with weaviate.connect_to_local(port=ports[0], grpc_port=ports[1], skip_init_checks=True) as client:
            row = DataObject(
                properties={"text": "tea"}, uuid="11111111-1111-5111-8111-111111111111", vector=[0.5] * 383 + [last]
            )
            client.collections.use("Notes").data.insert_many([row])

    path = tmp_path / "vectors.yaml"
    with recording(path, server="fake 0.0.0"):
        insert(fake, 0.5)

    with replaying(path):
        insert(NOWHERE, 0.5)
    assert "sha256" in path.read_text()
    with pytest.raises(CassetteError, match="sha256"), replaying(path):
        insert(NOWHERE, 0.25)


MARKED = """
import pytest

@pytest.mark.cassette
def test_one():
    pass

@pytest.mark.cassette
def test_two():
    pass

def test_unmarked():
    pass
"""


@pytest.fixture
def folder(tmp_path: Path, taped: Path) -> Callable[..., Path]:
    """Make a folder of tests, two of them marked, with cassettes of these names."""

    def make(*names: str) -> Path:
        root = tmp_path / "suite"
        place = root / "cassettes" / "test_marked"
        place.mkdir(parents=True)
        (root / "pytest.ini").write_text("[pytest]\nmarkers = cassette: of a recording\n")
        (root / "test_marked.py").write_text(MARKED)
        for name in names:
            (place / name).write_text(taped.read_text())
        return root

    return make


def test_each_marked_test_with_its_cassette_is_no_problem(folder: Callable[..., Path]) -> None:
    assert cassette_problems(folder("test_one.yaml", "test_two.yaml")) == []


def test_a_cassette_without_a_test_and_a_test_without_a_cassette_are_told(folder: Callable[..., Path]) -> None:
    problems = cassette_problems(folder("test_one.yaml", "test_unmarked.yaml"))

    assert len(problems) == 2
    assert any("test_two.yaml: a marked test has no cassette" in one for one in problems)
    assert any("test_unmarked.yaml: no test plays it" in one for one in problems)


def test_a_cassette_with_a_secret_without_versions_or_too_large_is_told(folder: Callable[..., Path]) -> None:
    root = folder("test_one.yaml", "test_two.yaml")
    one, two = sorted(root.rglob("*.yaml"))
    one.write_text(one.read_text().replace("tea", "Bearer 0123456789abcdef"))
    two.write_text("version: 1\ninteractions: []\n" + "#" * MOST_BYTES)

    problems = cassette_problems(root)

    place = "cassettes/test_marked"
    assert problems == [
        f"{place}/test_one.yaml: it holds an authorization header; record it anew without",
        f"{place}/test_two.yaml: it has 300,028 bytes, 300,000 is the most",
        f"{place}/test_two.yaml: its head does not name the versions of server and client; record it anew",
    ]


def test_the_cassettes_of_this_project_have_nothing_wrong() -> None:
    assert cassette_problems(Path(__file__).parent) == []
