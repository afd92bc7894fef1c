"""One call of a command: whose memories it means, where they are, and how it answers."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from mnemon.apps.cli.problems import WRONG, Problem
from mnemon.config import open_settings
from mnemon.config.layers import SCOPE_VARIABLES
from mnemon.config.targets import FileTarget, MemoryTarget, parse_target
from mnemon.logic.versions import KEEP
from mnemon.memory import Memory
from mnemon.types.scope import SCOPE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from mnemon.config import MemoryConfig

__all__ = ["Call", "refuse_in_memory", "refuse_part", "scope_of_call"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What all commands are told by their options.

    Attributes:
        store: a path or address, or None for that of the settings.
        project: the project, or None for that of the settings.
        config: the path of a file of settings, or None.
        json: whether a program reads the answer.
        scope: the ids that are given, by name.
    """

    store: str | None = None
    project: str | None = None
    config: str | None = None
    json: bool = False
    scope: Mapping[str, str] = field(default_factory=dict[str, str])

    def settings(self) -> MemoryConfig:
        """Return the settings with the options among them."""
        return open_settings(self.config, store=self.store, project=self.project)

    @contextmanager
    def memory(self, *, embeds: bool = True, creates: bool = False, bound: bool = True) -> Generator[Memory]:
        """Open the memory, bound to the scope where one is given.

        Args:
            embeds: whether vectors are needed; what only reads rows or deletes them does without.
            creates: whether a store that `--store` names may be new.
            bound: False where the scope is handed to the call itself.

        Raises:
            Problem: a store that `--store` names is not there, or the store is one in memory.
        """
        settings = self.settings()
        refuse_in_memory(settings.store)
        if self.store is not None and not creates:
            target = parse_target(self.store)
            if isinstance(target, FileTarget) and not target.path.exists():
                msg = f"there is no store at {target.path}; check the name, or begin one with `mnemon add`"
                raise Problem(msg, kind="NotFoundError")
        with Memory(config=settings, embedder=KEEP if embeds else None) as memory:
            yield memory.scoped(**self.scope) if self.scope and bound else memory

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something is lost.

        Raises:
            Problem: the answer is no, or there is nobody to ask.
        """
        if yes:
            return
        if self.json or not sys.stdin.isatty():
            msg = f"this asks first ({question}), and nobody can answer here; say --yes to mean it"
            raise Problem(msg, code=WRONG, kind="NeedsConfirmation")
        if not typer.confirm(question, err=True):
            msg = "nothing was changed, as you answered no"
            raise Problem(msg, kind="Cancelled")


def refuse_in_memory(store: str | Path | None) -> None:
    """Refuse a store in memory, which is empty when a command begins, and gone when it ends.

    Raises:
        Problem: it is one.
    """
    if store is not None and isinstance(parse_target(store), MemoryTarget):
        msg = (
            f"nothing of {store} remains when this command ends, and nothing is in it when it begins; name a file with "
            f"--store or MNEMON_STORE, or leave both out for the user's default file"
        )
        raise Problem(msg, code=WRONG, kind="StoreInMemory")


def scope_of_call(options: Mapping[str, str | None]) -> tuple[dict[str, str], list[str]]:
    """Return the ids of a scope, and what gave them: an option counts more than its environment variable.

    Raises:
        Problem: a variable is set but empty: whose memories are meant must not depend on what a
            template left out.
    """
    scope: dict[str, str] = {}
    given: list[str] = []
    for name, variable in zip(SCOPE_FIELDS, SCOPE_VARIABLES, strict=True):
        value = options.get(name)
        if value is None and variable in os.environ:
            value = os.environ[variable]
            if not value:
                msg = f"environment variable {variable} is set but empty; give it a value, or unset it"
                raise Problem(msg, code=WRONG, kind="ConfigError")
        if value is not None:
            scope[name] = value
            option = f"--{name.removesuffix('_id')}"
            given.append(option if options.get(name) is not None else f"the variable {variable}")
    return scope, given


def refuse_part(given: Sequence[str]) -> None:
    """Refuse ids of a scope where the whole project is asked for.

    Raises:
        Problem: something gave one.
    """
    if given:
        some = " and ".join(given)
        msg = (
            f"--everywhere means the whole project, and {some} a part of it: they exclude each other; leave out "
            f"--everywhere, or {some}"
        )
        raise Problem(msg, code=WRONG, kind="ScopeError")
