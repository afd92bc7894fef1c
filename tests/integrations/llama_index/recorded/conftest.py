"""What the adapter keeps and finds over Weaviate, from a real server and from a recording of it."""

from __future__ import annotations

from tests.integrations.recording import *  # noqa: F403 - fixtures, all of them
