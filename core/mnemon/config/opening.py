"""From settings to a store and an embedder. Nothing here asks the network."""

from __future__ import annotations

import logging
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mnemon.config.folders import user_store_file
from mnemon.config.notices import say_once
from mnemon.config.targets import FileTarget, parse_target
from mnemon.errors import ConfigError, MissingExtraError
from mnemon.protocols.embedder import Embedder
from mnemon.types.jsonvalue import shown
from mnemon.types.recall import RecallConfig

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from mnemon.config.settings import MemoryConfig
    from mnemon.protocols.async_store import AsyncStore
    from mnemon.protocols.store import Store

__all__ = ["choose_embedder", "choose_ranking", "default_path", "open_async_store", "open_settings", "open_store"]

_LOCAL_LIBRARIES = ("onnxruntime", "tokenizers")
_LOCAL_NAMES = "local:"
_REMOTE_NAMES = "openai-compatible:"
_CHOICES = "give 'auto', 'none', 'local', 'openai-compatible', or an object like those in mnemon.embedders"


def default_path() -> Path:
    """Return the user's default store: `memory.db` in the platform's folder for data, or in `MNEMON_HOME`.

    Raises:
        ConfigError: this user has no such folder.
    """
    return user_store_file()


def open_settings(config: MemoryConfig | str | os.PathLike[str] | None = None, **explicit: object) -> MemoryConfig:
    """Return the settings that a memory's arguments mean.

    Args:
        config: settings, which are taken as they are; the path of a TOML file; or None.
        explicit: settings by name, which count more than any other source; None is not given.

    Raises:
        ConfigError: an unknown name or a wrong value, in any source.
    """
    from mnemon.config.settings import MemoryConfig  # noqa: PLC0415 - pydantic stays out of `import mnemon`

    given = {name: value for name, value in explicit.items() if value is not None}
    if isinstance(config, MemoryConfig):
        return config.replace(**given) if given else config
    return MemoryConfig.load(config, **given)


def open_async_store(target: str | os.PathLike[str] | None, settings: MemoryConfig) -> Store | AsyncStore:
    """Open a store for async code: the sync one where there is no other; arguments and errors as for `open_store`."""
    named = settings.store if target is None else target
    opened = None if named is None else parse_target(named).open_async(settings)
    return open_store(target, settings) if opened is None else opened


def open_store(target: str | os.PathLike[str] | None, settings: MemoryConfig) -> Store:
    """Open a store; whoever opens it closes it.

    Args:
        target: a path, `:memory:`, an address (`sqlite:notes.db`, `sqlite:///srv/notes.db`, `memory:`,
            `weaviate://host:8080?grpc_port=50051`),
            or None for `settings.store`, and where that is None too, for the user's default file.
        settings: its durability and bounds, and the project that the log names.

    Raises:
        ConfigError: the target names no store that can be opened.
        StoreError: the store cannot be opened; see `SQLiteStore`.
    """
    named = settings.store if target is None else target
    if named is not None:
        return parse_target(named).open(settings)
    path = default_path()
    store = FileTarget(path).open(settings)
    say_once(
        logging.INFO,
        f"mnemon: using the default store {path}, project {settings.project!r}; "
        f"every application that uses both shares its memories",
    )
    return store


def choose_embedder(choice: object, settings: MemoryConfig, recorded: str | None = None) -> Embedder | None:
    """Return the embedder that was asked for, or None for search by words only.

    Args:
        choice: an embedder; `"auto"`, `"local"`, `"openai-compatible"`; `"none"` or None.
        settings: how to ask an OpenAI-compatible server.
        recorded: name of the embedder that the store's vectors were made with, or None. It decides
            what `"auto"` may be; any other choice is the caller's, who compares the names.

    Raises:
        MissingExtraError: the extra of the choice is not installed.
        ConfigError: the choice is none, settings that it needs are missing, or `"auto"` cannot find
            the recorded embedder.
    """
    if choice is None:
        return None
    if not isinstance(choice, str):
        return _checked(choice)
    match choice:
        case "none":
            return None
        case "auto":
            return _automatic(recorded)
        case "local":
            return _local()
        case "openai-compatible":
            return _openai_compatible(settings)
        case _:
            msg = f"embedder is {shown(choice)}; {_CHOICES}"
            raise ConfigError(msg)


