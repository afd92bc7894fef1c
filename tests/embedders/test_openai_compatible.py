"""Embeddings over HTTP, from a fake provider on a local port: both faces ask and answer alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import stamina

from mnemon.embedders.openai_compatible import OpenAICompatibleEmbedder
from mnemon.errors import ConfigError, EmbedderUnavailableError, EmbeddingError, InvalidInputError

from .fake_provider import fake_provider, vector_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .fake_provider import FakeProvider, Reply

KEY = "sk-not-a-key"
BUSY: Reply = (429, {"retry-after": "0"}, b'{"error": "the text was marmalade"}')


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as served:
        yield served


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    """Try as often as always, without waiting in between."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


def embed(embedder: OpenAICompatibleEmbedder, texts: Sequence[str], **options: object) -> list[list[float]]:
    """Embed through the synchronous face."""
    try:
        return embedder.embed(texts, **options).tolist()  # pyright: ignore[reportArgumentType]
    finally:
        embedder.close()


def aembed(embedder: OpenAICompatibleEmbedder, texts: Sequence[str], **options: object) -> list[list[float]]:
    """Embed through the asynchronous face, in an event loop of its own."""

    async def run() -> list[list[float]]:
        try:
            return (await embedder.aembed(texts, **options)).tolist()  # pyright: ignore[reportArgumentType]
        finally:
            await embedder.aclose()

    return asyncio.run(run())


both_faces = pytest.mark.parametrize("face", [embed, aembed])
Face = Callable[..., list[list[float]]]


@both_faces
def test_texts_go_out_in_batches_and_vectors_come_back_in_order(provider: FakeProvider, face: Face) -> None:
    embedder = OpenAICompatibleEmbedder(
        "m", base_url=provider.base_url, api_key=KEY, batch_size=3, batch_characters=20, query_prefix="q: "
    )
    texts = ["a", "bb", "ccc", "dddd", "e" * 50, "é\x00\U0001f600", ""]

    vectors = face(embedder, texts)
    query = face(embedder, ["a"], purpose="query")

    assert vectors == [vector_of(text) for text in texts]
    assert query == [vector_of("q: a")]
    assert [request["input"] for request in provider.asked[:-1]] == [texts[:3], texts[3:4], texts[4:5], texts[5:]]
    assert {request["model"] for request in provider.asked} == {"m"}
    assert provider.paths[0] == "/v1/embeddings"
    assert provider.headers[0]["authorization"] == f"Bearer {KEY}"
    assert embedder.dimensions == 3


@both_faces
def test_no_texts_ask_nothing(provider: FakeProvider, face: Face) -> None:
    assert face(OpenAICompatibleEmbedder("m", base_url=provider.base_url), []) == []
    assert provider.asked == []


@both_faces
def test_an_overloaded_provider_is_asked_again(provider: FakeProvider, face: Face) -> None:
    provider.script += [BUSY, (503, {}, b""), (500, {"retry-after": "Sat, 21 Nov 2026 10:00:00 GMT"}, b"")]

    assert face(OpenAICompatibleEmbedder("m", base_url=provider.base_url), ["a"]) == [vector_of("a")]
    assert len(provider.asked) == 4


@both_faces
def test_a_provider_that_stays_overloaded_is_an_error_that_says_so(provider: FakeProvider, face: Face) -> None:
    provider.script += [BUSY] * 10

    with pytest.raises(EmbedderUnavailableError, match="429, to 3 attempts") as caught:
        face(OpenAICompatibleEmbedder("m", base_url=provider.base_url, api_key=KEY, attempts=3), ["marmalade"])

    assert len(provider.asked) == 3
    check_discreet(caught.value)


@both_faces
def test_a_pause_beyond_the_deadline_is_not_begun(provider: FakeProvider, face: Face) -> None:
    provider.script.append((429, {"retry-after": "3600"}, b""))

    with pytest.raises(EmbedderUnavailableError, match="429"):
        face(OpenAICompatibleEmbedder("m", base_url=provider.base_url, deadline_s=60.0), ["a"])

    assert len(provider.asked) == 1


