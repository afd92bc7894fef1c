"""The settings themselves: names, types, bounds, defaults."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping  # noqa: TC003 - pydantic reads annotations when the class is made
from pathlib import Path
from typing import Annotated, Literal, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.config import JsonDict  # noqa: TC002 - the same
from pydantic_core import PydanticCustomError

from mnemon.config.targets import parse_target
from mnemon.errors import ConfigError
from mnemon.logic.requests import check_project
from mnemon.types.jsonvalue import shown

__all__ = ["PLAIN", "EmbeddingFields", "Settings"]

PLAIN = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=False)

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MIB = 1_048_576


def _number(value: object) -> object:
    """Refuse what Python would count as a number and no one means as one: True, b"1", NaN."""
    counts = isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool))
    if not counts or (isinstance(value, float) and not math.isfinite(value)):
        kind, message = "not_a_number", "not a number"
        raise PydanticCustomError(kind, message)
    return value


def _store(value: object) -> object:
    if value is not None:
        parse_target(value)
    return value


def _path(value: object) -> object:
    """Refuse what is no path of a file; `~` is the home directory."""
    if value is None:
        return None
    text = os.fspath(cast("os.PathLike[str]", value)) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        msg = f"{shown(text)} is no path of a file; give one, or leave the setting out"
        raise ConfigError(msg)
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        msg = "the path begins with the home directory of a user who has none; give an absolute path"
        raise ConfigError(msg) from error


def _header_text(value: str, what: str) -> None:
    """Refuse what HTTP cannot send: the client's own error would show the text, and so the key."""
    if not value.isascii() or not value.isprintable() or value != value.strip():
        msg = (
            f"{what} holds a character that a header of HTTP cannot, or white space around it; "
            f"look for a line break at its end"
        )
        raise ConfigError(msg)


def _api_key(value: SecretStr) -> SecretStr:
    if not value.get_secret_value():
        msg = "the key is empty; leave it out where none is needed"
        raise ConfigError(msg)
    _header_text(value.get_secret_value(), "the key")
    return value


def _headers_from_text(value: object) -> object:
    """Read JSON, which is how an environment variable holds a table."""
    if not isinstance(value, str):
        return value
    headers: object = None
    try:
        headers = json.loads(value)
    except (ValueError, RecursionError):
        headers = None
    if not isinstance(headers, dict):
        msg = 'headers are given as a JSON object, such as {"x-team": "search"}'
        raise ConfigError(msg)
    return cast("object", headers)


def _headers(value: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
    for name, text in value.items():
        if not _HEADER_NAME.fullmatch(name):
            msg = f"{shown(name)} cannot be the name of a header of HTTP"
            raise ConfigError(msg)
        _header_text(text.get_secret_value(), f"the header {shown(name)}")
    return value


def _base_url(value: str) -> str:
    remedy = "give an address such as http://localhost:11434/v1"
    if not value.isprintable() or " " in value:
        msg = f"the address holds white space or a character that cannot be printed; {remedy}"
        raise ConfigError(msg)
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not host:
        msg = f"not an address of HTTP; {remedy}"
        raise ConfigError(msg)
    if "@" in parts.netloc or parts.query or parts.fragment:
        msg = f"the address holds more than server and path; a key belongs into embedding.api_key; {remedy}"
        raise ConfigError(msg)
    return value


def _text(value: str) -> str:
    if not value.strip():
        msg = "the name is blank; leave it out, or give the one that the provider uses"
        raise ConfigError(msg)
    return value


def _accepts(what: str) -> JsonDict:
    """Say what a setting takes, for errors and for the reference page."""
    return {"accepts": what}


_Number = BeforeValidator(_number)


class EmbeddingFields(BaseModel):
    """The parts of `embedding`; `EmbeddingConfig` is what users make."""

    model_config = PLAIN

    model: Annotated[str, AfterValidator(_text)] | None = Field(
        default=None, description="Name of the model at the provider.", json_schema_extra=_accepts("text")
    )
    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://api.openai.com/v1",
        description="Address that `/embeddings` is added to.",
        json_schema_extra=_accepts("an address of HTTP"),
    )
    api_key: Annotated[SecretStr, AfterValidator(_api_key)] | None = Field(
        default=None,
        description="Sent as a bearer token. Without it OPENAI_API_KEY is, but to OpenAI's own address only.",
        json_schema_extra=_accepts("text"),
    )
    dimensions: Annotated[int, _Number, Field(ge=1, le=65_536)] | None = Field(
        default=None,
        description="Length of the vectors to ask for; none for the model's own.",
        json_schema_extra=_accepts("a whole number from 1 to 65,536"),
    )
    headers: Annotated[Mapping[str, SecretStr], BeforeValidator(_headers_from_text), AfterValidator(_headers)] = Field(
        default_factory=dict,
        description="Further headers of each request.",
        json_schema_extra=_accepts("a table of texts; JSON in the environment"),
    )
    query_prefix: str = Field(default="", description="Put before each query.", json_schema_extra=_accepts("text"))
    document_prefix: str = Field(
        default="", description="Put before each other text.", json_schema_extra=_accepts("text")
    )
    batch_size: Annotated[int, _Number, Field(ge=1, le=100_000)] = Field(
        default=256,
        description="Most texts in one request.",
        json_schema_extra=_accepts("a whole number from 1 to 100,000"),
    )
    batch_characters: Annotated[int, _Number, Field(ge=1, le=1_000_000_000)] = Field(
        default=400_000,
        description="Most characters in one request, unless one text is longer.",
        json_schema_extra=_accepts("a whole number from 1 to 1,000,000,000"),
    )
    attempts: Annotated[int, _Number, Field(ge=1, le=100)] = Field(
        default=5,
        description="How often a request is tried while the provider is overloaded or unreachable.",
        json_schema_extra=_accepts("a whole number from 1 to 100"),
    )
    timeout_s: Annotated[float, _Number, Field(gt=0, le=3_600, allow_inf_nan=False)] = Field(
        default=30.0,
        description="Seconds that one attempt may take.",
        json_schema_extra=_accepts("a number above 0, at most 3,600"),
    )
    deadline_s: Annotated[float, _Number, Field(gt=0, le=86_400, allow_inf_nan=False)] = Field(
        default=90.0,
        description="Seconds that all attempts of one request may take together.",
        json_schema_extra=_accepts("a number above 0, at most 86,400"),
    )


