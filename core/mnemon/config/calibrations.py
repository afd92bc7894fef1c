"""The file that `mnemon calibrate` writes and the setting `calibration` names: the constants of one embedder."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mnemon.errors import ConfigError
from mnemon.types.recall import Calibration

if TYPE_CHECKING:
    from pathlib import Path

    from mnemon.types.jsonvalue import Json

__all__ = ["calibration_to_dict", "read_calibration"]

_MOST_BYTES = 1_048_576
_STRICT = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)
_Names = frozenset[Annotated[str, Field(min_length=1)]]


class _Constants(BaseModel):
    model_config = _STRICT

    weight: Annotated[float, Field(ge=0)]
    floor: Annotated[float, Field(ge=-1, le=1)]
    slope: Annotated[float, Field(gt=0)]
    centre: float
    scripts: _Names | None = None
    languages: _Names | None = None


class _Fitted(BaseModel):
    model_config = _STRICT

    embedder: Annotated[str, Field(min_length=1)]
    calibration: _Constants


def calibration_to_dict(embedder: str, calibration: Calibration) -> dict[str, Json]:
    """Return the constants of an embedder, by its name, as the JSON data of a file."""
    sets = {name: None if value is None else sorted(value) for name, value in _sets(calibration)}
    return {"embedder": embedder, "calibration": cast("Json", {**asdict(calibration), **sets})}


def _sets(calibration: Calibration) -> tuple[tuple[str, frozenset[str] | None], ...]:
    return ("scripts", calibration.scripts), ("languages", calibration.languages)


def read_calibration(path: Path) -> tuple[str, Calibration]:
    """Return the embedder's name that a file gives, and its constants.

    Raises:
        ConfigError: the file cannot be read, or is not as `mnemon calibrate --out` writes it.
    """
    remedy = "write one with `mnemon calibrate --out`, or leave the setting calibration out"
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        msg = f"the calibration in {path} cannot be read: {error.strerror}; {remedy}"
        raise ConfigError(msg) from error
    if len(content) > _MOST_BYTES:
        msg = f"{path} is larger than {_MOST_BYTES:,} bytes, so it is no calibration; {remedy}"
        raise ConfigError(msg)
    try:
        fitted = _Fitted.model_validate_json(content)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors())
        reason = "; ".join(faults)
    else:
        return fitted.embedder, Calibration(**fitted.calibration.model_dump())
    msg = f"{path} is no calibration: {reason}; {remedy}"
    raise ConfigError(msg)
