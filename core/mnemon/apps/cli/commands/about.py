"""What is set, and what is installed."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from pydantic import SecretStr

from mnemon.apps.cli.call import Call
from mnemon.apps.cli.outcome import Outcome
from mnemon.apps.cli.screen import Column
from mnemon.config import default_path
from mnemon.config.folders import user_config_file
from mnemon.config.layers import CONFIG_VARIABLE, KNOWN, environment, given_file, user_file, variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnemon.apps.cli.commanding import Commands
    from mnemon.types.jsonvalue import Json

__all__ = ["register"]

_HIDDEN = "(hidden)"
_EXTRAS = ("onnxruntime", "tokenizers", "httpx", "stamina", "typer", "rich", "ijson", "jinja2")


def register(commands: Commands) -> None:
    """Add these commands to the program."""
    commands.command("config", scoped=False)(config)
    commands.command("version", scoped=False)(show_version)


def config(call: Call) -> Outcome:
    """Show every setting, its value and where that comes from; keys are hidden."""
    settings = call.settings()
    layers = _layers(call)
    rows: list[dict[str, Json]] = []
    for key in KNOWN:
        source = next((name for name, values in layers if _at(values, key) is not None), "default")
        value: object = settings
        for part in key:
            value = getattr(value, part)
        if key == ("store",) and value is None:
            value = str(default_path())
        if source.startswith("environment"):
            source = f"environment variable {variable(key)}"
        rows.append({"setting": ".".join(key), "value": _shown(value), "source": source})
    cells = [["" if one["value"] is None else str(one["value"]) for one in rows]]
    table = [[str(one["setting"]), cell, str(one["source"])] for one, cell in zip(rows, cells[0], strict=True)]
    columns = (Column("setting", "bold"), Column("value", "green", wide=True), Column("source", "cyan", wide=True))
    return Outcome(data={"results": rows}, count=len(rows), show=lambda screen: screen.table(columns, table))


def _layers(call: Call) -> list[tuple[str, Mapping[str, object]]]:
    """Return the sources of settings by name, the one that counts most first."""
    options = {"store": call.store, "project": call.project}
    named = call.config or os.environ.get(CONFIG_VARIABLE)
    return [
        ("option", options),
        ("environment", environment(os.environ)),
        (f"file {named}", given_file(call.config, os.environ)),
        (f"file {user_config_file()}", user_file()),
    ]


def _at(values: Mapping[str, object], key: tuple[str, ...]) -> object:
    value: object = values
    for part in key:
        value = value.get(part) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - settings of any source
    return value  # pyright: ignore[reportUnknownVariableType] - the same


def _shown(value: object) -> Json:
    if isinstance(value, SecretStr):
        return _HIDDEN
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_HIDDEN}" for name in value) or None  # pyright: ignore[reportUnknownVariableType] - headers
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def show_version(call: Call) -> Outcome:
    """Show the version of mnemon, and of what it runs with."""
    del call
    data: dict[str, Json] = {
        "mnemon": version("mnemon"),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    for name in _EXTRAS:
        try:
            data[name] = version(name)
        except PackageNotFoundError:
            data[name] = None
    shown = [(name, "not installed" if value is None else str(value)) for name, value in data.items()]
    return Outcome(data=data, show=lambda screen: screen.pairs(shown))
