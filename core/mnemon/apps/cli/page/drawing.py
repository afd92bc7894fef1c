"""The page: a template over what was gathered. Every text goes through one escaping door."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from mnemon.apps.cli.page.timeline import activity, arrange, changes
from mnemon.apps.cli.screen import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from mnemon.apps.cli.page.gathering import Inside
    from mnemon.apps.cli.page.timeline import Timeline
    from mnemon.types.memory import Hit

__all__ = ["MARK", "draw"]

MARK = "<!-- made by mnemon show -->"
"""What a page begins with, after the line that says that it is HTML: it may be replaced without asking."""

_COLOURS = 6
"""Colours of speakers, which the style sheet numbers."""
_LABELS = {
    "meaning": "meaning",
    "words": "words",
    "speaker": "speaker",
    "date": "date",
    "when": "tells a time",
    "neighbours": "neighbours",
    "answer": "answers a question",
    "question": "is a question",
    "session_meaning": "session, meaning",
    "session_words": "session, words",
}
"""What the signals are called on the page; one that is not here has its own name."""


@cache
def _part(name: str) -> str:
    return files("mnemon.apps.cli.page").joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_part),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def draw(inside: Inside) -> str:
    """Return the page."""
    timeline = arrange(inside)
    style = _part("page.css")
    policy = f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            anchors=_anchors(timeline),
            as_json=_json,
            bars=activity(timeline),
            changes=changes,
            clock=_clock,
            day=_day,
            inside=inside,
            labels=_LABELS,
            mark=Markup(MARK),  # noqa: S704 - a constant
            policy=f"{policy}; base-uri 'none'; form-action 'none'",
            signals=_signals,
            speakers=_speakers(timeline),
            strongest=_strongest,
            style=Markup(style),  # noqa: S704 - a file of this package, in which nothing is filled in
            timeline=timeline,
            version=version("mnemon"),
        )
    )


def _shown(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    """Return a value as a page shows it: what a browser would obey, drop or reorder stands there escaped.

    What jinja2 escapes has gone through here before, and markup of our own stays as it is.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "\t".join(clean(part, lines=True) for part in value.replace("\r\n", "\n").split("\t"))


def _clock(value: datetime) -> str:
    return f"{value:%H:%M}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"


def _speakers(timeline: Timeline) -> Mapping[str, int]:
    """Return the colour of each speaker, in order of appearance."""
    names = dict.fromkeys(entry.speaker for session in timeline.sessions for entry in session.entries)
    return {name: place % _COLOURS for place, name in enumerate(names)}


def _anchors(timeline: Timeline) -> Mapping[str, int]:
    """Return which entry a memory is on the page, by id."""
    entries = (entry for session in timeline.sessions for entry in session.entries)
    return {entry.record.id: place for place, entry in enumerate(entries, 1) if entry.record is not None}


def _strongest(hits: Sequence[Hit]) -> float:
    """Return the length of the longest bar of a search."""
    return max((abs(value) for hit in hits for value in (hit.signals or {}).values()), default=0) or 1


def _signals(hit: Hit, most: float) -> list[dict[str, object]]:
    """Return the signals that took part, the strongest first, each with its length in a bar of 100."""
    told = sorted((hit.signals or {}).items(), key=lambda one: -abs(one[1]))
    return [
        {"name": name, "value": f"{value:+.2f}", "length": f"{abs(value) / most * 100:.1f}", "less": value < 0}
        for name, value in told
        if abs(value) >= 0.005  # noqa: PLR2004 - what would show as .00
    ]
