"""Where settings come from: arguments, environment, files; each is checked by itself, so that errors name it."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from pydantic import BaseModel, ValidationError

from mnemon.config.fields import EmbeddingFields, Settings
from mnemon.config.folders import HOME_VARIABLE, user_config_file
from mnemon.config.targets import FileTarget, parse_target
from mnemon.errors import ConfigError
from mnemon.types.jsonvalue import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

__all__ = [
    "CONFIG_VARIABLE",
    "KNOWN",
    "SCOPE_VARIABLES",
    "arguments",
    "environment",
    "given_file",
    "user_file",
    "variable",
]

Key = tuple[str, ...]
Values = dict[str, object]

CONFIG_VARIABLE = "MNEMON_CONFIG"
"""Names the file of settings."""

SCOPE_VARIABLES = ("MNEMON_USER_ID", "MNEMON_AGENT_ID", "MNEMON_APP_ID", "MNEMON_RUN_ID")
"""Whom the command line means where no option says so. They are no settings: a program names its scope itself."""

_PREFIX = "MNEMON_"
_MOST_BYTES = 1_048_576
"""A file of settings is a page or two; a device or a mistaken path may never end."""
_MOST_SHOWN_BITS = 1_024
"""Python refuses to write numbers of more than 4,300 digits."""
_SECRET: frozenset[Key] = frozenset(
    {("store",), ("embedding",), ("embedding", "api_key"), ("embedding", "base_url"), ("embedding", "headers")}
)
"""Settings that may hold a key or a password: errors never show their values."""


def _known(model: type[BaseModel], prefix: Key = ()) -> dict[Key, FieldInfo]:
    found: dict[Key, FieldInfo] = {}
    for name, field in model.model_fields.items():
        key = (*prefix, name)
        found |= _known(EmbeddingFields, key) if field.annotation is EmbeddingFields else {key: field}
    return found


KNOWN = _known(Settings)
"""Every setting by its key, the parts of `embedding` one by one."""


def variable(key: Key) -> str:
    """Return the environment variable of a setting."""
    return _PREFIX + "__".join(key).upper()


_VARIABLES = {variable(key): key for key in KNOWN}
_OTHERS = (CONFIG_VARIABLE, HOME_VARIABLE, *SCOPE_VARIABLES)


class _Origin(Protocol):
    def name(self, key: Key) -> str:
        """Return what an error calls a setting that came from here."""
        ...

    def suggest(self, key: Key) -> str:
        """Return what a user would write here for a setting."""
        ...


@dataclass(frozen=True, slots=True)
class _Arguments:
    def name(self, key: Key) -> str:
        return f"argument {shown('.'.join(key))}"

    def suggest(self, key: Key) -> str:
        return ".".join(key)


@dataclass(frozen=True, slots=True)
class _Environment:
    def name(self, key: Key) -> str:
        return f"environment variable {variable(key)}"

    def suggest(self, key: Key) -> str:
        return variable(key)


@dataclass(frozen=True, slots=True)
class _File:
    path: Path

    def name(self, key: Key) -> str:
        return f"{shown('.'.join(key))} in {self.path}"

    def suggest(self, key: Key) -> str:
        return ".".join(key)


def arguments(values: Mapping[str, object]) -> Values:
    """Return explicit values, checked."""
    plain = dict(values)
    if isinstance(embedding := plain.get("embedding"), EmbeddingFields):
        # Only what was set in it: the rest may come from another source, as with a mapping.
        plain["embedding"] = {name: getattr(embedding, name) for name in embedding.model_fields_set}
    return _checked(plain, _Arguments())


def environment(variables: Mapping[str, str]) -> Values:
    """Return the values of the variables that begin with MNEMON_, checked.

    Raises:
        ConfigError: one of them is no setting, is empty, or holds something else than the setting takes.
    """
    values: Values = {}
    for name in sorted(variables):
        if not name.upper().startswith(_PREFIX) or name in _OTHERS:
            continue
        if name not in _VARIABLES:
            msg = f"environment variable {_cut(name)} is no setting of mnemon; {_nearest_variable(name)}"
            raise ConfigError(msg)
        if not variables[name]:
            # A deployment whose template filled in nothing must not fall back to a project that others share.
            msg = f"environment variable {name} is set but empty; give it a value, or unset it"
            raise ConfigError(msg)
        *parents, last = _VARIABLES[name]
        table = values
        for parent in parents:
            table = cast("Values", table.setdefault(parent, {}))
        table[last] = variables[name]
    return _checked(values, _Environment())


def given_file(path: str | os.PathLike[str] | None, variables: Mapping[str, str]) -> Values:
    """Return the values of the file that the caller or else MNEMON_CONFIG names, or none.

    Raises:
        ConfigError: there is no such file, or it is wrong.
    """
    named_by = "the path of a file of settings"
    if path is None:
        named_by = f"environment variable {CONFIG_VARIABLE}"
        path = variables.get(CONFIG_VARIABLE)
    return {} if path is None else _read(_located(path, named_by), named_by)


def user_file() -> Values:
    """Return the values of the file in the user's folder, where there is one."""
    path = user_config_file()
    return {} if path is None or not os.path.lexists(path) else _read(path, "the user's folder")


