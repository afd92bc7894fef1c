"""A cassette's file: YAML with JSON bodies spread out, a head that says what was recorded, and no secret in it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit, urlunsplit

import yaml

from mnemon.testing.cassettes.errors import CassetteError
from mnemon.testing.cassettes.messages import canonical
from mnemon.testing.cassettes.secrets import secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["MOST_BYTES", "Form", "clean_request", "clean_response", "read", "same_content"]

MOST_BYTES = 300_000
"""The size of the largest cassette that is written: what is larger is read by nobody."""

_WIDTH = 120
_LONG = 500
"""Characters beyond which a body that comes again is not written again."""

_HOST = "weaviate"
_KEPT = frozenset({"content-type", "date"})
"""The headers of a tape: what kind of thing an answer is, and the server's time, by which a store may go on."""
_ABOUT_ITSELF = ("version", "grpcMaxMessageSize")

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Form:
    """Reads and writes cassettes for vcrpy, with a head of its own.

    Attributes:
        recorded: what stands at the head: the versions of server and clients.
    """

    recorded: Mapping[str, str]

    def serialize(self, data: Mapping[str, Any]) -> str:
        """Return a cassette's text.

        Raises:
            CassetteError: it holds what looks like a secret, is too large, or would not be read as it was written.
        """
        for interaction in data["interactions"]:
            for part in (interaction["request"], interaction["response"]):
                part["body"] = _spread(part.get("body"))
            _forget_machine(interaction)
        _say_once(data["interactions"])
        head = {"recorded": dict(self.recorded)}
        text = _yaml(head, flow=False) + _yaml(data, flow=None)
        if found := secrets_of([text, head, data]):
            msg = f"the cassette would hold {', '.join(found)}; nothing was written. Record without it"
            raise CassetteError(msg)
        if len(text.encode()) > MOST_BYTES:
            msg = (
                f"the cassette would be {len(text.encode()):,} bytes, {MOST_BYTES:,} is the most; make the test smaller"
            )
            raise CassetteError(msg)
        if read(text) != {**head, **data}:
            msg = "the cassette would be read differently from how it was written; nothing was written"
            raise CassetteError(msg)
        return text

    @staticmethod
    def deserialize(text: str) -> dict[str, Any]:
        """Return what vcrpy stored."""
        data = read(text)
        for interaction in data["interactions"]:
            interaction["request"]["body"] = _gathered(interaction["request"]["body"])
            interaction["response"]["body"] = {"string": _gathered(interaction["response"]["body"])}
        return data


def read(text: str) -> Any:
    """Return the data of a cassette's text."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader


def _yaml(data: object, *, flow: bool | None) -> str:
    """Return data as YAML; with `flow` None, what holds only plain values stands in one line."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=flow)


def _forget_machine(interaction: Mapping[str, Any]) -> None:
    """Keep of what a server says about itself what clients ask it for: the rest names its machine and folders.

    Its time is kept only there, where a store asks for it.
    """
    body = interaction["response"]["body"]
    if urlsplit(str(interaction["request"]["uri"])).path != "/v1/meta":
        interaction["response"]["headers"].pop("date", None)
    elif "json" in body:
        body["json"] = {name: body["json"][name] for name in _ABOUT_ITSELF if name in body["json"]}


def _say_once(interactions: Iterable[dict[str, Any]]) -> None:
    """Make long bodies that are equal one object: YAML writes it once, and refers to it after that."""
    seen: dict[str, Any] = {}
    for interaction in interactions:
        for part in (interaction["request"], interaction["response"]):
            text = canonical(part["body"])
            if len(text) > _LONG:
                part["body"] = seen.setdefault(text, part["body"])


def _spread(body: Any) -> Any:
    text: Any = cast("dict[str, Any]", body)["string"] if isinstance(body, dict) else body
    if isinstance(text, str) and text[:1] in {"{", "["}:
        with suppress(ValueError):
            return {"json": json.loads(text)}
    return {"text": text or ""}


def _gathered(body: Mapping[str, Any]) -> Any:
    return canonical(body["json"]) if "json" in body else body["text"]


def clean_request(request: Any) -> Any:
    """Keep of a request what is compared: servers move, and headers hold keys."""
    request.uri = urlunsplit(urlsplit(str(request.uri))._replace(netloc=_HOST))
    request.headers = _kept(request.headers)
    return request


def clean_response(response: dict[str, Any]) -> dict[str, Any]:
    """Keep of an answer its status, its body, what kind of thing that is, and when it was given."""
    return {**response, "headers": _kept(response["headers"])}


def _kept(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in headers.items() if name.lower() in _KEPT}


def same_content(one: Any, other: Any) -> None:
    """Compare the bodies of two requests, as vcrpy's matchers do: an assertion that says what differs."""
    mine, theirs = _content(one), _content(other)
    assert mine == theirs, f"asked now:\n{mine}\nrecorded:\n{theirs}"


def _content(request: Any) -> str:
    body = request.body or b""
    text = body.decode(errors="backslashreplace") if isinstance(body, bytes) else str(body)
    try:
        return canonical(json.loads(text))
    except ValueError:
        return text
