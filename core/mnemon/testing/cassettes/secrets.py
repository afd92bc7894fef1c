"""Shapes and values that must never stand in a cassette."""

from __future__ import annotations

import base64
import json
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["secrets_in", "secrets_of"]

_SHAPES = {
    "an authorization header": re.compile(r"(?i)\bauthorization\b|\bbearer\s+\S{8}|\bbasic\s+[a-z0-9+/]{12,}={0,2}"),
    "a header or field of a key": re.compile(r"(?i)\b(?:x-)?[a-z-]*api[-_]?key\b['\"]?\s*[:=]\s*\S"),
    "a password or secret": re.compile(r"(?i)\b(?:password|passwd|client_secret|secret_key)\b['\"]?\s*[:=]\s*\S"),
    "a cookie": re.compile(r"(?i)\b(?:set-)?cookie\b['\"]?\s*:"),
    "a key of OpenAI or Anthropic": re.compile(r"\bsk-[A-Za-z0-9_-]{16,}"),
    "a key of AWS": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a token of GitHub": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})"),
    "a key of Google": re.compile(r"\bAIza[A-Za-z0-9_-]{30,}"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a name and password in a URL": re.compile(r"://[^/\s:@]+:[^/\s:@]+@"),
}

_SECRET_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)

_SHORTEST = 8
"""Characters below which the value of a variable is no secret: `1` and `true` stand everywhere."""


def secrets_in(text: str) -> list[str]:
    """Name what in a text looks like a secret, or is one of this process's; empty if nothing does.

    Looked for are the shapes of keys, tokens and headers, and the values of every environment variable
    whose name speaks of a key, token, secret, password or credential, also where the text is JSON, a URL
    or base64 that holds them. The answer never holds the secret.
    """
    return secrets_of(text)


def secrets_of(data: object) -> list[str]:
    """Do as `secrets_in` for all strings of dicts and lists: in a file they stand quoted, escaped and folded."""
    strings = set(_strings(data))
    found = [what for what, shape in _SHAPES.items() if any(shape.search(one) for one in strings)]
    for name, value in sorted(os.environ.items()):
        plain = value.strip()
        if not _SECRET_NAMES.search(name) or len(plain) < _SHORTEST:
            continue
        spellings = set(_spellings(plain))
        if any(spelling in one for one in strings for spelling in spellings):
            found.append(f"the value of {name}")
    return found


def _strings(node: object) -> Iterator[str]:
    """Give every string of data, keys too, as it stands, without percent-encoding, and what JSON in it says."""
    if isinstance(node, dict):
        for key, value in cast("dict[Any, Any]", node).items():
            yield from _strings(key)
            yield from _strings(value)
    elif isinstance(node, list | tuple):
        for one in cast("Sequence[Any]", node):
            yield from _strings(one)
    elif isinstance(node, bytes):
        yield from _strings(node.decode(errors="backslashreplace"))
    elif isinstance(node, str):
        yield from (node, unquote(node), unquote_plus(node))
        if node.lstrip()[:1] in {"{", "[", '"'}:
            with suppress(ValueError):
                yield from _strings(json.loads(node))
    else:
        yield str(node)  # a key may be a number


def _spellings(value: str) -> Iterator[str]:
    """Give a value as it stands, as within quotes of JSON and GraphQL, and as within base64."""
    yield from (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    raw = value.encode(errors="surrogateescape")
    for before in range(3):  # bytes before it in a group of three decide how base64 writes it
        encoded = base64.b64encode(bytes(before) + raw).decode()
        certain = encoded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        yield from (certain, certain.translate(str.maketrans("+/", "-_")))
