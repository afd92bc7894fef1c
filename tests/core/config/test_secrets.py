"""No error and no representation of settings shows a secret."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest

from mnemon import ConfigError
from mnemon.config import EmbeddingConfig
from tests.core.config.loading import SECRET, load, refusal

if TYPE_CHECKING:
    from pathlib import Path


def secret_faults() -> list[dict[str, object]]:
    return [
        {"api_key": f"{SECRET}\n"},
        {"api_key": f"{SECRET} "},
        {"api_key": [SECRET]},
        {"api_key": f"{SECRET}ü"},
        {"base_url": f"http://user:{SECRET}@host/v1"},
        {"base_url": f"http://host/v1?key={SECRET}"},
        {"base_url": f"http://[{SECRET}/v1"},
        {"base_url": f"http://host:{SECRET}/v1"},
        {"base_url": f"ftp://{SECRET}/"},
        {"base_url": f"{SECRET}\n"},
        {"headers": {"x-key": f"{SECRET}\r\nx: y"}},
        {"headers": {"x-key": [SECRET]}},
        {"headers": SECRET},
        {"headers": [SECRET]},
        {"api_key": SECRET, "modle": SECRET},
        {"model": " ", "api_key": SECRET},
    ]


@pytest.mark.parametrize("embedding", secret_faults(), ids=range(16))
def test_no_error_shows_a_secret(home: Path, embedding: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(embedding=embedding)
    reported = traceback.TracebackException.from_exception(caught.value)

    assert "argument 'embedding." in str(caught.value)
    assert SECRET not in "".join(reported.format())
    assert caught.value.__context__ is None


@pytest.mark.parametrize("embedding", secret_faults(), ids=range(16))
def test_the_parts_of_embedding_are_refused_when_they_are_made(embedding: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"argument 'embedding\.") as caught:
        EmbeddingConfig(**embedding)

    assert SECRET not in str(caught.value)


def test_a_secret_given_as_the_whole_table_is_not_shown(home: Path) -> None:
    assert SECRET not in refusal(embedding=SECRET)


def test_no_representation_shows_a_secret(home: Path) -> None:
    config = load(embedding={"api_key": SECRET, "headers": {"x-key": SECRET}})

    assert config.embedding.api_key is not None
    assert config.embedding.api_key.get_secret_value() == SECRET
    for text in (repr(config), str(config), repr(config.model_dump()), config.model_dump_json(), f"{config.embedding}"):
        assert SECRET not in text
