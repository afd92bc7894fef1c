"""How well memories are found, on anyone's questions; and constants for an embedder that is not known."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mnemon.apps.cli.call import Call
from mnemon.apps.cli.outcome import Outcome
from mnemon.apps.cli.problems import WRONG, Problem
from mnemon.apps.cli.screen import Column, progress_bar
from mnemon.config import choose_embedder, choose_ranking
from mnemon.types.recall import RecallConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from mnemon.apps.cli.commanding import Commands
    from mnemon.apps.cli.screen import Screen
    from mnemon.apps.evaluation import Conversation, Fit, Report, System
    from mnemon.memory import Memory
    from mnemon.protocols.embedder import Embedder
    from mnemon.types.jsonvalue import Json

__all__ = ["register"]


class Form(StrEnum):
    """What a file of questions is."""

    locomo = "locomo"
    beam = "beam"
    longmemeval = "longmemeval"
    jsonl = "jsonl"


class Baseline(StrEnum):
    """A plain search to compare with."""

    bm25 = "bm25"
    cosine = "cosine"


Data = Annotated[str, typer.Option("--data", help="The file.", metavar="PATH")]
_SHOWN = ("recall@1", "recall@5", "recall@10", "recall@20", "recall@50", "hit@10", "mrr", "recall in 1,000 tokens")
_CHARTED = "recall@10"
_READ = 10_000
"""Memories that are read for a sample of them."""


_BEGUN_ANEW = "interrupted; nothing was kept, and the same command begins anew"


def register(commands: Commands) -> None:
    """Add these commands to the program."""
    commands.command("eval", scoped=False)(evaluate)
    commands.command("calibrate")(calibrate)


def evaluate(
    call: Call,
    form: Annotated[Form, typer.Argument(help="locomo, beam, longmemeval, or jsonl for data of yours.")],
    *,
    data: Data,
    baseline: Annotated[
        list[Baseline] | None,
        typer.Option("--baseline", help="bm25 or cosine, in the same run; may be given twice.", metavar="NAME"),
    ] = None,
    words: Annotated[bool, typer.Option("--words", help="Ask mnemon without its embedder too.")] = False,
    chart: Annotated[
        str | None, typer.Option("--chart", help="Write a chart of recall@10 as SVG.", metavar="PATH")
    ] = None,
    first: Annotated[
        int | None, typer.Option("--first", help="Only so many conversations, the first ones.", show_default="all")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the resampling that gives the intervals.")] = 20_261_122,
) -> Outcome:
    """Measure how much of the evidence for questions is found; your memories are not touched."""
    from mnemon.apps import evaluation  # noqa: PLC0415 - other commands do without numpy

    if (first is not None and first < 1) or seed < 0:
        msg = "--first counts from 1, and --seed from 0; give a greater number"
        raise Problem(msg, code=WRONG, kind="UsageError")
    if chart is not None:
        _check_writable(chart, "--chart", ending=".svg")
    settings = call.settings()
    embedder = choose_embedder(settings.embedder, settings)
    recall = choose_ranking(settings, embedder)
    systems = _systems(embedder, recall, {one.value for one in baseline or ()}, words=words)
    with _interruptible(), progress_bar("asking", "turns and questions") as progress:
        conversations = evaluation.read_conversations(data, form.value)[:first]
        _check_asked(conversations, data, first)
        report = evaluation.evaluate(conversations, systems, seed=seed, progress=progress)
    setup: dict[str, Json] = {
        "data": Path(data).name,
        "format": form.value,
        "mnemon": version("mnemon"),
        "embedder": None if embedder is None else embedder.name,
        "calibrated": recall.is_calibrated(None if embedder is None else embedder.name),
        "recall": _plain(recall),
    }
    if chart is not None:
        _write_chart(chart, report, f"{_CHARTED} on {Path(data).name}")

    def show(screen: Screen) -> None:
        _show_report(screen, report, setup)
        if chart is not None:
            screen.line(f"chart: {chart}", "dim")

    return Outcome(data={**setup, **report.to_dict()}, count=report.questions["overall"], show=show)


@contextmanager
def _interruptible() -> Generator[None]:
    """Say what is true of work that leaves nothing behind, where it is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        raise Problem(_BEGUN_ANEW, kind="Interrupted") from None


def _check_writable(path: str, option: str, *, ending: str = "") -> None:
    """Refuse a file that could not be written after minutes of work."""
    file = Path(path)
    if not file.name.endswith(ending):
        msg = f"{option} takes a name that ends with {ending}, not {file.name}"
    elif not file.parent.is_dir():
        msg = f"{option} takes a file in a folder that is there; there is no folder {file.parent}"
    elif file.is_dir():
        msg = f"{option} takes the name of a file; {file} is a folder"
    else:
        return
    raise Problem(msg, code=WRONG, kind="UsageError")


def _systems(embedder: Embedder | None, recall: RecallConfig, baselines: set[str], *, words: bool) -> dict[str, System]:
    from mnemon.apps import evaluation  # noqa: PLC0415 - other commands do without numpy

    systems: dict[str, System] = {"mnemon": evaluation.Engine(embedder=embedder, recall=recall)}
    if words and embedder is not None:
        systems["mnemon, words"] = evaluation.Engine(embedder=None, recall=recall)
    if "bm25" in baselines:
        systems["bm25"] = evaluation.bm25
    if "cosine" in baselines:
        if embedder is None:
            msg = 'the baseline cosine needs an embedder; run: pip install "mnemon[local]", or set one up'
            raise Problem(msg, code=WRONG, kind="ConfigError")
        systems["cosine"] = evaluation.cosine(embedder)
    return systems


