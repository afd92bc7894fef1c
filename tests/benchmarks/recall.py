"""What each part of the ranking is worth: `python tests/benchmarks/recall.py signals|mem0 [--data FOLDER]`.

The folder (or MNEMON_EVAL_DATA) holds `locomo_dev.json` and `beam_dev.json`; one turn is one memory, the scope is the
question's own conversation. `mnemon eval` gives the figures of the ranking itself; this compares it with others:

signals   without each signal in turn; and weights refitted without a conversation, then asked on it
mem0      mem0 2.2.1 (`infer=False`) with the same vectors, beside mnemon in the same run
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.mem0_recall import Mem0
from mnemon.apps.evaluation import Conversation, Engine, evaluate, read_conversations
from mnemon.apps.evaluation.figures import bootstrap
from mnemon.embedders.local import LocalEmbedder
from mnemon.logic.recall import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from mnemon.apps.evaluation import Question
    from mnemon.apps.evaluation.systems import Asked

    Floats = NDArray[np.float64]

FILES = {"locomo": "locomo_dev.json", "beam": "beam_dev.json"}
DRAWS = 300
"""Settings that a fold chooses from: each weight times .5 to 2, spread evenly on a logarithmic scale."""


def tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def load(folder: Path) -> dict[str, list[Conversation]]:
    """Return the conversations of each set with the questions that count."""
    return {
        form: [
            Conversation(name=one.name, turns=one.turns, questions=tuple(q for q in one.questions if q.counts))
            for one in read_conversations(folder / file, form)
        ]
        for form, file in FILES.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What was ranked for the questions of a conversation: per question signals x memories, gold, number of gold."""

    form: str
    name: str
    questions: Sequence[tuple[Floats, NDArray[np.bool_], int]]

    def recalls(self, factors: Floats) -> Floats:
        """Return recall@10 under settings (settings x signals) that multiply the signals: (settings, questions)."""
        return np.array([_recall(factors, *question) for question in self.questions]).T


def _recall(factors: Floats, parts: Floats, gold: NDArray[np.bool_], evidence: int) -> Floats:
    raw = factors @ parts.T
    best = np.argsort(-raw.round(6), axis=1, kind="stable")[:, :10]
    return gold[best].sum(axis=1) / evidence


def answered(sets: Mapping[str, Sequence[Conversation]]) -> list[Answered]:
    """Ask every question once, and keep the signals of all that was ranked."""
    engine = Engine(embedder=LocalEmbedder(), limit=1_000)
    found: list[Answered] = []
    for form, conversations in sets.items():
        for number, conversation in enumerate(conversations, 1):
            tell(f"{form} {number}/{len(conversations)}: {len(conversation.turns)} turns")
            with engine.holding(conversation, lambda _: None) as held:
                questions = [_signals(held, question) for question in conversation.questions]
            found.append(Answered(form=form, name=conversation.name, questions=questions))
    return found


def _signals(held: Asked, question: Question) -> tuple[Floats, NDArray[np.bool_], int]:
    hits = held.hits(question, explain=True)
    parts = np.array([[(hit.signals or {})[name] for name in SIGNALS] for hit in hits]).reshape(-1, len(SIGNALS))
    gold = np.array([hit.memory.source_ids[0] in question.evidence for hit in hits], bool)
    return parts, gold, len(question.evidence)


def signals(sets: Mapping[str, Sequence[Conversation]]) -> None:
    """Print what each signal is worth, and what weights that were fitted to other conversations reach."""
    found = answered(sets)
    ablations(found, list(sets))
    folds(found, list(sets))


