"""Shapes and values that must never stand in a cassette."""

from __future__ import annotations

import os
import re

__all__ = ["secrets_in"]

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
    whose name speaks of a key, token, secret, password or credential. The answer never holds the secret.
    """
    found = [what for what, shape in _SHAPES.items() if shape.search(text)]
    for name, value in sorted(os.environ.items()):
        if _SECRET_NAMES.search(name) and len(value) >= _SHORTEST and value in text:
            found.append(f"the value of {name}")
    return found
