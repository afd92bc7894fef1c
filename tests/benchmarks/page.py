"""Makes the page of benchmarks and its part of the README of what was measured: `python tests/benchmarks/page.py`.

`--draw` makes the pictures too; they need matplotlib, of the dependency group `bench`.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import read_results

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Group = dict[str, Any]

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs/_static/benchmarks"
RESULTS = PICTURES / "results.json"
PAGE = ROOT / "docs/reference/benchmarks.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- written by tests/benchmarks/page.py -->\n", "<!-- end -->\n"

HEAD = """# Benchmarks

What was measured, when, and on which machine. `nox -s bench` measures everything anew, in about fifty minutes (eighty \
with `BENCH_DATA`) and 4 GB of the temporary folder, and writes this page; `nox -s bench -- adds recalls` measures \
only those groups. Peers are installed from the package index and measured in the same run; mem0 as its package \
comes, without the extras that add a search by words. Vectors are computed beforehand and are the same for all, so \
that what is left is the work of the memory itself.

A figure without a limit is there to be compared with. The load is the number of jobs that wanted a processor when a \
group ended: where it is above the number of processors, times are longer than they need be, and only ratios within \
one run tell something. What a search finds is measured on conversations that are not part of the project, as their \
licences do not allow it; `BENCH_DATA` names their folder. In the pictures a red line is the limit, and a peer has \
another colour.
"""
TITLES = {
    "recalls": "Searching",
    "adds": "Adding",
    "quality": "What a search finds",
    "imports": "Importing",
    "writes": "The store: writing",
    "durability": "The store: durability",
    "searches": "The store: searching",
    "crowds": "The store: one scope among many",
    "kills": "The store: killed processes",
    "together": "The store: four processes and one file",
    "canary": "Isolation: a hundred users",
    "langgraph_savers": "LangGraph: checkpoints",
    "langgraph_growth": "LangGraph: a thread that grows",
    "langgraph_threads": "LangGraph: threads",
    "langgraph_items": "LangGraph: items",
    "llama_index_turns": "LlamaIndex: a turn",
    "autogen_turns": "AutoGen: a turn",
    "agent_framework_turns": "Agent Framework: a turn",
    "crewai_turns": "CrewAI: a task",
}
COMPARED = (
    (
        "adding one turn, in ms",
        "adds",
        "add one turn at 10,000 memories: p50",
        (("mem0 2.2.1, `infer=False`, 5,000", "mem0 2.2.1 add(infer=False) at 5,000: p50"),),
    ),
    (
        "a search in 5,000 memories, in ms",
        "recalls",
        "search in 5,000 memories, warm: p50",
        (("mem0 2.2.1", "mem0 2.2.1 search in 5,000: p50"),),
    ),
    *(
        (
            f"evidence found among the first 10, {data}",
            "quality",
            f"recall@10, {data}: mnemon",
            (
                ("mem0 2.2.1 without its extras", f"recall@10, {data}: mem0 2.2.1"),
                ("cosine", f"recall@10, {data}: cosine of the same vectors"),
                ("BM25", f"recall@10, {data}: BM25 of the same terms"),
            ),
        )
        for data in ("LoCoMo", "BEAM")
    ),
)
"""The rows of the README: what, its group, our figure, and those beside it with their names."""


def held(figure: Mapping[str, Any]) -> bool | None:
    """Return whether a figure is as it should be; None where nothing was asked for."""
    found = re.fullmatch(r"(<=|>=|<|>) ([\d,.]+)", figure["wanted"])
    if found is None:
        return None
    limit, value = float(found[2].replace(",", "")), figure["value"]
    return {"<=": value <= limit, ">=": value >= limit, "<": value < limit, ">": value > limit}[found[1]]


def number(value: float) -> str:
    """Return a number as people read it: three digits that count."""
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1 else f"{value:.3f}".rstrip("0").rstrip(".")


def page(groups: Mapping[str, Group]) -> str:
    """Return the page."""
    return "\n".join([HEAD, *(line for group in groups.values() for line in section(group))])


def section(group: Group) -> Iterator[str]:
    """Yield the lines about one group."""
    facts = {**group["machine"], **group["versions"]}
    told = ", ".join(
        f"{name} {value}" for name, value in facts.items() if name not in {"processor", "memory_gb", "cpus"}
    )
    yield from (f"## {TITLES.get(group['name'], group['name'])}", "", group["told"], "")
    yield from (f"![The figures of the table below](../_static/benchmarks/{group['name']}.svg)", "")
    yield from ("| what | measured | should be | |", "| --- | --: | --: | --- |")
    for one in group["figures"]:
        mark = {True: "yes", False: "**no**", None: ""}[held(one)]
        unit = f" {one['unit']}" if one["unit"] else ""
        yield f"| {one['name']} | {number(one['value'])}{unit} | {one['wanted']} | {mark} |"
    yield ""
    yield (
        f"`nox -s bench -- {group['name']}`, {group['measured_at'][:10]}, {group['seconds']:,} s on "
        f"{group['machine']['processor']}, {group['machine']['cpus']} processors, {group['machine']['memory_gb']} GB; "
        f"{told}; seed {group['seed']}."
    )
    yield ""


def compared(groups: Mapping[str, Group]) -> str:
    """Return the table of the README: of what was measured, and nothing else.

    Raises:
        KeyError: a group was measured and no longer has a figure of the table: it has another name now.
    """
    lines = ["| | mnemon | beside it |", "| --- | --- | --- |"]
    used: list[str] = []
    for what, name, ours, others in COMPARED:
        if name not in groups:
            continue
        values = {one["name"]: number(one["value"]) for one in groups[name]["figures"]}
        peers = [f"{values[figure]} ({label})" for label, figure in others if figure in values]
        if peers:
            lines.append(f"| {what} | {values[ours]} | {', '.join(peers)} |")
            used.append(name)
    command = " ".join(dict.fromkeys(used))
    machines = dict.fromkeys(_told(groups[name]["machine"], timed=name != "quality") for name in used)
    return "\n".join(lines) + f"\n\n`nox -s bench -- {command}` measures this; here on {' and '.join(machines)}.\n"


def _told(machine: Mapping[str, Any], *, timed: bool) -> str:
    loaded = timed and machine["load"] > 2 * machine["cpus"]
    busy = ", busy with other work, so that only the ratios count" if loaded else ""
    return f"{machine['cpus']} processors{busy}"


def readme(text: str, groups: Mapping[str, Group]) -> str:
    """Return the README with the table of these results in its place."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + compared(groups) + END + after


def main() -> None:
    """Write the page, the README's part, and where asked for the pictures."""
    parser = argparse.ArgumentParser(description="Make the page of benchmarks.")
    parser.add_argument("--draw", action="store_true", help="the pictures too")
    arguments = parser.parse_args()
    groups = read_results(RESULTS)
    PAGE.write_text(page(groups), encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8"), groups), encoding="utf-8")
    if arguments.draw:
        from benchmarks.plots import draw  # noqa: PLC0415 - needs what the page does not

        for group in groups.values():
            draw(group, PICTURES / f"{group['name']}.svg")


if __name__ == "__main__":
    main()