def ablations(found: Sequence[Answered], forms: Sequence[str]) -> None:
    """Print recall@10 without each signal, and the difference, with a 95 % interval.

    Then in how many conversations it is worse (-) and better (+) without.
    """
    factors = np.concatenate([np.ones((1, len(SIGNALS))), 1 - np.eye(len(SIGNALS))])
    print("without".ljust(18) + "".join(f"{form:<52}" for form in forms))
    by_form = {form: [one.recalls(factors) for one in found if one.form == form] for form in forms}
    for place, name in enumerate(("nothing", *SIGNALS)):
        cells: list[str] = []
        for rows in by_form.values():
            changes = [row[place] - row[0] for row in rows]
            (change,) = bootstrap(np.concatenate(changes)[:, None])
            worse, better = sum(one.mean() < 0 for one in changes), sum(one.mean() > 0 for one in changes)
            mean = np.concatenate([row[place] for row in rows]).mean()
            cells.append(
                f"{mean:.4f}  {change.value:+.4f} ({change.low:+.4f} to {change.high:+.4f})  -{worse} +{better}"
            )
        print(name.ljust(18) + "".join(f"{cell:<52}" for cell in cells), flush=True)


def folds(found: Sequence[Answered], forms: Sequence[str]) -> None:
    """Print, per conversation, recall@10 with the default weights and with those that suit the others best."""
    chance = np.random.default_rng(20_261_122)
    factors = 2 ** chance.uniform(-1, 1, (DRAWS, len(SIGNALS)))
    factors[0] = 1  # the default
    factors[:, SIGNALS.index("words")] = 1  # the unit in which the others are weighed
    results = [one.recalls(factors) for one in found]
    chosen: list[Floats] = []
    for left_out, one in enumerate(found):
        others = [
            np.concatenate([results[i] for i, two in enumerate(found) if i != left_out and two.form == form], axis=1)
            for form in forms
        ]
        best = int(np.argmax(np.mean([rows.mean(axis=1) for rows in others], axis=0)))
        chosen.append(results[left_out][best])
        default, refitted = results[left_out][0].mean(), chosen[-1].mean()
        print(f"{one.form:<8}{one.name:<10} default {default:.4f}   refitted {refitted:.4f}", flush=True)
    for form in forms:
        own = [i for i, one in enumerate(found) if one.form == form]
        everywhere = np.concatenate([results[i] for i in own], axis=1).mean(axis=1)
        low, high = np.percentile(everywhere, [10, 90])
        refitted = np.concatenate([chosen[i] for i in own]).mean()
        print(
            f"{form}: default {everywhere[0]:.4f}, refitted without the one that is asked {refitted:.4f}; "
            f"80 % of {DRAWS} settings {low:.4f} to {high:.4f}"
        )


def beside_mem0(sets: Mapping[str, Sequence[Conversation]]) -> None:
    """Print recall of mnemon and of mem0 with the same vectors."""
    embedder = LocalEmbedder()
    for form, conversations in sets.items():
        with Mem0(embedder) as mem0:
            report = evaluate(conversations, {"mnemon": Engine(embedder=embedder), "mem0 2.2.1": mem0})
        for name, figures in report.figures.items():
            told = "  ".join(f"{m} {figures['overall'][m].value:.4f}" for m in ("recall@5", "recall@10", "recall@20"))
            print(f"{form:<8}{name:<12}{told}", flush=True)


COMMANDS: Mapping[str, Callable[[Mapping[str, Sequence[Conversation]]], None]] = {
    "signals": signals,
    "mem0": beside_mem0,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Tell what each part of the ranking is worth.")
    parser.add_argument("what", choices=list(COMMANDS))
    parser.add_argument("--data", type=Path, default=os.environ.get("MNEMON_EVAL_DATA"))
    parser.add_argument("--set", choices=list(FILES), help="only this one")
    arguments = parser.parse_args()
    if arguments.data is None or not Path(arguments.data).is_dir():
        print("skipped: no data; name their folder with --data or MNEMON_EVAL_DATA")
        return
    sets = load(Path(arguments.data))
    COMMANDS[arguments.what]({arguments.set: sets[arguments.set]} if arguments.set else sets)


if __name__ == "__main__":
    main()
