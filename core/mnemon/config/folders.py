"""The user's own folders: where the default store and the user's settings lie."""

from __future__ import annotations

import os
from pathlib import Path

from mnemon.errors import ConfigError
from mnemon.types.jsonvalue import shown

__all__ = ["HOME_VARIABLE", "user_config_file", "user_store_file"]

HOME_VARIABLE = "MNEMON_HOME"
"""Names one folder to use instead of the platform's two: tests and services without a home directory need it."""


def user_store_file() -> Path:
    """Return the default store's file.

    Raises:
        ConfigError: this user has no folder for data.
    """
    folder = _own_folder() or _platform_folder("user_data_dir")
    if folder is None:
        msg = (
            "this user has no folder for data (no home directory, or XDG_DATA_HOME is not an absolute path); "
            f"name a store, with MNEMON_STORE for example, or set {HOME_VARIABLE} to a folder"
        )
        raise ConfigError(msg)
    return folder / "memory.db"


def user_config_file() -> Path | None:
    """Return where the user's settings would lie, or None for a user without a folder for them."""
    folder = _own_folder() or _platform_folder("user_config_dir")
    return None if folder is None else folder / "config.toml"


def _own_folder() -> Path | None:
    value = os.environ.get(HOME_VARIABLE)
    if value is None:
        return None
    folder = Path(value)
    if not folder.is_absolute():
        msg = f"environment variable {HOME_VARIABLE} is {shown(value)}; give the absolute path of a folder, or unset it"
        raise ConfigError(msg)
    return folder


def _platform_folder(kind: str) -> Path | None:
    import platformdirs  # noqa: PLC0415 - `import mnemon` does not need it

    try:
        # Without an author Windows gives mnemon/, not mnemon/mnemon/.
        folder = Path(getattr(platformdirs, kind)("mnemon", appauthor=False))
    except RuntimeError:  # newer releases say so when the user has no home directory, older ones give "~/..."
        return None
    # The XDG specification says to ignore a relative path: it would mean the working directory.
    return folder if folder.is_absolute() else None