def _located(path: str | os.PathLike[str], named_by: str) -> Path:
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else None  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        msg = f"{named_by} is {shown(path)}; give the path of a TOML file, or leave it out"
        raise ConfigError(msg)
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        msg = f"{named_by} begins with the home directory of a user who has none; give an absolute path"
        raise ConfigError(msg) from error


def _read(path: Path, named_by: str) -> Values:
    values = _parsed(path, _text_of(path, named_by))
    _place_store(values, path.parent)
    _place_calibration(values, path.parent)
    return _checked(values, _File(path))


def _text_of(path: Path, named_by: str) -> str:
    try:
        if path.exists() and not path.is_file():
            msg = f"{path} (from {named_by}) is not a file; name a TOML file of settings"
            raise ConfigError(msg)
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        msg = (
            f"the settings in {path} (from {named_by}) cannot be read: {error.strerror}; "
            f"name another file, or mend its permissions"
        )
        raise ConfigError(msg) from error
    if len(content) > _MOST_BYTES:
        msg = f"{path} (from {named_by}) is larger than {_MOST_BYTES:,} bytes; name a TOML file of settings"
        raise ConfigError(msg)
    try:
        return content.decode("utf-8-sig")  # editors of Windows begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line, reason = content.count(b"\n", 0, error.start) + 1, error.reason
    msg = f"{path}, line {line}: not UTF-8 ({reason}); save the file as UTF-8"
    raise ConfigError(msg)


def _parsed(path: Path, text: str) -> Values:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
    except (ValueError, RecursionError) as error:
        reason = f"a number of too many digits, or tables nested too deeply ({type(error).__name__})"
    # Raised here, so that no traceback that shows variables finds the text of the file in its context.
    msg = f"{path} is not TOML: {reason}; mend that line"
    raise ConfigError(msg)


def _place_store(values: Values, folder: Path) -> None:
    """Take a relative path as seen from the file: the working directory has no say in settings."""
    store = values.get("store")
    if not isinstance(store, str):
        return
    try:
        target = parse_target(store)
    except ConfigError:
        return  # said by the check of the layer, with its place
    if isinstance(target, FileTarget) and not target.path.is_absolute():
        values["store"] = folder / target.path


def _place_calibration(values: Values, folder: Path) -> None:
    calibration = values.get("calibration")
    if isinstance(calibration, str) and calibration.strip():  # anything else is refused by the check of the layer
        values["calibration"] = os.fspath(folder / Path(calibration).expanduser())


def _checked(values: Values, origin: _Origin) -> Values:
    faults: list[str] = []
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        faults = [_fault(item, origin) for item in error.errors(include_url=False)]
    if faults:  # raised outside, so that the values are not in the error's context
        raise ConfigError("; ".join(faults))
    return values


def _fault(error: ErrorDetails, origin: _Origin) -> str:
    place = tuple(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{origin.name(place)} is no setting of mnemon; {_nearest(place, origin)}"
    key = next((place[:length] for length in range(len(place), 0, -1) if place[:length] in KNOWN), place[:1])
    reason = error.get("ctx", {}).get("error")
    if isinstance(reason, ValueError):
        return f"{origin.name(key)}: {reason}"
    accepts = _accepted(key)
    if key in _SECRET:
        return f"{origin.name(key)} does not hold what it takes: {accepts}"
    return f"{origin.name(key)} is {_plain(error['input'])}, but it takes {accepts}"


def _accepted(key: Key) -> str:
    field = KNOWN.get(key) or Settings.model_fields[key[0]]
    extra = cast("Mapping[str, object]", field.json_schema_extra)
    return str(extra["accepts"])


def _nearest(place: Key, origin: _Origin) -> str:
    by_name = {".".join(key): key for key in KNOWN}
    found = next((key for key in KNOWN if key[-1] == place[-1]), None)
    if found is None:
        near = get_close_matches(".".join(place), by_name, n=1, cutoff=0.6)
        found = by_name[near[0]] if near else None
    if found is None:
        return f"known are {', '.join(map(origin.suggest, KNOWN))}"
    return f"did you mean {origin.suggest(found)}?"


def _nearest_variable(name: str) -> str:
    known: Sequence[str] = (*_VARIABLES, *_OTHERS)
    if name == variable(("embedding",)):
        return f"set its parts one by one, such as {variable(('embedding', 'model'))}"
    if name.upper() in known:
        return f"did you mean {name.upper()}, in capital letters?"
    near = get_close_matches(name.upper(), known, n=1, cutoff=0.7)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


def _cut(name: str) -> str:
    return shown(name)[1:-1]


def _plain(value: object) -> str:
    """Show a value as it was written; not what an object says of itself, which may be long, secret, or an error."""
    if isinstance(value, int) and value.bit_length() > _MOST_SHOWN_BITS:
        return "a number of very many digits"
    if value is None or isinstance(value, str | int | float):
        return shown(value)
    return f"an object of {type(value).__name__}"
