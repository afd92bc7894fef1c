"""The page of what each part of the ranking is worth, made of the results that are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnemon.logic.recall import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Results = Mapping[str, Any]

__all__ = ["PAGE", "RESULTS", "page", "read", "write"]

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs/_static/benchmarks/recall.json"
PAGE = ROOT / "docs/reference/recall.md"
HEAD = """# What each part of the ranking is worth

Recall@10 on the development parts of LoCoMo (talk between people, categories 1 to 4) and BEAM (chats with an \
assistant), of what a search ranks, with one configuration; "by words" is without an embedder. \
{doc}`/explanation/ranking` explains the parts. `python tests/benchmarks/recall.py signals --data FOLDER --keep` \
measures this anew and writes this page, `recall.py mem0` its last table; the data are not part of the project, as \
their licences do not allow it.
"""
WITHOUT = """## Without each part

What is left when one part is taken out of the sum, or one rule is switched off: the change with its 95 % interval \
over questions, and in how many conversations it is worse and better without.
"""
REFITTED = """## Weights that other conversations choose

For each conversation, of {draws} settings (each weight times .5 to 2, `words` being the unit) the one that suits all \
*other* conversations of both sets best, asked on this one. If the default weights were fitted too closely, others \
would do as well or better where they are asked for the first time. The last column is what 80 % of the settings reach.
"""
BESIDE = """## Beside mem0

mem0 {version} (`infer=False`, its default store) with the same vectors, asked in the same run. Its search by words \
and its reading of entities need further packages, which fetch models from the network when they first run; as it \
installs by itself it searches by cosine.
"""


def read(path: Path = RESULTS) -> dict[str, Any]:
    """Return the results that are kept, or none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(results: Results) -> None:
    """Keep results, and write their page."""
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(results), encoding="utf-8")


def page(results: Results) -> str:
    """Return the page of these results."""
    return "\n".join([HEAD, *_without(results), *_refitted(results), *_beside(results)]).rstrip() + "\n"


def _table(*rows: list[str]) -> Iterator[str]:
    head, *rest = rows
    for row in (head, ["---"] * len(head), *rest):
        yield f"| {' | '.join(row)} |"
    yield ""


def _without(results: Results) -> Iterator[str]:
    groups = list(results["groups"])
    rows = [
        [f"`{name}`" if name in SIGNALS else name]
        + [_cell(values[group], changed=name != "nothing") for group in groups]
        for name, values in results["ablations"].items()
    ]
    yield WITHOUT
    yield from _table(["without", *groups], *rows)
    counts = (f"{group} {one['questions']} in {one['conversations']}" for group, one in results["groups"].items())
    yield f"Questions and conversations: {', '.join(counts)}. Measured on {results['measured']}.\n"


def _cell(value: Mapping[str, float], *, changed: bool) -> str:
    if not changed:
        return f"**{_three(value['recall'])}**"
    interval = f"{_three(value['low'], sign=True)} to {_three(value['high'], sign=True)}"
    return f"{_three(value['change'], sign=True)} ({interval}), {value['worse']} worse, {value['better']} better"


def _refitted(results: Results) -> Iterator[str]:
    yield REFITTED.format(draws=results["draws"])
    rows = [
        [
            group,
            *(_three(one[name]) for name in ("default", "refitted")),
            f"{_three(one['low'])} to {_three(one['high'])}",
        ]
        for group, one in results["folds"].items()
    ]
    yield from _table(["", "default", "refitted without the one that is asked", "80 % of the settings"], *rows)
    yield "Per conversation, default and refitted:\n"
    for group, one in results["folds"].items():
        each = (f"{name} {_three(a)}, {_three(b)}" for name, (a, b) in one["conversations"].items())
        yield f"- {group}: {'; '.join(each)}."
    yield ""


def _beside(results: Results) -> Iterator[str]:
    if "mem0" not in results:
        return
    yield BESIDE.format(version=results["mem0"]["version"])
    rows = [
        [data, system, *(_three(value) for value in measures.values())]
        for data, systems in results["mem0"]["figures"].items()
        for system, measures in systems.items()
    ]
    measures = next(iter(next(iter(results["mem0"]["figures"].values())).values()))
    yield from _table(["", "", *measures], *rows)


def _three(value: float, *, sign: bool = False) -> str:
    """Return a share with three digits, and without the 0 before the point."""
    text = f"{value:+.3f}" if sign else f"{value:.3f}"
    return "0" if float(text) == 0 else text.replace("0.", ".", 1)
