"""How a function becomes a command: with the options that all share, one envelope, and errors in one line."""

from __future__ import annotations

import inspect
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnemon.apps.cli.call import Call, refuse_part, scope_of_call
from mnemon.apps.cli.problems import problem_of
from mnemon.apps.cli.screen import Screen, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mnemon.apps.cli.outcome import Outcome
    from mnemon.apps.cli.problems import Problem

__all__ = ["ROOT_OPTIONS", "Commands", "report"]

Store = Annotated[
    str | None, typer.Option("--store", help="Path or address of the store.", show_default="the user's default file")
]
Project = Annotated[
    str | None, typer.Option("--project", help="The project; nothing crosses it.", show_default="default")
]
Config = Annotated[str | None, typer.Option("--config", help="A TOML file of settings.", metavar="PATH")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object, errors too.")]
User = Annotated[str | None, typer.Option("--user", "-u", help="Of this person [env: MNEMON_USER_ID].", metavar="ID")]
Agent = Annotated[str | None, typer.Option("--agent", help="Of this agent [env: MNEMON_AGENT_ID].", metavar="ID")]
App = Annotated[str | None, typer.Option("--app", help="Of this application [env: MNEMON_APP_ID].", metavar="ID")]
Run = Annotated[str | None, typer.Option("--run", help="Of this session or thread [env: MNEMON_RUN_ID].", metavar="ID")]

ROOT_OPTIONS: dict[str, tuple[Any, object]] = {
    "store": (Store, None),
    "project": (Project, None),
    "config": (Config, None),
    "as_json": (AsJson, False),
}
_SCOPE_OPTIONS: dict[str, tuple[Any, object]] = {
    "user_id": (User, None),
    "agent_id": (Agent, None),
    "app_id": (App, None),
    "run_id": (Run, None),
}


class Commands:
    """The commands of a program, in the order in which they are registered."""

    def __init__(self, app: typer.Typer) -> None:
        """Register with this program."""
        self._app = app

    def command(self, name: str, *, scoped: bool = True) -> Callable[[Callable[..., Outcome]], Callable[..., Outcome]]:
        """Make a command of a function that takes a `Call` and then its own options.

        `scoped` commands have the four options of a scope; the others mean a whole project or store.
        """

        def register(function: Callable[..., Outcome]) -> Callable[..., Outcome]:
            text = inspect.getdoc(function) or ""
            first, _, _ = text.partition("\n\n")
            self._app.command(name, help=text, short_help=first)(_with_options(function, name, scoped=scoped))
            return function

        return register


def _with_options(function: Callable[..., Outcome], name: str, *, scoped: bool) -> Callable[..., None]:
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    shared = {**(_SCOPE_OPTIONS if scoped else {}), **ROOT_OPTIONS}

    def run(ctx: typer.Context, **values: Any) -> None:  # noqa: ANN401 - whatever the command's options are
        root: Mapping[str, Any] = ctx.obj or {}
        given = {key: values.pop(key, None) for key in ROOT_OPTIONS}
        # An option that is given empty counts: it must not fall back to a store that others share.
        common = {key: root.get(key) if value in (None, False) else value for key, value in given.items()}
        ids = {key: values.pop(key, None) for key in _SCOPE_OPTIONS}
        as_json = bool(common.pop("as_json"))
        scope: dict[str, str] = {}
        try:
            scope, given = scope_of_call(ids) if scoped else ({}, [])
            if values.get("everywhere"):
                refuse_part(given)
            outcome = function(Call(json=as_json, scope=scope, **common), **values)
            _answer(name, outcome, scope, as_json=as_json)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the boundary of the process
            raise typer.Exit(report(name, problem_of(error), as_json=as_json, scope=scope)) from None

    parameters = [inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)]
    parameters += [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
    parameters += [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for key, (kind, default) in shared.items()
    ]
    run.__signature__ = inspect.Signature(parameters)
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _answer(name: str, outcome: Outcome, scope: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        _write_json(name, scope, count=outcome.count, data=outcome.data, error=None)
    else:
        outcome.show(Screen(sys.stdout))
    sys.stdout.flush()


def report(name: str | None, problem: Problem, *, as_json: bool, scope: Mapping[str, str]) -> int:
    """Tell what went wrong, and what was done before; return the exit code."""
    so_far = problem.so_far
    if as_json:
        count, data = (None, None) if so_far is None else (so_far.count, so_far.data)
        error = {"type": problem.kind, "message": problem.message, "exit_code": problem.code}
        try:
            _write_json(name, scope, count=count, data=data, error=error)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError:  # stdout itself is what failed, such as by a full disk
            as_json = False
    elif so_far is not None:
        with suppress(OSError):  # stdout itself may have failed; what went wrong is told all the same
            so_far.show(Screen(sys.stdout))
            sys.stdout.flush()
    if not as_json:
        sys.stderr.write(f"mnemon: {clean(problem.message)}\n")
    return problem.code


def _write_json(name: str | None, scope: Mapping[str, str], *, count: int | None, data: object, error: object) -> None:
    """Write the envelope; its keys are always all there, in this order."""
    envelope = {
        "status": "success" if error is None else "error",
        "command": name,
        "scope": dict(scope),
        "count": count,
        "data": data,
        "error": error,
    }
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(envelope, ensure_ascii=not unicode)
    if unicode:  # an id from the command line may hold bytes that are no UTF-8
        text = text.encode("utf-8", "backslashreplace").decode()
    sys.stdout.write(text + "\n")
