"""Ids of rows, made of what a row is about, and of the people whom a config names."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import blake2b
from typing import cast

from mnemon import Scope

__all__ = ["made_of", "named"]

_encode = json.JSONEncoder(separators=(",", ":")).encode


def made_of(*parts: object) -> str:
    """Return an id that these parts alone have: 22 characters, since it stands in every index."""
    digest = blake2b(_encode(parts).encode(), digest_size=16).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def named(user_id: object) -> str | None:
    """Return the `user_id` of a config or of an argument, or None where it names nobody.

    Raises:
        ScopeError: it cannot be one: no text, or blank, or too long.
    """
    return None if user_id is None else Scope(user_id=cast("str", user_id)).user_id
