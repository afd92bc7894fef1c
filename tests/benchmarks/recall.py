"""What each part of the ranking is worth: `python tests/benchmarks/recall.py signals|mem0 [--data FOLDER] [--keep]`.

The folder (or MNEMON_EVAL_DATA) holds `locomo_dev.json` and `beam_dev.json`; one turn is one memory, the scope is the
question's own conversation. `mnemon eval` gives the figures of the ranking itself; this compares it with others:

signals   without each part in turn; and weights refitted without a conversation, then asked on it
mem0      mem0 2.2.1 (`infer=False`) with the same vectors, beside mnemon in the same run

`--keep` writes docs/reference/recall.md. All of it takes about an hour on two cores, most of that for vectors;
`--first` takes a part.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import recall_page
from benchmarks.ablations import DRAWS, ablations, answered, folds
from benchmarks.mem0_recall import Mem0
from mnemon.apps.evaluation import Conversation, Engine, evaluate, read_conversations
from mnemon.embedders.local import LocalEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Sets = Mapping[str, Sequence[Conversation]]

FILES = {"locomo": "locomo_dev.json", "beam": "beam_dev.json"}
NAMES = {"locomo": "LoCoMo", "beam": "BEAM"}
MEASURES = ("recall@1", "recall@5", "recall@10", "recall@20", "mrr")
MEM0 = "2.2.1"


def load(folder: Path) -> dict[str, list[Conversation]]:
    """Return the conversations of each set with the questions that count."""
    return {
        form: [
            Conversation(name=one.name, turns=one.turns, questions=tuple(q for q in one.questions if q.counts))
            for one in read_conversations(folder / file, form)
        ]
        for form, file in FILES.items()
    }


def signals(sets: Sets) -> dict[str, Any]:
    """Return what each part is worth, and what weights that were fitted to other conversations reach."""
    embedder = LocalEmbedder()
    named = {NAMES[form]: conversations for form, conversations in sets.items()}
    with_it = [one for name, own in named.items() for one in answered(own, group=name, embedder=embedder)]
    by_words = [one for name, own in named.items() for one in answered(own, group=f"{name} by words", embedder=None)]
    every = [*with_it, *by_words]
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "embedder": embedder.name,
        "draws": DRAWS,
        "groups": {
            group: {
                "conversations": sum(one.group == group for one in every),
                "questions": sum(len(one.questions) for one in every if one.group == group),
            }
            for group in dict.fromkeys(one.group for one in every)
        },
        "ablations": ablations(every),
        "folds": {**folds(with_it), **folds(by_words)},
    }


def beside_mem0(sets: Sets) -> dict[str, Any]:
    """Return what mnemon and mem0 find with the same vectors."""
    embedder = LocalEmbedder()
    figures: dict[str, Any] = {}
    for form, conversations in sets.items():
        with Mem0(embedder) as mem0:
            report = evaluate(conversations, {"mnemon": Engine(embedder=embedder), f"mem0 {MEM0}": mem0})
        asked = sum(len(one.questions) for one in conversations)
        figures[f"{NAMES[form]}, {len(conversations)} conversations, {asked} questions"] = {
            name: {measure: found["overall"][measure].value for measure in MEASURES}
            for name, found in report.figures.items()
        }
    return {"mem0": {"version": MEM0, "figures": figures}}


COMMANDS: Mapping[str, Callable[[Sets], dict[str, Any]]] = {"signals": signals, "mem0": beside_mem0}


def main() -> None:
    parser = argparse.ArgumentParser(description="Tell what each part of the ranking is worth.")
    parser.add_argument("what", choices=list(COMMANDS))
    parser.add_argument("--data", type=Path, default=os.environ.get("MNEMON_EVAL_DATA"))
    parser.add_argument("--set", choices=list(FILES), help="only this one")
    parser.add_argument("--first", type=int, help="only so many conversations of each")
    parser.add_argument("--keep", action="store_true", help="write the page")
    arguments = parser.parse_args()
    if arguments.data is None or not Path(arguments.data).is_dir():
        print("skipped: no data; name their folder with --data or MNEMON_EVAL_DATA")
        return
    sets = {form: own[: arguments.first] for form, own in load(Path(arguments.data)).items()}
    found = COMMANDS[arguments.what]({arguments.set: sets[arguments.set]} if arguments.set else sets)
    print(json.dumps(found, indent=1))
    if arguments.keep:
        recall_page.write({**recall_page.read(), **found})


if __name__ == "__main__":
    main()