def _check_asked(conversations: list[Conversation], data: str, first: int | None) -> None:
    if not any(conversation.questions for conversation in conversations):
        msg = f"the first {first} conversations of {data} have no question with evidence; raise --first"
        raise Problem(msg, code=WRONG, kind="InvalidInputError")


def _plain(recall: RecallConfig) -> Json:
    """Return a configuration as JSON data; sets become sorted lists."""
    return json.loads(json.dumps(asdict(recall), default=sorted))


def _write_chart(path: str, report: Report, title: str) -> None:
    from mnemon.apps.evaluation import bar_chart  # noqa: PLC0415 - other commands do without numpy

    groups = {
        f"{category} ({count})": {name: found[category][_CHARTED] for name, found in report.figures.items()}
        for category, count in report.questions.items()
    }
    Path(path).write_text(bar_chart(title, groups), encoding="utf-8")


def _show_report(screen: Screen, report: Report, setup: Mapping[str, Json]) -> None:
    names = [Column("system", "bold"), Column("category", "cyan"), Column("questions")]
    columns = [*names, *(Column(measure, "green") for measure in _SHOWN), Column("95 % of recall@10", "dim")]
    rows = [
        [name, category, str(report.questions[category])]
        + [f"{values[measure].value:.3f}" for measure in _SHOWN]
        + [f"{values[_CHARTED].low:.3f} to {values[_CHARTED].high:.3f}"]
        for name, categories in report.figures.items()
        for category, values in categories.items()
    ]
    if not screen.terminal:
        rows.insert(0, [column.name for column in columns])
    screen.table(columns, rows)
    screen.line(
        f"{report.conversations} conversations, {report.turns} turns; embedder {setup['embedder'] or 'none'}; "
        f"seed {report.seed}; --json tells the rest",
        "dim",
    )
    if not setup["calibrated"]:
        screen.line("scores of this embedder are not calibrated; `mnemon calibrate` fits its constants", "yellow")


def calibrate(
    call: Call,
    *,
    data: Annotated[
        str | None, typer.Option("--data", help="Questions with evidence, as JSON lines.", metavar="PATH")
    ] = None,
    out: Annotated[str | None, typer.Option("--out", help="Write the constants there as JSON.", metavar="PATH")] = None,
) -> Outcome:
    """Fit the constants of your embedder, so that scores and thresholds mean what they say.

    With --data by questions of yours; else by the memories of a scope, which tells less.
    """
    if out is not None:
        _check_writable(out, "--out")
    settings = call.settings()
    embedder = choose_embedder(settings.embedder, settings)
    if embedder is None:
        msg = "there is no embedder to calibrate; choose one with the setting `embedder`"
        raise Problem(msg, code=WRONG, kind="ConfigError")
    with _interruptible():
        fit = _fitted(call, embedder, data, RecallConfig(language=settings.language))
    from mnemon.config.calibrations import calibration_to_dict  # noqa: PLC0415 - other commands do without it

    result = calibration_to_dict(fit.embedder, fit.calibration)
    constants = cast("dict[str, Json]", result["calibration"])
    if out is not None:
        Path(out).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    based: dict[str, Json] = {
        "questions": fit.questions,
        "memories": fit.memories,
        "apart": round(fit.apart, 4),
        "together": round(fit.together, 4),
    }

    def show(screen: Screen) -> None:
        screen.pairs([("embedder", fit.embedder), *((name, str(value)) for name, value in constants.items())])
        screen.pairs((name, str(value)) for name, value in based.items())
        if not fit.questions:
            screen.line("slope and centre are those of the local embedder: only questions can tell them", "yellow")
        if out is not None:
            screen.line(f"written to {out}", "dim")

    return Outcome(data={**result, **based}, show=show)


def _fitted(call: Call, embedder: Embedder, data: str | None, recall: RecallConfig) -> Fit:
    from mnemon.apps import evaluation  # noqa: PLC0415 - other commands do without numpy

    if data is not None:
        if call.scope:
            msg = "--data brings its own memories; leave out --user, --agent, --app and --run, and their variables"
            raise Problem(msg, code=WRONG, kind="UsageError")
        conversations = evaluation.read_conversations(data, "jsonl")
        with progress_bar("fitting", "conversations") as progress:
            return evaluation.fit_to_questions(embedder, conversations, recall=recall, progress=progress)
    if not call.scope:
        msg = "say whose memories to look at with --user, --agent, --app or --run, or give questions with --data"
        raise Problem(msg, code=WRONG, kind="ScopeError")
    with call.memory(embeds=False) as memory, progress_bar("reading", "memories") as progress:
        texts = _texts(memory, progress)
    return evaluation.fit_to_memories(embedder, texts)


def _texts(memory: Memory, progress: Callable[[int, int], None]) -> list[str]:
    """Return the texts of the newest memories of a scope, as many as are ever compared."""
    total = min(memory.count(), _READ)
    texts: list[str] = []
    cursor: str | None = None
    while len(texts) < total:
        page = memory.get_all(limit=1_000, cursor=cursor)
        texts += [record.text for record in page]
        progress(len(texts), total)
        cursor = page.cursor
        if cursor is None:
            break
    return texts
