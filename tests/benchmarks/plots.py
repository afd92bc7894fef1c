"""Pictures of figures: curves over sizes, and bars for the rest, one panel for each unit."""

# pyright: basic, reportMissingImports=false, reportMissingModuleSource=false
from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot

if TYPE_CHECKING:
    from pathlib import Path

INK, OURS, THEIRS, LIMIT = "#7b8794", "#3a8f7a", "#b9a58b", "#c9603a"
CURVES = (OURS, "#5a78c2", "#b0568f", "#a08a1f", "#3d93b5", "#8a5a3a", "#6f7f2f", "#7d6fb0")
LEAST_POINTS = 3
"""A quantity that was measured at so many sizes is drawn as a curve."""
SPREAD = 20
"""From this ratio of the longest bar to the shortest, bars are on a logarithmic scale."""
NUMBER = re.compile(r"(?<![\w.@])\d[\d,]*(?![\w.])")
PEERS = (
    *("mem0", "the same row by bare", "cosine", "BM25", "one hybrid call", "by insert_many", "theirs,"),
    *("which recalls nothing", "ListMemory", "CrewAI's Memory"),
)
RATIOS = ("x", "times")

Figure = dict[str, Any]


def curves(figures: list[Figure]) -> dict[str, list[tuple[int, Figure]]]:
    """Return what was measured at several sizes: by its name without the size, in order of size."""
    found: defaultdict[str, list[tuple[int, Figure]]] = defaultdict(list)
    for one in figures:
        size = NUMBER.search(one["name"])
        if size is not None:
            found[NUMBER.sub("N", one["name"], count=1)].append((int(size[0].replace(",", "")), one))
    return {
        name: sorted(points, key=lambda point: point[0])
        for name, points in found.items()
        if len(points) >= LEAST_POINTS
    }


def draw(group: dict[str, Any], path: Path) -> None:
    """Draw the figures of a group into a file."""
    lines = curves(group["figures"])
    drawn = {one["name"] for points in lines.values() for _, one in points}
    bars: defaultdict[str, list[Figure]] = defaultdict(list)
    for one in group["figures"]:
        if one["name"] not in drawn:
            bars[one["unit"]].append(one)
    curved: defaultdict[str, dict[str, list[tuple[int, Figure]]]] = defaultdict(dict)
    for name, points in lines.items():
        curved[points[0][1]["unit"]][name] = points
    heights = [3.4] * len(curved) + [0.55 + 0.36 * len(rest) for rest in bars.values()]
    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "mnemon",
        "font.family": "sans-serif",
        "font.size": 9.5,
    }
    colours = dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), INK)
    with mpl.rc_context({**style, **colours, "legend.labelcolor": INK}):
        figure, panels = pyplot.subplots(
            len(heights),
            figsize=(9, sum(heights) + 0.5 * (len(heights) - 1)),
            height_ratios=heights,
            squeeze=False,
            layout="constrained",
        )
        free = [panel for (panel,) in panels]
        for panel in free:
            panel.spines[["top", "right"]].set_visible(False)
            panel.patch.set_alpha(0)
        for unit, some in curved.items():
            _curves(free.pop(0), unit, some)
        for panel, (unit, rest) in zip(free, bars.items(), strict=True):
            _bars(panel, unit, rest)
        figure.patch.set_alpha(0)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)


def _curves(panel: Any, unit: str, lines: dict[str, list[tuple[int, Figure]]]) -> None:  # noqa: ANN401 - matplotlib's types are not here
    for colour, (name, points) in zip(CURVES * 3, lines.items(), strict=False):
        sizes, values = zip(*((size, one["value"]) for size, one in points), strict=True)
        panel.plot(sizes, values, marker="o", markersize=4, color=colour, label=name.replace(" N ", " "))
        limits = [(size, float(re.sub(r"[^\d.]", "", one["wanted"]))) for size, one in points if one["wanted"]]
        if limits:
            panel.plot(*zip(*limits, strict=True), ls="", marker="_", markersize=16, mew=2, color=LIMIT)
    panel.set(xscale="log", yscale="log", xlabel="how many", ylabel=unit)
    panel.grid(alpha=0.18)
    panel.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def _bars(panel: Any, unit: str, figures: list[Figure]) -> None:  # noqa: ANN401 - the same
    values = [one["value"] for one in figures]
    least, most = min(values), max(values)
    places = range(len(figures))
    panel.barh(
        places,
        values,
        height=0.62,
        color=[
            THEIRS if unit not in RATIOS and any(peer in one["name"] for peer in PEERS) else OURS for one in figures
        ],
    )
    for place, one in zip(places, figures, strict=True):
        panel.annotate(" " + _shown(one["value"]), (one["value"], place), va="center", fontsize=8.5)
        if one["wanted"]:
            limit = float(re.sub(r"[^\d.]", "", one["wanted"]))
            panel.plot([limit, limit], [place - 0.42, place + 0.42], color=LIMIT, lw=2)
            most = max(most, limit)
    panel.set_yticks(places, [one["name"] for one in figures])
    panel.invert_yaxis()
    if least > 0 and most / least > SPREAD:
        panel.set_xscale("log")
        panel.set_xlim(least / 3, most * 3)
    else:
        panel.set_xlim(0, most * 1.15)
    panel.set_xlabel(unit or ("share" if most <= 1 else "number"))
    panel.tick_params(axis="y", length=0)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