@both_faces
@pytest.mark.parametrize(("status", "hint"), [(400, "model"), (401, "API key"), (403, "rights"), (404, "base URL")])
def test_a_refusal_is_not_repeated_and_says_what_to_check(
    provider: FakeProvider, face: Face, status: int, hint: str
) -> None:
    provider.script.append((status, {}, f"your key {KEY} and your text marmalade".encode()))

    with pytest.raises(EmbeddingError, match=hint) as caught:
        face(OpenAICompatibleEmbedder("m", base_url=provider.base_url, api_key=KEY), ["marmalade"])

    assert not isinstance(caught.value, EmbedderUnavailableError)
    assert len(provider.asked) == 1
    check_discreet(caught.value)


@both_faces
def test_nobody_listening_is_an_error_that_says_so(face: Face) -> None:
    with fake_provider() as gone:
        url = gone.base_url

    with pytest.raises(EmbedderUnavailableError, match="is the server running") as caught:
        face(OpenAICompatibleEmbedder("m", base_url=url, api_key=KEY, attempts=2), ["marmalade"])

    check_discreet(caught.value)


def check_discreet(error: BaseException) -> None:
    """Fail if the error, or one that it came from, shows the key or a text."""
    shown: BaseException | None = error
    while shown is not None:
        assert KEY not in f"{shown!r}{shown}"
        assert "marmalade" not in f"{shown!r}{shown}"
        shown = shown.__cause__


@both_faces
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[]",
        b'{"data": []}',
        b'{"data": null}',
        json.dumps({"data": [{"index": 0, "embedding": [1.0]}, {"index": 2, "embedding": [1.0]}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": "text"}, {"index": 1, "embedding": "text"}]}).encode(),
        json.dumps({"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]}).encode(),
        b'{"data": [{"index": 0, "embedding": [NaN]}, {"index": 1, "embedding": [1]}]}',
    ],
    ids=range(11),
)
def test_an_answer_that_is_none_is_an_error(provider: FakeProvider, face: Face, content: bytes) -> None:
    provider.script.append((200, {"content-type": "application/json"}, content))

    with pytest.raises(EmbeddingError, match="openai-compatible:m"):
        face(OpenAICompatibleEmbedder("m", base_url=provider.base_url), ["a", "b"])


@both_faces
def test_vectors_that_change_their_length_are_an_error(provider: FakeProvider, face: Face) -> None:
    embedder = OpenAICompatibleEmbedder("m", base_url=provider.base_url, dimensions=4)

    with pytest.raises(EmbeddingError, match="3 dimensions, 4"):
        face(embedder, ["a"])
    assert provider.asked[0]["dimensions"] == 4
    assert embedder.name == "openai-compatible:m:4"


@both_faces
def test_azure_names_the_deployment_in_the_address(provider: FakeProvider, face: Face) -> None:
    root = provider.base_url.removesuffix("/v1")
    embedder = OpenAICompatibleEmbedder.azure("dep", endpoint=root, api_key=KEY, api_version="2024-10-21")

    assert face(embedder, ["a"]) == [vector_of("a")]
    assert provider.paths == ["/openai/deployments/dep/embeddings?api-version=2024-10-21"]
    assert provider.headers[0]["api-key"] == KEY
    assert "model" not in provider.asked[0]
    assert KEY not in repr(vars(embedder))


def test_openais_key_goes_to_openai_alone(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    embed(OpenAICompatibleEmbedder("m", base_url=provider.base_url), ["a"])
    monkeypatch.delenv("OPENAI_API_KEY")

    assert "authorization" not in provider.headers[0]
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        OpenAICompatibleEmbedder("m")


def test_one_embedder_serves_two_event_loops_and_plain_calls_in_turn(provider: FakeProvider) -> None:
    embedder = OpenAICompatibleEmbedder("m", base_url=provider.base_url)

    async def twice() -> None:
        first, second = await asyncio.gather(embedder.aembed(["a"]), embedder.aembed(["b"]))
        assert [*first.tolist(), *second.tolist()] == [vector_of("a"), vector_of("b")]
        await embedder.aclose()

    asyncio.run(twice())
    assert embedder.embed(["c"]).tolist() == [vector_of("c")]
    asyncio.run(twice())


@both_faces
@pytest.mark.parametrize("texts", ["one text", ["fine", 3], ["fine", "\ud800"]])
def test_texts_that_are_none_are_refused_before_anything_is_sent(
    provider: FakeProvider, face: Face, texts: list[str]
) -> None:
    with pytest.raises(InvalidInputError, match=r"list of texts|text 1"):
        face(OpenAICompatibleEmbedder("m", base_url=provider.base_url), texts)

    assert provider.asked == []
