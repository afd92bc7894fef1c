"""Which constants of ranking are taken."""

from __future__ import annotations

import math

import pytest

from mnemon.errors import ConfigError
from mnemon.types.recall import Calibration, RecallConfig


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("candidates", 0),
        ("candidates", -3),
        ("candidates", 5_001),  # twice as many are more than a store gives at once
        ("candidates", 1.5),
        ("candidates", True),
        ("rings", -1),
        ("imagined", 1),  # a word that all memories hold would weigh less than nothing
        ("usual_length", 0),
        ("term_damping", 0),
        ("length_share", 1.5),
        ("gathering", -0.1),
        ("date", math.nan),
        ("speaker", -1),
        ("when", "0.2"),
        ("session_words", math.inf),
        ("session_words", 10**400),
    ],
)
def test_a_constant_that_would_spoil_every_score_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"{name} must be a (whole )?number from .* to"):
        RecallConfig(**{name: value})  # pyright: ignore[reportArgumentType] - a test names constants freely


@pytest.mark.parametrize(
    ("name", "value"), [("slope", 0), ("slope", -4), ("slope", math.nan), ("floor", 2), ("weight", -1)]
)
def test_a_calibration_that_would_turn_scores_round_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"{name} must be a number from .* to"):
        Calibration(**{name: value})  # pyright: ignore[reportArgumentType] - as above