def choose_ranking(settings: MemoryConfig, embedder: Embedder | None) -> RecallConfig:
    """Return how memories are ranked: the defaults for the language, with the constants that `calibration` names.

    Without an embedder nobody needs those constants; the file is still read, so that a wrong one is noticed.

    Raises:
        ConfigError: the file is no calibration, or one of another embedder.
    """
    plain = RecallConfig(language=settings.language)
    if settings.calibration is None:
        return plain
    from mnemon.config.calibrations import read_calibration  # noqa: PLC0415 - pydantic stays out of `import mnemon`

    fitted_to, constants = read_calibration(settings.calibration)
    if embedder is not None and embedder.name != fitted_to:
        msg = (
            f"the calibration in {settings.calibration} was fitted to the embedder {fitted_to!r}, and this one is "
            f"{embedder.name!r}; fit another with `mnemon calibrate --out`, or leave the setting calibration out"
        )
        raise ConfigError(msg)
    return replace(plain, calibrations={**plain.calibrations, fitted_to: constants})


def _automatic(recorded: str | None) -> Embedder | None:
    installed = all(find_spec(name) is not None for name in _LOCAL_LIBRARIES)
    if recorded is None and not installed:
        say_once(
            logging.WARNING,
            "mnemon: no embedder is installed, so memories are found by their words only; "
            'run: pip install "mnemon[local]", or set embedder="none" to mean that',
        )
        return None
    if recorded is not None and not recorded.startswith(_LOCAL_NAMES):
        raise ConfigError(_how_to_give(recorded))
    if not installed:
        feature, extra = f"{recorded}, the embedder that this store was written with,", "local"
        raise MissingExtraError(feature, extra)
    local = _local()
    if recorded not in {None, local.name}:
        msg = (
            f"this store was written with the embedder {recorded!r}, and this release brings {local.name!r}; "
            f"give its memories new vectors: Memory(..., embedder=None).reembed(embedder=LocalEmbedder()), "
            f"or install the release that wrote it"
        )
        raise ConfigError(msg)
    say_once(logging.INFO, f"mnemon: embedding on this machine with {local.name}")
    return local


def _how_to_give(recorded: str) -> str:
    problem = f'this store was written with the embedder {recorded!r}, which embedder="auto" cannot find'
    if recorded.startswith(_REMOTE_NAMES):
        return (
            f'{problem}; set embedder="openai-compatible" and what that name was made of: embedding.model, '
            f"embedding.base_url, and embedding.dimensions where the name ends with them"
        )
    return f"{problem}; give that embedder: Memory(..., embedder=...)"


def _local() -> Embedder:
    from mnemon.embedders.local import LocalEmbedder  # noqa: PLC0415 - most processes use one embedder or none

    return LocalEmbedder()


def _openai_compatible(settings: MemoryConfig) -> Embedder:
    options = settings.embedding
    if options.model is None:
        msg = (
            'embedder="openai-compatible" needs the name of a model; set embedding.model, '
            "in the environment MNEMON_EMBEDDING__MODEL"
        )
        raise ConfigError(msg)
    from mnemon.embedders.openai_compatible import OpenAICompatibleEmbedder  # noqa: PLC0415 - needs its extra

    return OpenAICompatibleEmbedder(
        options.model,
        base_url=options.base_url,
        api_key=None if options.api_key is None else options.api_key.get_secret_value(),
        dimensions=options.dimensions,
        headers={name: value.get_secret_value() for name, value in options.headers.items()},
        query_prefix=options.query_prefix,
        document_prefix=options.document_prefix,
        batch_size=options.batch_size,
        batch_characters=options.batch_characters,
        attempts=options.attempts,
        timeout_s=options.timeout_s,
        deadline_s=options.deadline_s,
    )


def _checked(choice: object) -> Embedder:
    if isinstance(choice, type):
        msg = f"embedder is the class {choice.__name__}; give an object of it: {choice.__name__}(...)"
        raise ConfigError(msg)
    if isinstance(choice, Embedder):
        return choice
    if callable(choice):
        # A function's own name would do for a while: every lambda has the same, and vectors are kept apart by it.
        msg = "embedder is a plain function; name its model: CallableEmbedder(function, name=...)"
        raise ConfigError(msg)
    msg = f"embedder is an object of {type(choice).__name__}, which cannot embed; {_CHOICES}"
    raise ConfigError(msg)
