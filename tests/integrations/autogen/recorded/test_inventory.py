"""The cassettes of this folder are those that its tests play."""

from __future__ import annotations

from tests.integrations.recording import test_every_recorded_test_has_its_cassette_and_none_holds_a_secret

__all__ = ["test_every_recorded_test_has_its_cassette_and_none_holds_a_secret"]
