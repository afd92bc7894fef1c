"""Everything that can be set, read from all its sources."""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from mnemon.config.fields import PLAIN, EmbeddingFields, Settings
from mnemon.config.layers import arguments, environment, given_file, user_file

__all__ = ["EmbeddingConfig", "MemoryConfig"]

_file: ContextVar[str | os.PathLike[str] | None] = ContextVar("mnemon_config_file", default=None)
"""The file that `load` was given; pydantic-settings has no way of its own to hand it to the sources."""


class EmbeddingConfig(EmbeddingFields):
    """How `embedder="openai-compatible"` asks for vectors; see `OpenAICompatibleEmbedder`.

    Raises:
        ConfigError: an unknown name or a wrong value.
    """

    if not TYPE_CHECKING:  # type checkers make the signature from the fields

        def __init__(self, **parts: object) -> None:
            """Check the parts here already: pydantic's own error would name the model's fields, not settings."""
            arguments({"embedding": parts})
            super().__init__(**parts)


class MemoryConfig(Settings, BaseSettings):
    """The settings of a memory, checked and frozen.

    `MemoryConfig()` reads, in this order, the first that has a value counting:

    1. arguments;
    2. environment variables: `MNEMON_` and the setting's name, `__` before the name of a part;
    3. the TOML file that `load` is given, or else the one that `MNEMON_CONFIG` names;
    4. `config.toml` in the user's folder;
    5. the defaults.

    The parts of `embedding` are decided one by one. Nothing is read from the working directory.
    A relative path in a TOML file begins at that file; elsewhere it begins, as everywhere, at the
    working directory of the moment when the store is opened, or the calibration read.

    Raises:
        ConfigError: a source holds an unknown name or a wrong value, even one that another source
            overrides; the message says where it stands and what belongs there.

    Example:
        >>> MemoryConfig(project="shop", embedding=EmbeddingConfig(model="nomic-embed-text")).project
        'shop'
    """

    model_config = SettingsConfigDict(**PLAIN)

    # Frozen, so that a narrower type is safe.
    embedding: EmbeddingConfig = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        default=EmbeddingConfig(), description="How `openai-compatible` asks for vectors."
    )

    if not TYPE_CHECKING:  # type checkers make the signature from the fields

        def __init__(self, **explicit: object) -> None:
            """Read all sources."""
            super().__init__(**arguments(explicit))

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None, **explicit: object) -> Self:
        """Return the settings with those of a TOML file, which then stands in for the one of `MNEMON_CONFIG`.

        Raises:
            ConfigError: as the constructor, or the file cannot be read.
        """
        token = _file.set(path)
        try:
            values: dict[str, Any] = dict(explicit)
            return cls(**values)
        finally:
            _file.reset(token)

    def replace(self, **explicit: object) -> Self:
        """Return these settings with some changed; nothing else is read again.

        Raises:
            ConfigError: an unknown name or a wrong value.
        """
        changes = arguments(explicit)
        checked = Settings.model_validate(changes)
        update = {name: getattr(checked, name) for name in checked.model_fields_set}
        if "embedding" in changes:
            parts = {name: getattr(self.embedding, name) for name in EmbeddingFields.model_fields}
            parts |= {name: getattr(checked.embedding, name) for name in checked.embedding.model_fields_set}
            update["embedding"] = EmbeddingConfig(**parts)
        return self.model_copy(update=update)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - knows no wrong names; `environment` does
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - lies in the working directory
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not offered
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, the one that counts most first."""
        layers = (environment(os.environ), given_file(_file.get(), os.environ), user_file())
        return (init_settings, *(InitSettingsSource(settings_cls, values) for values in layers))