class Settings(BaseModel):
    """All settings, from whichever source; `MemoryConfig` adds the sources."""

    model_config = PLAIN

    store: Annotated[str | Path | None, BeforeValidator(_store)] = Field(
        default=None,
        description="Where memories are kept; none for the user's default file.",
        json_schema_extra=_accepts("a path, `:memory:`, or an address that begins with `sqlite:` or `memory:`"),
    )
    project: Annotated[str, AfterValidator(check_project)] = Field(
        default="default",
        description="The hard boundary: nothing that is stored in one project is ever seen in another.",
        json_schema_extra=_accepts("text"),
    )
    embedder: Literal["auto", "none", "local", "openai-compatible"] = Field(
        default="auto",
        description="Source of vectors; `auto` is `local` where its extra is installed, and none elsewhere.",
        json_schema_extra=_accepts("`auto`, `none`, `local` or `openai-compatible`"),
    )
    embedding: EmbeddingFields = Field(
        default=EmbeddingFields(),
        description="How `openai-compatible` asks for vectors.",
        json_schema_extra=_accepts("a table"),
    )
    on_embedder_error: Literal["raise", "defer"] = Field(
        default="raise",
        description="When vectors cannot be had: fail, or go by words now and embed later.",
        json_schema_extra=_accepts("`raise` or `defer`"),
    )
    language: Literal["en", "de", "es", "neutral"] = Field(
        default="en",
        description="Language of what is said, for words and cues; `neutral` for all that have no rules here.",
        json_schema_extra=_accepts("`en`, `de`, `es` or `neutral`"),
    )
    calibration: Annotated[Path | None, BeforeValidator(_path)] = Field(
        default=None,
        description="File of the embedder's constants that `mnemon calibrate --out` wrote; none for what mnemon knows.",
        json_schema_extra=_accepts("a path"),
    )
    durability: Literal["process", "full"] = Field(
        default="process",
        description="What an acknowledged write survives: the end of the process, or a power cut too.",
        json_schema_extra=_accepts("`process` or `full`"),
    )
    cache_bytes: Annotated[int, _Number, Field(ge=0, le=2**50)] = Field(
        default=256 * _MIB,
        description="Bound of the vectors that are kept in memory.",
        json_schema_extra=_accepts("a whole number of bytes from 0 to 2^50"),
    )
    max_bytes: Annotated[int, _Number, Field(ge=_MIB, le=2**50)] | None = Field(
        default=None,
        description="Size that the file may not outgrow; none for no bound.",
        json_schema_extra=_accepts("a whole number of bytes from 1,048,576 to 2^50"),
    )
    retention_days: Annotated[int, _Number, Field(ge=0, le=36_500)] = Field(
        default=30,
        description="Days that a deleted memory can be brought back, before `purge` erases it.",
        json_schema_extra=_accepts("a whole number from 0 to 36,500"),
    )
    session_gap_minutes: Annotated[int, _Number, Field(ge=1, le=525_600)] = Field(
        default=30,
        description="Silence after which a turn without a `run_id` opens a new session.",
        json_schema_extra=_accepts("a whole number from 1 to 525,600"),
    )
