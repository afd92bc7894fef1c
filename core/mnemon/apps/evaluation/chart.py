"""A chart of an evaluation as SVG: bars with their intervals, readable on light and dark pages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnemon.apps.evaluation.figures import Figure

__all__ = ["bar_chart"]

_COLOURS = ("#3b6fb6", "#c7782b", "#5d9457", "#8a63a8", "#8b8b8b")
_BAR, _GAP, _WIDTH, _LEFT, _RIGHT, _TOP = 15, 14, 420, 190, 60, 66
_FONT = "font-family='system-ui, sans-serif' font-size='12'"


def bar_chart(title: str, groups: Mapping[str, Mapping[str, Figure]]) -> str:
    """Return an SVG document: for each group (a category) one bar per name (a system), from 0 to 1."""
    names = list(dict.fromkeys(name for bars in groups.values() for name in bars))
    colours = {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(names)}
    parts = [_text(12, 22, title, weight="bold"), *_legend(colours)]
    top = _TOP
    for group, bars in groups.items():
        parts.append(_text(_LEFT - 10, top + len(bars) * _BAR / 2 + 4, group, anchor="end"))
        for name, figure in bars.items():
            parts += _bar(top, colours[name], figure, f"{group}, {name}")
            top += _BAR
        top += _GAP
    marks = [_mark(share / 4, top) for share in range(5)]
    width, height = _LEFT + _WIDTH + _RIGHT, top + 24
    head = f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' {_FONT} role='img'>"
    back = f"<rect width='{width}' height='{height}' fill='#ffffff'/>"
    return "\n".join([head, f"<title>{escape(title)}</title>", back, *marks, *parts, "</svg>"]) + "\n"


def _legend(colours: Mapping[str, str]) -> list[str]:
    parts: list[str] = []
    left = 12.0
    for name, colour in colours.items():
        parts.append(f"<rect x='{left:g}' y='36' width='11' height='11' fill='{colour}'/>")
        parts.append(_text(left + 16, 46, name))
        left += 32 + 7.5 * len(name)
    return parts


def _bar(top: float, colour: str, figure: Figure, meaning: str) -> list[str]:
    middle, end = top + _BAR / 2, _LEFT + figure.value * _WIDTH
    low, high = _LEFT + figure.low * _WIDTH, _LEFT + figure.high * _WIDTH
    told = f"{meaning}: {figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"
    shape = f"x='{_LEFT}' y='{top + 1:g}' width='{end - _LEFT:.1f}' height='{_BAR - 2}' fill='{colour}'"
    return [
        f"<rect {shape}><title>{escape(told)}</title></rect>",
        f"<path d='M{low:.1f} {middle:g}H{high:.1f}' stroke='#222222' stroke-width='1.2'/>",
        _text(high + 6, middle + 4, f"{figure.value:.3f}"),
    ]


def _mark(share: float, bottom: float) -> str:
    place = _LEFT + share * _WIDTH
    line = f"<path d='M{place:g} {_TOP - 6}V{bottom:g}' stroke='#dddddd'/>"
    return line + _text(place, bottom + 14, f"{share:g}", anchor="middle")


def _text(left: float, top: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    style = f"text-anchor='{anchor}' font-weight='{weight}' fill='#222222'"
    return f"<text x='{left:g}' y='{top:g}' {style}>{escape(text)}</text>"
